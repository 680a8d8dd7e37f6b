/** A Range request answered from the store: limits, filters by revision, sorting, keys only, counting. After etcd's executeRange. */
import type { etcd } from '#contracts';
import { etcdError } from '../errors.ts';
import { keyRange } from './key-range.ts';
import type { Store } from './store.ts';

type KeyValue = etcd.KeyValue;
type RangeRequest = etcd.RangeRequest;

const SORT_TARGETS = ['KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'];
const SORT_ORDERS = ['NONE', 'ASCEND', 'DESCEND'];

/** Throws `emptyKey` or `invalidSortOption` for a request that is wrong whatever the store holds. */
export function checkRangeRequest(request: RangeRequest): void {
  if (request.key === '') throw etcdError('emptyKey');
  if (!SORT_ORDERS.includes(request.sortOrder ?? 'NONE') || !SORT_TARGETS.includes(request.sortTarget ?? 'KEY'))
    throw etcdError('invalidSortOption');
}

/** What a Range request finds, without a response's header. */
export interface RangeOutcome {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

function sortKey(target: RangeRequest['sortTarget']): (kv: KeyValue) => string | number {
  switch (target) {
    case 'VERSION':
      return (kv) => kv.version;
    case 'CREATE':
      return (kv) => kv.createRevision;
    case 'MOD':
      return (kv) => kv.modRevision;
    case 'VALUE':
      return (kv) => kv.value;
    default:
      return (kv) => kv.key;
  }
}

function sortKvs(kvs: KeyValue[], request: RangeRequest): void {
  const target = request.sortTarget ?? 'KEY';
  const order = request.sortOrder ?? 'NONE';
  // The store answers in ascending key order already.
  if (target === 'KEY' && order !== 'DESCEND') return;
  const of = sortKey(target);
  const sign = order === 'DESCEND' ? -1 : 1;
  kvs.sort((one, other) => {
    const a = of(one);
    const b = of(other);
    return a < b ? -sign : a > b ? sign : 0;
  });
}

/** Answers a Range request; throws `compacted` or `futureRevision`. */
export function executeRange(store: Store, request: RangeRequest): RangeOutcome {
  const { limit = 0, revision = 0, minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = request;
  const hasFilter = minModRevision > 0 || maxModRevision > 0 || minCreateRevision > 0 || maxCreateRevision > 0;
  const isSorted = (request.sortOrder ?? 'NONE') !== 'NONE' || (request.sortTarget ?? 'KEY') !== 'KEY';
  const fetchLimit = hasFilter || isSorted || limit <= 0 ? 0 : limit + 1;
  const found = store.range(keyRange(request.key, request.rangeEnd), revision, fetchLimit, request.countOnly);
  let { kvs } = found;
  if (hasFilter) {
    kvs = kvs.filter(
      (kv) =>
        (minModRevision <= 0 || kv.modRevision >= minModRevision) &&
        (maxModRevision <= 0 || kv.modRevision <= maxModRevision) &&
        (minCreateRevision <= 0 || kv.createRevision >= minCreateRevision) &&
        (maxCreateRevision <= 0 || kv.createRevision <= maxCreateRevision),
    );
  }
  sortKvs(kvs, request);
  const more = limit > 0 && kvs.length > limit;
  if (more) kvs = kvs.slice(0, limit);
  if (request.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: '' }));
  return { kvs, more, count: found.count };
}
