/**
 * Objects in etcd (apiserver storage/etcd3): reads at a revision, creation guarded by absence, updates and deletions guarded
 * by the mod revision that was read, and retried when another writer was faster. Values that expire hang on shared leases.
 */
import type { Kind } from '#api';
import type { KubeObject } from '#apimachinery';
import type { Clock } from '#host';
import { decodeStored, encodeStored, withResourceVersion } from './codec.ts';
import { storageError } from './errors.ts';
import { prefixEnd, type Etcd } from './etcd.ts';

/** How often a guarded write is tried before the conflict is given to the client. */
const GUARDED_TRIES_MAX = 100;
/** How long one lease is shared by keys with the same time to live. */
const LEASE_SHARE_MS = 60_000;

/** An object as it stands in etcd. */
export interface Stored<T extends KubeObject = KubeObject> {
  readonly key: string;
  readonly object: T;
  readonly modRevision: number;
}
/** What an update wants: a new object, to leave it as it is, or to delete it. */
export type UpdateDecision = { readonly put: KubeObject } | { readonly keep: true } | { readonly remove: true };
/** One page of a list. */
export interface StoredPage {
  readonly items: readonly Stored[];
  /** Revision of the store at the read. */
  readonly revision: number;
  readonly more: boolean;
  readonly count: number;
}

/** Storage of objects of every kind. */
export interface ObjectStore {
  get(kind: Kind, key: string): Promise<Stored | undefined>;
  list(kind: Kind, start: string, end: string, options: { limit?: number; revision?: number }): Promise<StoredPage>;
  /** Undefined when the key is taken. */
  create(kind: Kind, key: string, object: KubeObject, ttlSeconds?: number): Promise<KubeObject | undefined>;
  /**
   * Reads, asks, writes, and does it again when somebody else wrote in between. `cached` saves the first read.
   * `decide` gets undefined where nothing is stored and may throw. Answers the object as it now stands, or as it was when removed.
   */
  update(kind: Kind, key: string, decide: (current: Stored | undefined) => Promise<UpdateDecision>, options?: { cached?: Stored; ttlSeconds?: number }): Promise<KubeObject>;
  /** The newest revision of the store, read through the quorum. */
  currentRevision(): Promise<number>;
}

/** Storage on an etcd client. */
export function createObjectStore(etcd: Etcd, clock: Clock, observe: (operation: string, ms: number) => void): ObjectStore {
  const leases = new Map<number, { id: Promise<string>; untilMs: number }>();
  const call = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    const startedMs = clock.monotonicMs();
    try {
      return await work();
    } catch (error) {
      throw storageError(error);
    } finally {
      observe(operation, clock.monotonicMs() - startedMs);
    }
  };
  const leaseFor = (ttlSeconds: number | undefined): Promise<string | undefined> => {
    if (!ttlSeconds) return Promise.resolve(undefined);
    const shared = leases.get(ttlSeconds);
    if (shared && shared.untilMs > clock.monotonicMs()) return shared.id;
    // A key may come to a shared lease late, so short leases are not shared.
    const shareMs = Math.min(LEASE_SHARE_MS, ttlSeconds >= 600 ? LEASE_SHARE_MS : 0);
    const id = etcd.grantLease(ttlSeconds + Math.ceil(shareMs / 1000));
    id.catch(() => leases.delete(ttlSeconds));
    if (shareMs > 0) leases.set(ttlSeconds, { id, untilMs: clock.monotonicMs() + shareMs });
    return id;
  };
  const get = async (kind: Kind, key: string): Promise<Stored | undefined> => {
    const { kvs } = await call('get', () => etcd.range({ key }));
    const found = kvs[0];
    return found && { key, object: decodeStored(kind, found.value, found.modRevision), modRevision: found.modRevision };
  };
  const putGuarded = async (kind: Kind, key: string, object: KubeObject, modRevision: number, ttlSeconds?: number): Promise<KubeObject | undefined> => {
    const value = encodeStored(kind, object);
    const lease = await leaseFor(ttlSeconds);
    const answer = await call(modRevision === 0 ? 'create' : 'update', () =>
      etcd.txn({
        compare: [{ key, target: 'MOD', result: 'EQUAL', modRevision }],
        success: [{ put: lease ? { key, value, lease } : { key, value } }],
        failure: [],
      }),
    );
    return answer.succeeded ? withResourceVersion(object, String(answer.header.revision)) : undefined;
  };
  const removeGuarded = async (key: string, modRevision: number, object: KubeObject): Promise<KubeObject | undefined> => {
    const answer = await call('delete', () =>
      etcd.txn({ compare: [{ key, target: 'MOD', result: 'EQUAL', modRevision }], success: [{ deleteRange: { key } }], failure: [] }),
    );
    return answer.succeeded ? withResourceVersion(object, String(answer.header.revision)) : undefined;
  };
  return {
    get,
    async list(kind, start, end, { limit = 0, revision = 0 }) {
      const answer = await call('list', () => etcd.range({ key: start, rangeEnd: end, limit, revision }));
      const items = answer.kvs.map((kv) => ({ key: kv.key, object: decodeStored(kind, kv.value, kv.modRevision), modRevision: kv.modRevision }));
      return { items, revision: answer.header.revision, more: answer.more, count: answer.count };
    },
    create: (kind, key, object, ttlSeconds) => putGuarded(kind, key, object, 0, ttlSeconds),
    async update(kind, key, decide, options = {}) {
      let current = options.cached ?? (await get(kind, key));
      let mayBeStale = options.cached !== undefined;
      for (let attempt = 0; attempt < GUARDED_TRIES_MAX; attempt++) {
        let decision: UpdateDecision;
        try {
          decision = await decide(current);
        } catch (error) {
          if (!mayBeStale) throw error;
          // The refusal may come from an old read: look again before it is given to the client.
          mayBeStale = false;
          current = await get(kind, key);
          continue;
        }
        if ('keep' in decision && current && !mayBeStale) return current.object;
        if ('keep' in decision && !current) throw new Error('an update cannot keep what is not there');
        if ('put' in decision) {
          const stored = await putGuarded(kind, key, decision.put, current?.modRevision ?? 0, options.ttlSeconds);
          if (stored) return stored;
        } else if ('remove' in decision && current) {
          const removed = await removeGuarded(key, current.modRevision, current.object);
          if (removed) return removed;
        }
        mayBeStale = false;
        current = await get(kind, key);
      }
      throw storageError(new Error('etcdserver: too many concurrent writers of one key'));
    },
    async currentRevision() {
      const answer = await call('get', () => etcd.range({ key: 'compact_rev_key', limit: 1, keysOnly: true }));
      return answer.header.revision;
    },
  };
}

/** The end of a prefix's range. */
export { prefixEnd };
