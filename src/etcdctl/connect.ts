/** Clients of the endpoints on a command line, with the certificates it names. */
import { createEtcdClient, type Credentials, type EtcdClient, type EtcdClientOptions } from '#etcd/client';
import { FileError, type Certificate, type Identity, type Process } from '#host';
import { resolvePath } from '#shell';
import { CommandError, EXIT } from './command.ts';
import type { GivenFlags } from './flags.ts';

/** etcd's client port where an endpoint names none. */
const CLIENT_PORT = 2379;

/** Whom to connect to, and as whom. */
export interface ConnectSettings {
  readonly endpoints: readonly string[];
  readonly user: Credentials | undefined;
  /** Speak TLS to endpoints without a scheme, also where no certificates are named. */
  readonly isSecure: boolean;
  readonly limits: Pick<EtcdClientOptions, 'dialTimeoutMs' | 'keepAliveMs' | 'keepAliveTimeoutMs' | 'timeoutMs'>;
}

/** The clients of one run; each is made when it is first asked for. */
export interface Clients {
  /** Of all endpoints together. */
  all(): EtcdClient;
  /** Of one endpoint; `connection` tells several connections to it apart. */
  of(endpoint: string, connection?: number): EtcdClient;
  closeAll(): void;
}

interface Tls {
  readonly identity?: Identity;
  readonly rootCas?: readonly Certificate[];
}

function addressOf(process: Process, host: string): string {
  if (host === 'localhost') return '127.0.0.1';
  if (/^\d+(\.\d+){3}$/.test(host) || !process.files.stat('/etc/hosts')) return host;
  for (const line of process.files.readText('/etc/hosts').split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address && names.includes(host)) return address;
  }
  return host;
}

function readTls(process: Process, flags: GivenFlags): Tls {
  const { crypto, files, cwd } = process;
  const [cacert, cert, key] = [flags.text('cacert'), flags.text('cert'), flags.text('key')];
  const read = (path: string): string => {
    try {
      return files.readText(resolvePath(cwd, path));
    } catch (error) {
      if (error instanceof FileError) throw new CommandError(`open ${path}: ${error.message}`, EXIT.badArgs);
      throw error;
    }
  };
  if ((cert === '') !== (key === ''))
    throw new CommandError(
      cert === '' ? 'empty string is passed to --cert option' : 'empty string is passed to --key option',
      EXIT.badArgs,
    );
  return {
    ...(cacert === '' ? {} : { rootCas: crypto.certificatesFromPem(read(cacert)) }),
    ...(cert === '' ? {} : { identity: { chain: crypto.certificatesFromPem(read(cert)), key: crypto.keyFromPem(read(key)) } }),
  };
}

/** Makes them from `--cacert`, `--cert` and `--key`. Throws CommandError where a file or an endpoint is no good. */
export function clientsOf(process: Process, flags: GivenFlags, { endpoints, user, isSecure, limits }: ConnectSettings): Clients {
  const { network, clock, random } = process;
  const tls = readTls(process, flags);
  const scheme = isSecure || tls.identity !== undefined || tls.rootCas !== undefined ? 'https' : 'http';
  const urlOf = (endpoint: string): string => {
    const [, given = scheme, host = '', port = String(CLIENT_PORT)] = /^(?:(\w+):\/\/)?([^:/]+)(?::(\d+))?\/?$/.exec(endpoint) ?? [];
    if (host === '') throw new CommandError(`parse "${endpoint}": invalid endpoint`, EXIT.badArgs);
    return `${given}://${addressOf(process, host)}:${port}`;
  };
  const made = new Map<string, EtcdClient>();
  const kept = (name: string, targets: readonly string[]): EtcdClient => {
    const present = made.get(name);
    if (present) return present;
    const options = { ...tls, ...(user ? { user } : {}), ...limits, network, clock, random: random.fork(`etcdctl/${name}`) };
    const client = createEtcdClient({ ...options, endpoints: targets.map(urlOf) });
    made.set(name, client);
    return client;
  };
  return {
    all: () => kept('', endpoints),
    of: (endpoint, connection = 0) => kept(connection === 0 ? endpoint : `${endpoint}#${connection}`, [endpoint]),
    closeAll: () => {
      for (const client of made.values()) client.close();
    },
  };
}
