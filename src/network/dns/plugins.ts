/** Server blocks at work: which block answers a name, and its plug-ins in CoreDNS' order: rewrite, hosts, kubernetes, forward. */
import type { DnsAnswer, DnsQuery, DnsRecord } from '#host';
import type { CorefilePlugin, ServerBlock } from './corefile.ts';
import { answerFor, type ClusterNames } from './records.ts';

/** What the plug-ins stand on. */
export interface PluginSurroundings {
  readonly names: ClusterNames;
  /** Asks a server; undefined where it does not answer. */
  readonly ask: (server: string, query: DnsQuery) => Promise<DnsAnswer | undefined>;
  /** Name servers of a resolver file that `forward` names. */
  readonly serversOf: (path: string) => readonly string[];
  /** Lines of a hosts file; none where there is no such file. */
  readonly linesOf: (path: string) => readonly string[];
}

const HOSTS_TTL = 3600;

const isBelow = (name: string, zone: string): boolean => zone === '.' || name === zone || name.endsWith(`.${zone}`);
const bare = (name: string): string => name.toLowerCase().replace(/(.)\.$/, '$1');

/** The block with the longest zone a name is in; undefined: none. */
export function blockFor(blocks: readonly ServerBlock[], name: string): ServerBlock | undefined {
  return blocks.filter(({ zone }) => isBelow(name, bare(zone))).sort((a, b) => b.zone.length - a.zone.length)[0];
}

const pluginsOf = (block: ServerBlock, name: string): CorefilePlugin[] => block.plugins.filter((plugin) => plugin.name === name);

/** `rewrite [stop|continue] name [exact|prefix|suffix|substring|regex] FROM TO`: the name that is asked instead. */
export function rewritten(block: ServerBlock, name: string): string {
  for (const { args } of pluginsOf(block, 'rewrite')) {
    const words = ['stop', 'continue'].includes(args[0] ?? '') ? args.slice(1) : args;
    if (words[0] !== 'name') continue;
    const hasKind = ['exact', 'prefix', 'suffix', 'substring', 'regex'].includes(words[1] ?? '');
    const kind = hasKind ? words[1]! : 'exact';
    const [from = '', to = ''] = words.slice(hasKind ? 2 : 1);
    const [old, fresh] = [kind === 'regex' ? from : bare(from), bare(to)];
    if (kind === 'exact' && name === old) return fresh;
    if (kind === 'suffix' && name.endsWith(old)) return name.slice(0, name.length - old.length) + fresh;
    if (kind === 'prefix' && name.startsWith(old)) return fresh + name.slice(old.length);
    if (kind === 'substring' && name.includes(old)) return name.replace(old, fresh);
    if (kind !== 'regex') continue;
    const match = new RegExp(old).exec(`${name}.`) ?? new RegExp(old).exec(name);
    if (match) return fresh.replace(/\{(\d+)\}/g, (_whole, group: string) => match[Number(group)] ?? '');
  }
  return name;
}

/** The hosts plug-in: undefined where it leaves the question to the next. */
function fromHosts(block: ServerBlock, query: DnsQuery, linesOf: PluginSurroundings['linesOf']): DnsAnswer | undefined {
  for (const { args, properties } of pluginsOf(block, 'hosts')) {
    const isAddress = (word: string | undefined): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(word ?? '');
    const file = (args[0] ? linesOf(args[0]) : []).map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
    const entries = [...file, ...properties].filter(([address]) => isAddress(address));
    const ttl = Number(properties.find(([word]) => word === 'ttl')?.[1] ?? HOSTS_TTL);
    const found = entries.filter(([, ...hosts]) => hosts.some((host) => bare(host) === query.name));
    const records = query.type === 'A' ? found.map(([address]): DnsRecord => ({ name: query.name, type: 'A', ttl, data: address! })) : [];
    if (found.length) return { id: query.id, rcode: 'NOERROR', authoritative: true, answers: records };
    if (!properties.some(([word]) => word === 'fallthrough')) return { id: query.id, rcode: 'NXDOMAIN', authoritative: true, answers: [] };
  }
  return undefined;
}

async function forwarded(block: ServerBlock, query: DnsQuery, { ask, serversOf }: PluginSurroundings): Promise<DnsAnswer> {
  const refused: DnsAnswer = { id: query.id, rcode: 'REFUSED', authoritative: false, answers: [] };
  const plugin = pluginsOf(block, 'forward').find(({ args }) => isBelow(query.name, bare(args[0] ?? '.')));
  if (!plugin) return refused;
  const servers = plugin.args
    .slice(1)
    .flatMap((target) => (target.startsWith('/') ? serversOf(target) : [target.replace(/^dns:\/\//, '').replace(/:53$/, '')]));
  for (const server of servers) {
    const answer = await ask(server, query);
    if (answer) return { ...answer, id: query.id };
  }
  // Beyond the cluster there is no Internet in the lab: nothing resolves there.
  return { ...refused, rcode: servers.length > 0 ? 'SERVFAIL' : 'NXDOMAIN' };
}

/** The answer of the blocks to a question. */
export async function answerBy(blocks: readonly ServerBlock[], query: DnsQuery, surroundings: PluginSurroundings): Promise<DnsAnswer> {
  const block = blockFor(blocks, query.name);
  if (!block) return { id: query.id, rcode: 'REFUSED', authoritative: false, answers: [] };
  const name = rewritten(block, query.name);
  const asked = { ...query, name };
  const answer =
    fromHosts(block, asked, surroundings.linesOf) ??
    (pluginsOf(block, 'kubernetes').length ? answerFor(surroundings.names, asked) : undefined) ??
    (await forwarded(block, asked, surroundings));
  if (name === query.name) return answer;
  // Whoever asked gets an answer to its own question.
  return { ...answer, answers: answer.answers.map((record) => (record.name === name ? { ...record, name: query.name } : record)) };
}
