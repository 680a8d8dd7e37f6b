/** Node ports: one RangeAllocation with a bitmap under /registry/ranges/servicenodeports, changed by guarded transactions. */
import type { Random } from '#host';
import type { Etcd } from '../store/etcd.ts';

const key = '/registry/ranges/servicenodeports';
const GUARDED_TRIES_MAX = 50;

/** The node ports of Services. */
export interface NodePorts {
  inRange(port: number): boolean;
  readonly text: string;
  /** Takes a port; false when it is taken. */
  take(port: number): Promise<boolean>;
  /** Takes a free one; undefined when all are taken. */
  takeAny(): Promise<number | undefined>;
  release(ports: readonly number[]): Promise<void>;
}

function decodeBits(data: string, size: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(size / 8));
  const binary = atob(data);
  for (let at = 0; at < binary.length && at < bits.length; at++) bits[at] = binary.charCodeAt(at);
  return bits;
}
const encodeBits = (bits: Uint8Array): string => btoa(Array.from(bits, (byte) => String.fromCharCode(byte)).join(''));
const isSet = (bits: Uint8Array, at: number): boolean => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;

/** The allocator over a range of ports, both ends included. */
export function createNodePorts(etcd: Etcd, random: Random, [low, high]: readonly [number, number]): NodePorts {
  const size = high - low + 1;
  /** Reads the bitmap, lets `change` change it (undefined: nothing to do), writes it guarded. */
  const update = async <T>(change: (bits: Uint8Array) => { result: T; write: boolean }): Promise<T> => {
    for (let attempt = 0; attempt < GUARDED_TRIES_MAX; attempt++) {
      const { kvs } = await etcd.range({ key });
      const stored = kvs[0];
      const data = stored ? ((JSON.parse(stored.value) as { data?: string }).data ?? '') : '';
      const bits = decodeBits(data, size);
      const { result, write } = change(bits);
      if (!write) return result;
      const value = JSON.stringify({
        kind: 'RangeAllocation',
        apiVersion: 'v1',
        metadata: {},
        range: `${low}-${high}`,
        data: encodeBits(bits),
      });
      const answer = await etcd.txn({
        compare: [{ key, target: 'MOD', result: 'EQUAL', modRevision: stored?.modRevision ?? 0 }],
        success: [{ put: { key, value } }],
        failure: [],
      });
      if (answer.succeeded) return result;
    }
    throw new Error('etcdserver: too many concurrent writers of the node port range');
  };
  const set = (bits: Uint8Array, at: number): void => {
    bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  };
  return {
    text: `${low}-${high}`,
    inRange: (port) => port >= low && port <= high,
    take: (port) =>
      update((bits) => {
        if (isSet(bits, port - low)) return { result: false, write: false };
        set(bits, port - low);
        return { result: true, write: true };
      }),
    takeAny: () =>
      update<number | undefined>((bits) => {
        const start = random.below(size);
        for (let step = 0; step < size; step++) {
          const at = (start + step) % size;
          if (isSet(bits, at)) continue;
          set(bits, at);
          return { result: low + at, write: true };
        }
        return { result: undefined, write: false };
      }),
    release: (ports) =>
      update((bits) => {
        for (const port of ports) bits[(port - low) >> 3] = (bits[(port - low) >> 3] ?? 0) & ~(1 << ((port - low) & 7));
        return { result: undefined, write: ports.length > 0 };
      }),
  };
}
