/** The kubernetes plug-in of CoreDNS: which records Services, EndpointSlices and pods make (Kubernetes DNS-based service discovery, schema 1.1.0). Pure. */
import type { EndpointSlice, Service } from '#api';
import type { DnsAnswer, DnsQuery, DnsRecord } from '#host';

/** What the answers are made from. */
export interface ClusterNames {
  readonly domain: string;
  readonly ttl: number;
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  hasNamespace(namespace: string): boolean;
  /** The service or pod an address belongs to, as a name below the domain. */
  reverse(address: string): string | undefined;
}

type Rcode = DnsAnswer['rcode'];
interface Found {
  readonly rcode: Rcode;
  readonly records: readonly DnsRecord[];
}

const nothing = (rcode: Rcode): Found => ({ rcode, records: [] });

/** The name of an endpoint below its service: its host name, else its address with dashes. */
export const endpointName = (endpoint: { hostname?: string; addresses: readonly string[] }): string =>
  endpoint.hostname ?? endpoint.addresses[0]!.replaceAll('.', '-');

function serviceRecords(names: ClusterNames, { name, type }: DnsQuery, service: Service, labels: readonly string[]): Found {
  const { ttl, domain } = names;
  const spec = service.spec!;
  const base = `${service.metadata.name}.${service.metadata.namespace}.svc.${domain}`;
  const record = (data: string, of: DnsRecord['type'] = type, owner = name): DnsRecord => ({ name: owner, type: of, ttl, data });
  if (spec.type === 'ExternalName')
    return labels.length > 0 ? nothing('NXDOMAIN') : { rcode: 'NOERROR', records: [record(spec.externalName!, 'CNAME')] };
  const slices = names.slices(service.metadata.namespace!, service.metadata.name);
  const ready = slices.flatMap((slice) =>
    slice.endpoints
      .filter((endpoint) => endpoint.conditions?.ready !== false || spec.publishNotReadyAddresses)
      .map((endpoint) => ({ endpoint, slice })),
  );
  const isHeadless = spec.clusterIP === 'None';
  if (labels.length === 2 && labels[0]!.startsWith('_')) {
    const [port, protocol] = labels.map((label) => label.slice(1));
    const matches =
      spec.ports?.filter((candidate) => candidate.name === port && (candidate.protocol ?? 'TCP').toLowerCase() === protocol) ?? [];
    if (matches.length === 0) return nothing('NXDOMAIN');
    // Behind a headless Service each pod is met on its own port.
    const targets = isHeadless
      ? ready.flatMap(({ endpoint, slice }) => {
          const own = slice.ports?.find((candidate) => candidate.name === port)?.port;
          return own ? [`${own} ${endpointName(endpoint)}.${base}`] : [];
        })
      : matches.map((match) => `${match.port} ${base}`);
    return {
      rcode: 'NOERROR',
      records: type === 'SRV' ? targets.map((target) => record(`0 ${Math.floor(100 / targets.length)} ${target}.`)) : [],
    };
  }
  if (labels.length === 1 && isHeadless) {
    const own = ready.filter(({ endpoint }) => endpointName(endpoint) === labels[0]);
    if (own.length === 0) return nothing('NXDOMAIN');
    return {
      rcode: 'NOERROR',
      records: type === 'A' ? own.flatMap(({ endpoint }) => endpoint.addresses.map((address) => record(address))) : [],
    };
  }
  if (labels.length > 0) return nothing('NXDOMAIN');
  if (type !== 'A') return nothing('NOERROR');
  if (!isHeadless) return { rcode: 'NOERROR', records: [record(spec.clusterIP!)] };
  const addresses = [...new Set(ready.flatMap(({ endpoint }) => endpoint.addresses))];
  return addresses.length > 0 ? { rcode: 'NOERROR', records: addresses.map((address) => record(address)) } : nothing('NXDOMAIN');
}

function podRecords(names: ClusterNames, query: DnsQuery, labels: readonly string[]): Found {
  const [dashed = '', namespace = ''] = labels;
  const address = dashed.replaceAll('-', '.');
  if (labels.length !== 2 || !/^\d+\.\d+\.\d+\.\d+$/.test(address) || !names.hasNamespace(namespace)) return nothing('NXDOMAIN');
  return { rcode: 'NOERROR', records: query.type === 'A' ? [{ name: query.name, type: 'A', ttl: names.ttl, data: address }] : [] };
}

/** Aliases in a row that are followed. */
const ALIASES_MAX = 8;

/** An alias (ExternalName) into the cluster is answered with what it stands for; one to elsewhere with the alias alone. */
function followAlias(names: ClusterNames, query: DnsQuery, answer: DnsAnswer, depth = 0): DnsAnswer {
  const alias = answer.answers.at(-1);
  if (alias?.type !== 'CNAME' || query.type === 'CNAME' || depth >= ALIASES_MAX) return answer;
  const target = answerFor(names, { ...query, name: alias.data.replace(/\.$/, '') });
  return target ? { ...answer, answers: [...answer.answers, ...target.answers] } : answer;
}

/** The answer to a question below the cluster's domain or in-addr.arpa; undefined for everybody else's names. */
export function answerFor(names: ClusterNames, query: DnsQuery): DnsAnswer | undefined {
  const answer = ({ rcode, records }: Found): DnsAnswer => ({ id: query.id, rcode, authoritative: true, answers: records });
  if (query.name.endsWith('.in-addr.arpa')) {
    const target = names.reverse(query.name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.'));
    return target === undefined
      ? undefined
      : answer({
          rcode: 'NOERROR',
          records: query.type === 'PTR' ? [{ name: query.name, type: 'PTR', ttl: names.ttl, data: `${target}.` }] : [],
        });
  }
  if (query.name === names.domain) return answer(nothing('NOERROR'));
  if (!query.name.endsWith(`.${names.domain}`)) return undefined;
  const labels = query.name.slice(0, -names.domain.length - 1).split('.');
  const kind = labels.pop();
  if (kind === 'pod') return answer(podRecords(names, query, labels));
  if (kind !== 'svc') return answer(nothing('NXDOMAIN'));
  const namespace = labels.pop();
  if (namespace === undefined) return answer(nothing('NOERROR'));
  const service = labels.pop();
  if (service === undefined) return answer(nothing(names.hasNamespace(namespace) ? 'NOERROR' : 'NXDOMAIN'));
  const found = names.service(namespace, service);
  return followAlias(names, query, answer(found ? serviceRecords(names, query, found, labels) : nothing('NXDOMAIN')));
}
