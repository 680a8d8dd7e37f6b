/** An etcd in memory for tests: revisions, guarded transactions, leases by the clock, watches, compaction, and a switch that makes it hang. */
import type { etcd } from '#contracts';
import type { Clock } from '#host';
import type { Etcd, EtcdWatch, EtcdWatchListener } from '#apiserver';

interface Entry {
  kv: etcd.KeyValue;
}
interface OpenWatch {
  request: etcd.WatchCreateRequest;
  listener: EtcdWatchListener;
  id: number;
}

export interface MemoryEtcd extends Etcd {
  /** Every request rejects with etcd's timeout text while true. */
  isDown: boolean;
  readonly revision: number;
  keys(): string[];
  value(key: string): string | undefined;
  /** Breaks every watch, as a lost connection does. */
  breakWatches(): void;
  readonly calls: string[];
}

export function createMemoryEtcd(clock: Clock, firstRevision = 1): MemoryEtcd {
  let revision = firstRevision;
  let compacted = 0;
  let leases = 0;
  let nextWatch = 1;
  const current = new Map<string, Entry>();
  const history: { revision: number; event: etcd.WatchEvent }[] = [];
  const snapshots = new Map<number, Map<string, etcd.KeyValue>>();
  const watches = new Set<OpenWatch>();
  const leased = new Map<string, Set<string>>();
  const calls: string[] = [];
  const header = (): etcd.ResponseHeader => ({ clusterId: 'c', memberId: 'm', revision, raftTerm: 2 });
  const inRange = (key: string, start: string, end: string | undefined): boolean =>
    end === undefined || end === '' ? key === start : key >= start && (end === '\0' || key < end);

  const remember = (): void => {
    snapshots.set(revision, new Map([...current].map(([key, entry]) => [key, entry.kv])));
  };
  remember();

  const deliver = (events: etcd.WatchEvent[]): void => {
    for (const watch of [...watches]) {
      const mine = events.filter(
        (event) =>
          inRange(event.kv.key, watch.request.key, watch.request.rangeEnd) && event.kv.modRevision >= (watch.request.startRevision ?? 0),
      );
      if (mine.length > 0) watch.listener.onResponse({ header: header(), watchId: watch.id, events: mine });
    }
  };
  const put = (request: etcd.PutRequest, events: etcd.WatchEvent[]): void => {
    const old = current.get(request.key)?.kv;
    const kv: etcd.KeyValue = {
      key: request.key,
      value: request.value,
      createRevision: old?.createRevision ?? revision,
      modRevision: revision,
      version: (old?.version ?? 0) + 1,
      lease: request.lease ?? '0',
    };
    if (old && old.lease !== '0') leased.get(old.lease)?.delete(request.key);
    if (request.lease) leased.get(request.lease)?.add(request.key);
    current.set(request.key, { kv });
    events.push({ type: 'PUT', kv });
  };
  const remove = (start: string, end: string | undefined, events: etcd.WatchEvent[]): number => {
    const keys = [...current.keys()].filter((key) => inRange(key, start, end));
    for (const key of keys) {
      current.delete(key);
      events.push({ type: 'DELETE', kv: { key, value: '', createRevision: 0, modRevision: revision, version: 0, lease: '0' } });
    }
    return keys.length;
  };
  const commit = (events: etcd.WatchEvent[]): void => {
    for (const event of events) history.push({ revision, event });
    remember();
    deliver(events);
  };
  const range = (request: etcd.RangeRequest): etcd.RangeResponse => {
    if (request.revision && request.revision > revision) throw new Error('etcdserver: mvcc: required revision is a future revision');
    if (request.revision && request.revision <= compacted) throw new Error('etcdserver: mvcc: required revision has been compacted');
    const at = request.revision ? snapshots.get(request.revision)! : new Map([...current].map(([key, entry]) => [key, entry.kv]));
    const found = [...at.values()].filter((kv) => inRange(kv.key, request.key, request.rangeEnd)).sort((a, b) => (a.key < b.key ? -1 : 1));
    const limit = request.limit ?? 0;
    const kvs = limit > 0 ? found.slice(0, limit) : found;
    return { header: header(), kvs, more: kvs.length < found.length, count: found.length };
  };
  const holds = (compare: etcd.Compare): boolean => {
    const kv = current.get(compare.key)?.kv;
    const [actual, wanted] =
      compare.target === 'MOD'
        ? [kv?.modRevision ?? 0, compare.modRevision]
        : compare.target === 'CREATE'
          ? [kv?.createRevision ?? 0, compare.createRevision]
          : compare.target === 'VERSION'
            ? [kv?.version ?? 0, compare.version]
            : compare.target === 'VALUE'
              ? [kv?.value ?? '', compare.value]
              : [kv?.lease ?? '0', compare.lease];
    if (compare.result === 'EQUAL') return actual === wanted;
    if (compare.result === 'NOT_EQUAL') return actual !== wanted;
    return compare.result === 'GREATER' ? actual > wanted : actual < wanted;
  };
  const txn = (request: etcd.TxnRequest): etcd.TxnResponse => {
    const succeeded = request.compare.every(holds);
    const ops = succeeded ? request.success : request.failure;
    const writes = ops.some(
      (op) =>
        'put' in op ||
        ('deleteRange' in op && [...current.keys()].some((key) => inRange(key, op.deleteRange.key, op.deleteRange.rangeEnd))),
    );
    if (writes) revision++;
    const events: etcd.WatchEvent[] = [];
    const responses = ops.map((op): etcd.ResponseOp => {
      if ('put' in op) {
        put(op.put, events);
        return { put: { header: header() } };
      }
      if ('deleteRange' in op)
        return { deleteRange: { header: header(), deleted: remove(op.deleteRange.key, op.deleteRange.rangeEnd, events) } };
      if ('range' in op) return { range: range(op.range) };
      return { txn: txn(op.txn) };
    });
    if (writes) commit(events);
    return { header: header(), succeeded, responses };
  };
  const store: MemoryEtcd = {
    isDown: false,
    calls,
    get revision() {
      return revision;
    },
    keys: () => [...current.keys()].sort(),
    value: (key) => current.get(key)?.kv.value,
    async range(request) {
      calls.push(`range ${request.key}`);
      if (store.isDown) throw new Error('etcdserver: request timed out');
      return range(request);
    },
    async txn(request) {
      calls.push('txn');
      if (store.isDown) throw new Error('etcdserver: request timed out');
      return txn(request);
    },
    watch(request, listener): EtcdWatch {
      const watch: OpenWatch = { request, listener, id: nextWatch++ };
      let isOpen = true;
      Promise.resolve().then(() => {
        if (!isOpen) return;
        listener.onResponse({ header: header(), watchId: watch.id, created: true, events: [] });
        if ((request.startRevision ?? 0) > 0 && request.startRevision! <= compacted) {
          listener.onResponse({ header: header(), watchId: watch.id, canceled: true, compactRevision: compacted, events: [] });
          listener.onEnd(new Error('etcdserver: mvcc: required revision has been compacted'));
          return;
        }
        const past = history.filter(
          (each) => each.revision >= (request.startRevision ?? Infinity) && inRange(each.event.kv.key, request.key, request.rangeEnd),
        );
        if (past.length > 0) listener.onResponse({ header: header(), watchId: watch.id, events: past.map((each) => each.event) });
        watches.add(watch);
      });
      return {
        cancel() {
          isOpen = false;
          watches.delete(watch);
        },
        requestProgress() {
          Promise.resolve().then(() => {
            if (watches.has(watch) && !store.isDown) listener.onResponse({ header: header(), watchId: watch.id, events: [] });
          });
        },
      };
    },
    async grantLease(ttl) {
      if (store.isDown) throw new Error('etcdserver: request timed out');
      const id = String(++leases);
      leased.set(id, new Set());
      clock.after(ttl * 1000, () => {
        const keys = [...(leased.get(id) ?? [])];
        leased.delete(id);
        if (keys.length === 0) return;
        revision++;
        const events: etcd.WatchEvent[] = [];
        for (const key of keys) remove(key, undefined, events);
        commit(events);
      });
      return id;
    },
    async compact(at) {
      compacted = at;
    },
    breakWatches() {
      const open = [...watches];
      watches.clear();
      for (const watch of open) watch.listener.onEnd(new Error('transport is closing'));
    },
  };
  return store;
}
