/**
 * Cluster IPs: each is an IPAddress object under /registry/ipaddresses, created only where none is, so that API servers never
 * give one out twice. Dynamic allocation leaves the lower part of the range to static ones, as Kubernetes does.
 */
import { formatTime } from '#apimachinery';
import type { Clock, Random } from '#host';
import { randomUid } from '#host';
import type { Etcd } from '../store/etcd.ts';
import { contains, numberToAddress, parseRange } from './ranges.ts';

const prefix = '/registry/ipaddresses/';
/** Random addresses tried before the range is walked. */
const RANDOM_TRIES = 32;
const WALK_MAX = 65_536;

/** The addresses of Services. */
export interface ClusterIps {
  inRange(address: string): boolean;
  /** Takes an address for a Service: `new`, `own` where this Service has it already, undefined where another has it. */
  take(address: string, namespace: string, name: string): Promise<'new' | 'own' | undefined>;
  /** Takes a free one; undefined when the range is full. */
  takeAny(namespace: string, name: string): Promise<string | undefined>;
  release(address: string): Promise<void>;
  /** The first address of the range: the `kubernetes` Service's. */
  readonly first: string;
}

/** min(max(16, size/16), 256) addresses at the beginning are left to static allocation (KEP-3070). */
function staticBand(size: number): number {
  return Math.min(Math.max(16, Math.floor(size / 16)), 256);
}

/** The allocator over a range. */
export function createClusterIps(etcd: Etcd, clock: Clock, random: Random, cidr: string): ClusterIps {
  const range = parseRange(cidr);
  const band = staticBand(range.size);
  const take = async (address: string, namespace: string, name: string): Promise<'new' | 'own' | undefined> => {
    const object = {
      kind: 'IPAddress',
      apiVersion: 'networking.k8s.io/v1',
      metadata: {
        name: address,
        uid: randomUid(random),
        creationTimestamp: formatTime(clock.wallMs()),
        labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
      },
      spec: { parentRef: { resource: 'services', namespace, name } },
    };
    const key = prefix + address;
    const answer = await etcd.txn({
      compare: [{ key, target: 'MOD', result: 'EQUAL', modRevision: 0 }],
      success: [{ put: { key, value: JSON.stringify(object) } }],
      failure: [{ range: { key } }],
    });
    if (answer.succeeded) return 'new';
    // A server that died after taking it for this Service left it behind: it is still this Service's.
    const found = answer.responses[0];
    const holder =
      found && 'range' in found ? (JSON.parse(found.range.kvs[0]?.value ?? '{}') as Partial<typeof object>).spec?.parentRef : undefined;
    return holder?.namespace === namespace && holder.name === name ? 'own' : undefined;
  };
  return {
    first: numberToAddress(range.base + 1),
    inRange: (address) => contains(range, address),
    take,
    async takeAny(namespace, name) {
      const last = range.size - 2;
      const span = last - band;
      for (let attempt = 0; attempt < RANDOM_TRIES && span > 0; attempt++) {
        const address = numberToAddress(range.base + band + 1 + random.below(span));
        if ((await take(address, namespace, name)) === 'new') return address;
      }
      for (let offset = 1; offset <= Math.min(last, WALK_MAX); offset++) {
        const address = numberToAddress(range.base + ((band + offset - 1) % last) + 1);
        if ((await take(address, namespace, name)) === 'new') return address;
      }
      return undefined;
    },
    async release(address) {
      const key = prefix + address;
      await etcd.txn({ compare: [], success: [{ deleteRange: { key } }], failure: [] });
    },
  };
}
