/**
 * Objects in etcd (apiserver storage/etcd3): reads at a revision, creation guarded by absence, updates and deletions guarded
 * by the mod revision that was read, and retried when another writer was faster. Values that expire hang on shared leases.
 */
import type { Kind } from '#api';
import type { KubeObject } from '#apimachinery';
import type { Clock } from '#host';
import { decodeStored, encodeStored, withResourceVersion } from './codec.ts';
import { storageError } from './errors.ts';
import type { Trace } from '../trace.ts';
import type { Etcd, EtcdCall } from './etcd.ts';
import { createSharedLeases, type LeaseFor } from './shared-leases.ts';

/** How often a guarded write is tried before the conflict is given to the client. */
const GUARDED_TRIES_MAX = 100;

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
  update(
    kind: Kind,
    key: string,
    decide: (current: Stored | undefined) => Promise<UpdateDecision>,
    options?: { cached?: Stored; ttlSeconds?: number },
  ): Promise<KubeObject>;
  /** The newest revision of the store, read through the quorum. */
  currentRevision(): Promise<number>;
  /** The same storage for one request: once `signal` has aborted (its client has gone, its time is over) nothing more is written. `trace` has each call told. */
  during(signal: AbortSignal, trace?: Trace): ObjectStore;
}

type Observe = (operation: string, ms: number) => void;

/** Storage on an etcd client. */
class EtcdObjectStore implements ObjectStore {
  constructor(
    private readonly etcd: Etcd,
    private readonly clock: Clock,
    private readonly observe: Observe,
    private readonly leaseFor: LeaseFor = createSharedLeases(etcd, clock),
    private readonly signal?: AbortSignal,
    private readonly trace?: Trace,
  ) {}

  during(signal: AbortSignal, trace?: Trace): ObjectStore {
    return new EtcdObjectStore(this.etcd, this.clock, this.observe, this.leaseFor, signal, trace);
  }

  /** As a cancelled context of Go keeps a request from going on. */
  private checkGoesOn(): void {
    if (this.signal?.aborted) throw storageError(new Error('context canceled'));
  }

  private async call<T>(operation: string, work: (options?: EtcdCall) => Promise<T>): Promise<T> {
    const startedMs = this.clock.monotonicMs();
    const span = this.trace?.(`etcd ${operation}`);
    try {
      return await work(span);
    } catch (error) {
      throw storageError(error);
    } finally {
      span?.end();
      this.observe(operation, this.clock.monotonicMs() - startedMs);
    }
  }

  async get(kind: Kind, key: string): Promise<Stored | undefined> {
    const { kvs } = await this.call('get', (options) => this.etcd.range({ key }, options));
    const found = kvs[0];
    return found && { key, object: decodeStored(kind, found.value, found.modRevision), modRevision: found.modRevision };
  }

  async list(kind: Kind, start: string, end: string, options: { limit?: number; revision?: number }): Promise<StoredPage> {
    const { limit = 0, revision = 0 } = options;
    const answer = await this.call('list', (options) => this.etcd.range({ key: start, rangeEnd: end, limit, revision }, options));
    const items = answer.kvs.map((kv) => ({
      key: kv.key,
      object: decodeStored(kind, kv.value, kv.modRevision),
      modRevision: kv.modRevision,
    }));
    return { items, revision: answer.header.revision, more: answer.more, count: answer.count };
  }

  create(kind: Kind, key: string, object: KubeObject, ttlSeconds?: number): Promise<KubeObject | undefined> {
    return this.putGuarded(kind, key, object, 0, ttlSeconds);
  }

  private async putGuarded(
    kind: Kind,
    key: string,
    object: KubeObject,
    modRevision: number,
    ttlSeconds?: number,
  ): Promise<KubeObject | undefined> {
    const value = encodeStored(kind, object);
    const lease = ttlSeconds === undefined ? undefined : await this.call('grantLease', () => this.leaseFor(ttlSeconds));
    this.checkGoesOn();
    const answer = await this.call(modRevision === 0 ? 'create' : 'update', (options) =>
      this.etcd.txn(
        {
          compare: [{ key, target: 'MOD', result: 'EQUAL', modRevision }],
          success: [{ put: lease ? { key, value, lease } : { key, value } }],
          failure: [],
        },
        options,
      ),
    );
    return answer.succeeded ? withResourceVersion(object, String(answer.header.revision)) : undefined;
  }

  private async removeGuarded(key: string, modRevision: number, object: KubeObject): Promise<KubeObject | undefined> {
    this.checkGoesOn();
    const answer = await this.call('delete', (options) =>
      this.etcd.txn(
        { compare: [{ key, target: 'MOD', result: 'EQUAL', modRevision }], success: [{ deleteRange: { key } }], failure: [] },
        options,
      ),
    );
    return answer.succeeded ? withResourceVersion(object, String(answer.header.revision)) : undefined;
  }

  /** Does what was decided; undefined when somebody else was faster, or the decision was made on an old read. */
  private async act(
    kind: Kind,
    key: string,
    decision: UpdateDecision,
    current: Stored | undefined,
    mayBeStale: boolean,
    ttlSeconds?: number,
  ): Promise<KubeObject | undefined> {
    if ('put' in decision) return this.putGuarded(kind, key, decision.put, current?.modRevision ?? 0, ttlSeconds);
    if (!current) throw new Error('what is not there can neither be kept nor removed');
    if ('remove' in decision) return this.removeGuarded(key, current.modRevision, current.object);
    return mayBeStale ? undefined : current.object;
  }

  async update(
    kind: Kind,
    key: string,
    decide: (current: Stored | undefined) => Promise<UpdateDecision>,
    options: { cached?: Stored; ttlSeconds?: number } = {},
  ): Promise<KubeObject> {
    let current = options.cached ?? (await this.get(kind, key));
    let mayBeStale = options.cached !== undefined;
    for (let attempt = 0; attempt < GUARDED_TRIES_MAX; attempt++) {
      let decision: UpdateDecision | undefined;
      try {
        decision = await decide(current);
      } catch (error) {
        // A refusal may come from an old read: look again before it is given to the client.
        if (!mayBeStale) throw error;
      }
      // A write that fails may have happened: it is never tried again, or it could undo what others wrote since.
      const done = decision && (await this.act(kind, key, decision, current, mayBeStale, options.ttlSeconds));
      if (done) return done;
      mayBeStale = false;
      current = await this.get(kind, key);
    }
    throw storageError(new Error('etcdserver: too many concurrent writers of one key'));
  }

  async currentRevision(): Promise<number> {
    const answer = await this.call('get', () => this.etcd.range({ key: 'compact_rev_key', limit: 1, keysOnly: true }));
    return answer.header.revision;
  }
}

/** Makes the storage; `observe` hears how long each call of etcd took. */
export function createObjectStore(etcd: Etcd, clock: Clock, observe: Observe): ObjectStore {
  return new EtcdObjectStore(etcd, clock, observe);
}
