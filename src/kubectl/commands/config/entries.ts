/** kubectl config set-cluster, set-credentials, rename-context, set, unset and the deletions: entries of a kubeconfig file changed. */
import type { Kubeconfig } from '#client';
import { directoryName, resolvePath } from '#shell';
import { defineFlag } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { CommandError } from '../../errors.ts';
import { helpText } from '../../help.ts';
import { changeConfig, kubeconfigPaths, loadConfig } from '../../kubeconfig-files.ts';

type Entry = Record<string, unknown>;
type Section = 'clusters' | 'users' | 'contexts';
/** A section's entries hold their fields below this name. */
const BODY: Readonly<Record<Section, string>> = { clusters: 'cluster', users: 'user', contexts: 'context' };

/** A wrong number of words: the help, and the complaint. */
async function refuseWords(invocation: Invocation): Promise<never> {
  await invocation.session.out(helpText(invocation.command, invocation.path));
  throw new CommandError(`Unexpected args: [${invocation.args.join(' ')}]`);
}

/** The file that is changed, as messages name it. */
function fileOf({ session, flags }: Invocation): string {
  const { paths } = kubeconfigPaths(session.process, flags);
  return paths.find((path) => session.process.files.stat(path)) ?? paths[0]!;
}

const entriesOf = (config: Kubeconfig, section: Section): Entry[] => ((config as Entry)[section] ?? []) as Entry[];

/** Puts fields over those of an entry, which is made where it is missing. */
function setFields(config: Kubeconfig, section: Section, name: string, fields: Entry): void {
  const list = entriesOf(config, section);
  const known = list.find((entry) => entry['name'] === name);
  const body = { ...((known?.[BODY[section]] ?? {}) as Entry), ...fields };
  for (const [key, value] of Object.entries(body)) if (value === undefined) delete body[key];
  if (section === 'clusters') body['server'] ??= '';
  if (known) known[BODY[section]] = body;
  else (config as Entry)[section] = [...list, { name, [BODY[section]]: body }];
}

function relativePath(directory: string, absolute: string): string {
  const [from, to] = [directory, absolute].map((path) => path.split('/').filter((part) => part !== '')) as [string[], string[]];
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared++;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/');
}

/** The fields a file flag sets: its path relative to the kubeconfig, or with --embed-certs its content. */
function fileFields(invocation: Invocation, flag: string): Entry {
  const { session, flags } = invocation;
  if (!flags.given(flag)) return {};
  const { files, cwd } = session.process;
  const path = flags.text(flag);
  const absolute = resolvePath(cwd, path);
  if (!flags.on('embed-certs')) return { [flag]: relativePath(directoryName(fileOf(invocation)), absolute), [`${flag}-data`]: undefined };
  if (files.stat(absolute)?.kind !== 'file')
    throw new CommandError(`could not stat ${flag} file ${path}: stat ${path}: no such file or directory`);
  const bytes = files.readBytes(absolute);
  return { [flag]: undefined, [`${flag}-data`]: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
}

const textFields = ({ flags }: Invocation, names: readonly string[]): Entry =>
  Object.fromEntries(names.filter((name) => flags.given(name)).map((name) => [name, flags.text(name) || undefined]));

async function setCluster(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  if (args.length !== 1) return refuseWords(invocation);
  const insecure = flags.on('insecure-skip-tls-verify');
  if (insecure && flags.text('certificate-authority') !== '')
    throw new CommandError('you cannot specify a certificate authority and insecure mode at the same time');
  const fields: Entry = {
    ...textFields(invocation, ['server', 'tls-server-name', 'proxy-url']),
    ...fileFields(invocation, 'certificate-authority'),
    ...(flags.given('insecure-skip-tls-verify') ? { 'insecure-skip-tls-verify': insecure || undefined } : {}),
    ...(insecure ? { 'certificate-authority': undefined, 'certificate-authority-data': undefined } : {}),
  };
  changeConfig(session.process, flags, (config) => setFields(config, 'clusters', args[0]!, fields));
  await session.out(`Cluster "${args[0]!}" set.\n`);
}

async function setCredentials(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  if (args.length !== 1) return refuseWords(invocation);
  if (flags.text('token') !== '' && (flags.text('username') !== '' || flags.text('password') !== ''))
    throw new CommandError('you cannot specify more than one authentication method at the same time: --token, --username/--password');
  const isBasic = flags.given('username') || flags.given('password');
  const fields: Entry = {
    ...(flags.given('token') ? { username: undefined, password: undefined } : {}),
    ...(isBasic ? { token: undefined } : {}),
    ...textFields(invocation, ['token', 'username', 'password']),
    ...fileFields(invocation, 'client-certificate'),
    ...fileFields(invocation, 'client-key'),
  };
  changeConfig(session.process, flags, (config) => setFields(config, 'users', args[0]!, fields));
  await session.out(`User "${args[0]!}" set.\n`);
}

async function renameContext(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  const [from, to] = args;
  if (from === undefined || to === undefined || args.length > 2) return refuseWords(invocation);
  const { kubeconfig } = loadConfig(session.process, flags);
  const has = (name: string): boolean => kubeconfig.contexts?.some((context) => context.name === name) ?? false;
  if (!has(from)) throw new CommandError(`cannot rename the context "${from}", it's not in ${fileOf(invocation)}`);
  if (has(to)) throw new CommandError(`cannot rename the context "${from}", the context "${to}" already exists in ${fileOf(invocation)}`);
  changeConfig(session.process, flags, (config) => {
    for (const context of config.contexts ?? []) if (context.name === from) context.name = to;
    if (config['current-context'] === from) config['current-context'] = to;
  });
  await session.out(`Context "${from}" renamed to "${to}".\n`);
}

/** The section and entry a property names; the name may hold dots, its last part is the field. */
function propertyOf(property: string): { section: Section; name: string; field: string | undefined } {
  const [section = '', ...rest] = property.split('.');
  if (!(section in BODY)) throw new CommandError(`unable to parse ${property} after [] at api.Config`);
  const field = rest.length > 1 ? rest.at(-1) : undefined;
  return { section: section as Section, name: rest.slice(0, field === undefined ? undefined : -1).join('.'), field };
}

async function setProperty(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  const [property, value] = args;
  if (property === undefined || value === undefined || args.length > 2) return refuseWords(invocation);
  changeConfig(session.process, flags, (config) => {
    if (property === 'current-context') {
      config['current-context'] = value;
      return;
    }
    const { section, name, field } = propertyOf(property);
    if (field === undefined || name === '') throw new CommandError(`unable to parse ${property} after [${section}] at api.Config`);
    const isData = field.endsWith('-data') && flags.on('set-raw-bytes');
    const typed = field === 'insecure-skip-tls-verify' ? value === 'true' || undefined : isData ? btoa(value) : value;
    setFields(config, section, name, { [field]: typed });
  });
  await session.out(`Property "${property}" set.\n`);
}

async function unsetProperty(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  const [property] = args;
  if (property === undefined || args.length > 1) return refuseWords(invocation);
  changeConfig(session.process, flags, (config) => {
    if (property === 'current-context') {
      config['current-context'] = '';
      return;
    }
    const { section, name, field } = propertyOf(property);
    if (field !== undefined && entriesOf(config, section).some((entry) => entry['name'] === name))
      setFields(config, section, name, { [field]: undefined });
    else (config as Entry)[section] = name === '' ? [] : entriesOf(config, section).filter((entry) => entry['name'] !== name);
  });
  await session.out(`Property "${property}" unset.\n`);
}

const remover = (what: 'context' | 'cluster' | 'user'): Command => ({
  name: `delete-${what}`,
  short: `Delete the specified ${what} from the kubeconfig`,
  usage: 'NAME [options]',
  completes: what === 'context' ? 'contexts' : 'none',
  async run(invocation) {
    const { session, flags, args } = invocation;
    const [name] = args;
    if (name === undefined || args.length > 1) return session.out(helpText(invocation.command, invocation.path));
    const file = fileOf(invocation);
    const section: Section = `${what}s`;
    const { kubeconfig } = loadConfig(session.process, flags);
    if (!entriesOf(kubeconfig, section).some((entry) => entry['name'] === name))
      throw new CommandError(`cannot delete ${what} ${name}, not in ${file}`);
    if (what === 'context' && kubeconfig['current-context'] === name)
      await session.err('warning: this removed your active context, use "kubectl config use-context" to select a different one\n');
    changeConfig(session.process, flags, (config) => {
      (config as Entry)[section] = entriesOf(config, section).filter((entry) => entry['name'] !== name);
    });
    await session.out(`deleted ${what} ${name} from ${file}\n`);
  },
});

const embedFlag = defineFlag('embed-certs', 'bool', 'Whether the content of certificate files is put into the kubeconfig.');

/** The verbs that change entries. */
export const entryCommands: readonly Command[] = [
  remover('cluster'),
  remover('context'),
  remover('user'),
  {
    name: 'rename-context',
    short: 'Rename a context from the kubeconfig file',
    usage: 'CONTEXT_NAME NEW_NAME [options]',
    completes: 'contexts',
    run: renameContext,
  },
  {
    name: 'set',
    short: 'Set an individual value in a kubeconfig file',
    usage: 'PROPERTY_NAME PROPERTY_VALUE [options]',
    completes: 'none',
    flags: [defineFlag('set-raw-bytes', 'bool', 'Whether the value of a data field is given as it is, not in base64.')],
    run: setProperty,
  },
  {
    name: 'set-cluster',
    short: 'Set a cluster entry in kubeconfig',
    usage:
      'NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] [--tls-server-name=example.com] [options]',
    completes: 'none',
    flags: [
      defineFlag('certificate-authority', 'string', 'Path to certificate-authority file for the cluster entry in kubeconfig'),
      embedFlag,
      defineFlag('insecure-skip-tls-verify', 'bool', 'insecure-skip-tls-verify for the cluster entry in kubeconfig'),
      defineFlag('proxy-url', 'string', 'proxy-url for the cluster entry in kubeconfig'),
      defineFlag('server', 'string', 'server for the cluster entry in kubeconfig'),
      defineFlag('tls-server-name', 'string', 'tls-server-name for the cluster entry in kubeconfig'),
    ],
    run: setCluster,
  },
  {
    name: 'set-credentials',
    short: 'Set a user entry in kubeconfig',
    usage:
      'NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [options]',
    completes: 'none',
    flags: [
      defineFlag('client-certificate', 'string', 'Path to client-certificate file for the user entry in kubeconfig'),
      defineFlag('client-key', 'string', 'Path to client-key file for the user entry in kubeconfig'),
      embedFlag,
      defineFlag('password', 'string', 'password for the user entry in kubeconfig'),
      defineFlag('token', 'string', 'token for the user entry in kubeconfig'),
      defineFlag('username', 'string', 'username for the user entry in kubeconfig'),
    ],
    run: setCredentials,
  },
  {
    name: 'unset',
    short: 'Unset an individual value in a kubeconfig file',
    usage: 'PROPERTY_NAME [options]',
    completes: 'none',
    run: unsetProperty,
  },
];
