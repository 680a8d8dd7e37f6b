/** node-ipam-controller (range allocator): each node gets its own block of the cluster's pod addresses as spec.podCIDR. IPv4 only. */
import type { Node } from '#api';
import { isNotFound } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import { nodeReference } from './node-reference.ts';
import type { ManagerController } from './settings.ts';

/** An IPv4 range: its first address as a number and its prefix length. */
export interface Cidr {
  readonly base: number;
  readonly prefix: number;
}

const toNumber = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** Reads `10.244.0.0/16`. Throws an Error with Go's text for anything else. */
export function parseCidr(text: string): Cidr {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text);
  if (!match || Number(match[2]) > 32) throw new Error(`invalid CIDR address: ${text}`);
  return { base: toNumber(match[1]!), prefix: Number(match[2]) };
}

/** The first block of `maskSize` bits of the cluster's range that no node has; undefined when all are taken. */
export function nextCidr(cluster: Cidr, maskSize: number, taken: ReadonlySet<string>): string | undefined {
  const size = 2 ** (32 - maskSize);
  for (let block = 0; block < 2 ** (maskSize - cluster.prefix); block++) {
    const text = `${toText(cluster.base + block * size)}/${maskSize}`;
    if (!taken.has(text)) return text;
  }
  return undefined;
}

/** The controller. */
export const nodeIpamController: ManagerController = defineController({
  name: 'node-ipam-controller',
  account: 'node-controller',
  // One worker: two nodes must never get the same block.
  workers: 1,
  build({ client, informers, settings, events }) {
    const nodes = informers.informer(resources.nodes);
    const cluster = parseCidr(settings.clusterCidr || '0.0.0.0/0');
    /** Given out and not yet seen in the cache. */
    const reserved = new Map<string, string>();
    const takenBlocks = (): Set<string> =>
      new Set([...nodes.lister.list().flatMap((node: Node) => node.spec?.podCIDRs ?? []), ...reserved.values()]);
    return {
      watches: settings.allocateNodeCidrs ? [watchObjects(nodes)] : [],
      async reconcile(name) {
        const node = nodes.lister.get(name);
        if (!node || node.spec?.podCIDR) {
          reserved.delete(name);
          return;
        }
        const cidr = reserved.get(name) ?? nextCidr(cluster, settings.nodeCidrMaskSize, takenBlocks());
        if (!cidr) {
          events.event({ reference: nodeReference(node) }, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
          throw new Error('CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range');
        }
        reserved.set(name, cidr);
        try {
          await client.patch(resources.nodes, name, undefined, 'strategic', { spec: { podCIDR: cidr, podCIDRs: [cidr] } });
        } catch (error) {
          if (!isNotFound(error)) throw error;
          reserved.delete(name);
        }
      },
    };
  },
});
