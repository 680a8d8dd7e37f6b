/** The comparisons that guard a transaction. After etcd's applyCompare. */
import type { etcd } from '#contracts';
import { keyRange } from './key-range.ts';
import type { Store } from './store.ts';
import { NO_LEASE } from './version.ts';

type Compare = etcd.Compare;
type KeyValue = etcd.KeyValue;

const ABSENT: KeyValue = Object.freeze({ key: '', value: '', createRevision: 0, modRevision: 0, version: 0, lease: NO_LEASE });

/** Leases compare as the numbers they are. */
const leaseNumber = (id: string): bigint => BigInt(`0x${id === '' ? '0' : id}`);

function sides(compare: Compare, kv: KeyValue): readonly [string | number | bigint, string | number | bigint] {
  switch (compare.target) {
    case 'VERSION':
      return [kv.version, compare.version];
    case 'CREATE':
      return [kv.createRevision, compare.createRevision];
    case 'MOD':
      return [kv.modRevision, compare.modRevision];
    case 'VALUE':
      return [kv.value, compare.value];
    case 'LEASE':
      return [leaseNumber(kv.lease), leaseNumber(compare.lease)];
  }
}

function holdsFor(compare: Compare, kv: KeyValue): boolean {
  const [actual, wanted] = sides(compare, kv);
  switch (compare.result) {
    case 'EQUAL':
      return actual === wanted;
    case 'NOT_EQUAL':
      return actual !== wanted;
    case 'GREATER':
      return actual > wanted;
    case 'LESS':
      return actual < wanted;
  }
}

/** Whether a comparison holds for every key it names. A key that is not there compares as zero, except that it has no value to compare. */
export function compareHolds(store: Store, compare: Compare): boolean {
  const { kvs } = store.range(keyRange(compare.key, compare.rangeEnd));
  if (kvs.length === 0) return compare.target !== 'VALUE' && holdsFor(compare, ABSENT);
  return kvs.every((kv) => holdsFor(compare, kv));
}
