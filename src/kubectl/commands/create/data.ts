/** kubectl create configmap and secret: --from-literal, --from-file, --from-env-file, registry and TLS secrets. */
import { deepEqual, type KubeObject } from '#apimachinery';
import type { Crypto } from '#host';
import { baseName, joinPath, resolvePath } from '#shell';
import { defineFlag } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { CommandError } from '../../errors.ts';
import { generatedMetadata, generator, nameArgument } from './generate.ts';

const dataFlags = [
  defineFlag('from-literal', 'array', 'Specify a key and literal value to insert in configmap (i.e. mykey=somevalue)'),
  defineFlag(
    'from-file',
    'list',
    'Key file can be specified using its file path, in which case file basename will be used as configmap key.',
  ),
  defineFlag('from-env-file', 'list', 'Specify the path to a file to read lines of key=val pairs.'),
  defineFlag('append-hash', 'bool', 'Append a hash of the resource to its name.'),
];

function readFile(invocation: Invocation, path: string): Uint8Array {
  const { files, cwd } = invocation.session.process;
  const absolute = resolvePath(cwd, path);
  if (files.stat(absolute)?.kind !== 'file') throw new CommandError(`error reading ${path}: no such file or directory`);
  return files.readBytes(absolute);
}

function fromFile(invocation: Invocation, spec: string, add: (key: string, value: Uint8Array) => void): void {
  const equals = spec.indexOf('=');
  const path = spec.slice(equals + 1);
  const { files, cwd } = invocation.session.process;
  if (files.stat(resolvePath(cwd, path))?.kind !== 'directory') {
    add(equals < 0 ? baseName(path) : spec.slice(0, equals), readFile(invocation, path));
    return;
  }
  if (equals >= 0) throw new CommandError('cannot give a key name for a directory path');
  for (const name of files.list(resolvePath(cwd, path)))
    if (files.stat(resolvePath(cwd, joinPath(path, name)))?.kind === 'file') add(name, readFile(invocation, joinPath(path, name)));
}

/** Every key and value the flags name, in order. Throws CommandError for doubled or bad keys. */
function collectData(invocation: Invocation, kind: string): Map<string, Uint8Array> {
  const { flags } = invocation;
  if (flags.list('from-env-file').length > 0 && flags.list('from-file').length + flags.list('from-literal').length > 0)
    throw new CommandError('from-env-file cannot be combined with from-file or from-literal');
  const data = new Map<string, Uint8Array>();
  const encoder = new TextEncoder();
  const add = (key: string, value: Uint8Array): void => {
    if (!/^[-._a-zA-Z0-9]+$/.test(key))
      throw new CommandError(
        `"${key}" is not a valid key name for a ${kind}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      );
    if (data.has(key))
      throw new CommandError(
        `cannot add key "${key}", another key by that name already exists in Data for ${kind} "${invocation.args[0] ?? ''}"`,
      );
    data.set(key, value);
  };
  for (const spec of flags.list('from-file')) fromFile(invocation, spec, add);
  for (const literal of flags.list('from-literal')) {
    const equals = literal.indexOf('=');
    if (equals < 0) throw new CommandError(`invalid literal source ${literal}, expected key=value`);
    add(literal.slice(0, equals), encoder.encode(literal.slice(equals + 1).replace(/^(['"])([^]*)\1$/, '$2')));
  }
  for (const path of flags.list('from-env-file')) {
    for (const line of new TextDecoder().decode(readFile(invocation, path)).split(/\r?\n/)) {
      const text = line.trimStart();
      if (text === '' || text.startsWith('#')) continue;
      const equals = text.indexOf('=');
      add(
        equals < 0 ? text : text.slice(0, equals),
        encoder.encode(equals < 0 ? (invocation.session.process.env[text] ?? '') : text.slice(equals + 1)),
      );
    }
  }
  return data;
}

const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function buildConfigMap(invocation: Invocation): KubeObject {
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  const name = nameArgument(invocation);
  for (const [key, bytes] of collectData(invocation, 'ConfigMap')) {
    const text = textOf(bytes);
    if (text === undefined) binaryData[key] = toBase64(bytes);
    else data[key] = text;
  }
  return {
    apiVersion: 'v1',
    ...(Object.keys(binaryData).length ? { binaryData } : {}),
    ...(Object.keys(data).length ? { data } : {}),
    kind: 'ConfigMap',
    metadata: generatedMetadata(name),
  } as KubeObject;
}

function secret(name: string, data: ReadonlyMap<string, Uint8Array>, type?: string): KubeObject {
  const encoded = Object.fromEntries([...data].map(([key, bytes]) => [key, toBase64(bytes)]));
  return {
    apiVersion: 'v1',
    ...(data.size ? { data: encoded } : {}),
    kind: 'Secret',
    metadata: generatedMetadata(name),
    ...(type ? { type } : {}),
  } as KubeObject;
}

function buildRegistrySecret(invocation: Invocation): KubeObject {
  const { flags } = invocation;
  const name = nameArgument(invocation);
  const [username, password, email, server] = ['docker-username', 'docker-password', 'docker-email', 'docker-server'].map((flag) =>
    flags.text(flag),
  ) as [string, string, string, string];
  const missing = [username ? '' : 'docker-username', password ? '' : 'docker-password'].filter(
    (flag) => flag !== '' && flags.list('from-file').length === 0,
  );
  if (missing.length)
    throw new CommandError(`either --from-file or the combination of --docker-username, --docker-password and --docker-server is required`);
  const encoder = new TextEncoder();
  const auth = { username, password, ...(email ? { email } : {}), auth: toBase64(encoder.encode(`${username}:${password}`)) };
  const files = collectData(invocation, 'Secret');
  const data = files.size ? files : new Map([['.dockerconfigjson', encoder.encode(JSON.stringify({ auths: { [server]: auth } }))]]);
  return secret(name, data, 'kubernetes.io/dockerconfigjson');
}

/** Refuses what Go's tls.X509KeyPair refuses. */
function checkKeyPair(crypto: Crypto, cert: string, key: string): void {
  for (const [text, what] of [
    [cert, 'certificate'],
    [key, 'key'],
  ] as const)
    if (!/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/.test(text))
      throw new CommandError(`tls: failed to find any PEM data in ${what} input`);
  if (!cert.includes('-----BEGIN CERTIFICATE-----'))
    throw new CommandError(
      'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: []',
    );
  // Keys of other kinds than the lab's own are taken as they are.
  if (!key.includes('-----BEGIN EC PRIVATE KEY-----')) return;
  const [certificate] = crypto.certificatesFromPem(cert);
  const own = crypto.keyFromPem(key).publicKey;
  if (certificate && !deepEqual([...certificate.publicKey], [...own])) throw new CommandError('tls: private key does not match public key');
}

function buildTlsSecret(invocation: Invocation): KubeObject {
  const { flags, session } = invocation;
  const name = nameArgument(invocation);
  const read = (flag: string): Uint8Array => {
    const path = flags.text(flag);
    if (path === '') throw new CommandError('key and cert must be specified');
    const absolute = resolvePath(session.process.cwd, path);
    if (session.process.files.stat(absolute)?.kind !== 'file')
      throw new CommandError(`Cannot read file ${path}, open ${path}: no such file or directory`);
    return session.process.files.readBytes(absolute);
  };
  const [cert, key] = [read('cert'), read('key')];
  checkKeyPair(session.process.crypto, new TextDecoder().decode(cert), new TextDecoder().decode(key));
  return secret(
    name,
    new Map([
      ['tls.crt', cert],
      ['tls.key', key],
    ]),
    'kubernetes.io/tls',
  );
}

/** kubectl create configmap */
export const createConfigMap = generator({
  name: 'configmap',
  aliases: ['cm'],
  short: 'Create a config map from a local file, directory or literal value',
  usage: 'NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]',
  flags: dataFlags,
  what: 'configmap',
  build: buildConfigMap,
});

/** kubectl create secret */
export const createSecret: Command = {
  name: 'secret',
  short: 'Create a secret using a specified subcommand',
  long: 'Create a secret with specified type.\n\n A docker-registry type secret is for accessing a container registry.\n\n A generic type secret indicate an Opaque secret type.\n\n A tls type secret holds TLS certificate and its associated key.',
  usage: '(docker-registry | generic | tls) [options]',
  commands: [
    generator({
      name: 'docker-registry',
      short: 'Create a secret for use with a Docker registry',
      usage:
        'NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none] [options]',
      what: 'secret',
      build: buildRegistrySecret,
      flags: [
        ...dataFlags,
        defineFlag('docker-username', 'string', 'Username for Docker registry authentication'),
        defineFlag('docker-password', 'string', 'Password for Docker registry authentication'),
        defineFlag('docker-email', 'string', 'Email for Docker registry'),
        defineFlag('docker-server', 'string', 'Server location for Docker registry', { initial: 'https://index.docker.io/v1/' }),
      ],
    }),
    generator({
      name: 'generic',
      short: 'Create a secret from a local file, directory, or literal value',
      usage: 'NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]',
      what: 'secret',
      flags: [...dataFlags, defineFlag('type', 'string', 'The type of secret to create')],
      build: (invocation) => secret(nameArgument(invocation), collectData(invocation, 'Secret'), invocation.flags.text('type')),
    }),
    generator({
      name: 'tls',
      short: 'Create a TLS secret',
      usage: 'NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none] [options]',
      what: 'secret',
      flags: [
        defineFlag('cert', 'string', 'Path to PEM encoded public key certificate.'),
        defineFlag('key', 'string', 'Path to private key associated with given certificate.'),
      ],
      build: buildTlsSecret,
    }),
  ],
};
