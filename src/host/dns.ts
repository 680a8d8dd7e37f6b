/**
 * Names as the C library resolves them: /etc/hosts, then the name servers of /etc/resolv.conf with its search list and ndots, over
 * datagrams. DNS messages travel as plain objects with the fields of RFC 1035, not as its bytes (see DIFFERENCES).
 */
import type { Clock } from './clock.ts';
import type { Files } from './files.ts';
import type { Address, Network } from './network.ts';

/** Types that are asked for in the lab. */
export type DnsType = 'A' | 'AAAA' | 'SRV' | 'PTR' | 'CNAME' | 'NS' | 'SOA' | 'TXT';

/** A question. Names are absolute, in lower case, without the last dot. */
export interface DnsQuery {
  readonly id: number;
  readonly name: string;
  readonly type: DnsType;
}

/** A record of an answer; `data` is an address, a name, or for SRV `priority weight port target`. */
export interface DnsRecord {
  readonly name: string;
  readonly type: DnsType;
  readonly ttl: number;
  readonly data: string;
}

/** An answer. */
export interface DnsAnswer {
  readonly id: number;
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED';
  readonly authoritative: boolean;
  readonly answers: readonly DnsRecord[];
}

/** What a lookup stands on. */
export interface Resolver {
  readonly files: Files;
  readonly network: Network;
  readonly clock: Clock;
}

/** Why a name has no address. `timeout`: no server answered. */
export class DnsError extends Error {
  constructor(
    readonly code: 'no such host' | 'timeout' | 'server misbehaving',
    readonly host: string,
    /** The server that answered or did not. */
    readonly server: string | undefined,
  ) {
    super(`lookup ${host}${server ? ` on ${server}:53` : ''}: ${code === 'timeout' ? 'i/o timeout' : code}`);
    this.name = 'DnsError';
  }
}

const DNS_PORT = 53;
/** resolv.conf's defaults: `options timeout:5 attempts:2`. */
const TIMEOUT_MS = 5_000;
const ATTEMPTS = 2;
const MAX_SERVERS = 3;

/** What /etc/resolv.conf says. */
export interface ResolverConfiguration {
  readonly servers: readonly Address[];
  readonly search: readonly string[];
  readonly ndots: number;
}

/** Reads /etc/resolv.conf; without the file there are no servers. */
export function readResolverConfiguration(files: Files): ResolverConfiguration {
  const text = files.stat('/etc/resolv.conf') ? files.readText('/etc/resolv.conf') : '';
  const servers: Address[] = [];
  let search: string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0]) servers.push(rest[0]);
    else if (word === 'search') search = rest;
    else if (word === 'options') for (const option of rest) if (option.startsWith('ndots:')) ndots = Number(option.slice(6));
  }
  return { servers: servers.slice(0, MAX_SERVERS), search, ndots };
}

/** Addresses of a name in /etc/hosts. */
export function addressesInHosts(files: Files, name: string): Address[] {
  if (!files.stat('/etc/hosts')) return [];
  return files
    .readText('/etc/hosts')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .filter(([address, ...names]) => address !== undefined && /^\d+\.\d+\.\d+\.\d+$/.test(address) && names.includes(name))
    .map(([address]) => address!);
}

/** Asks one server, with its time-out and attempts. Rejects with DnsError `timeout`. */
export async function askServer(resolver: Resolver, server: Address, name: string, type: DnsType): Promise<DnsAnswer> {
  const socket = await resolver.network.datagram(0);
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const query: DnsQuery = { id: attempt, name: name.toLowerCase().replace(/\.$/, ''), type };
      socket.send(server, DNS_PORT, query as unknown as Readonly<Record<string, unknown>>);
      const answered = socket.receive().then(({ payload }) => payload as unknown as DnsAnswer);
      const answer = await Promise.race([answered, resolver.clock.sleep(TIMEOUT_MS).then(() => undefined)]);
      if (answer) return answer;
    }
  } finally {
    socket.close();
  }
  throw new DnsError('timeout', name, server);
}

/** The names that are tried for `name`, in order, as ndots and the search list say. */
export function candidatesOf(name: string, { search, ndots }: ResolverConfiguration): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = search.map((domain) => `${name}.${domain}`);
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name];
}

/** Resolves `name` to IPv4 addresses; an address is its own answer. Rejects with DnsError. */
export async function lookUp(resolver: Resolver, name: string): Promise<Address[]> {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return [name];
  const local = addressesInHosts(resolver.files, name.replace(/\.$/, ''));
  if (local.length > 0) return local;
  if (name === 'localhost') return ['127.0.0.1'];
  const configuration = readResolverConfiguration(resolver.files);
  let failure = new DnsError('no such host', name, configuration.servers[0]);
  for (const candidate of candidatesOf(name, configuration)) {
    for (const server of configuration.servers) {
      try {
        const answer = await askServer(resolver, server, candidate, 'A');
        const addresses = answer.answers.filter(({ type }) => type === 'A').map(({ data }) => data);
        if (addresses.length > 0) return addresses;
        if (answer.rcode === 'SERVFAIL') failure = new DnsError('server misbehaving', name, server);
        break;
      } catch (error) {
        if (!(error instanceof DnsError)) throw error;
        failure = new DnsError(error.code, name, server);
      }
    }
  }
  throw failure;
}
