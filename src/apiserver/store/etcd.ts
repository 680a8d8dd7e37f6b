/**
 * What the API server needs of etcd, in etcd's own terms: reads, guarded transactions, watches and leases.
 * The program stands it on #etcd/client; tests stand it on a store in memory.
 */
import type { etcd } from '#contracts';

/** A running watch. */
export interface EtcdWatch {
  cancel(): void;
  /** Asks etcd to say how far this watch has come; the answer is a response without events. */
  requestProgress(): void;
}

/** Hears what a watch has to say; nothing more comes after `onEnd`. */
export interface EtcdWatchListener {
  onResponse(response: etcd.WatchResponse): void;
  /** The watch is over: broken, or cancelled by the server (`compactRevision` is then set in the last response). */
  onEnd(error: Error): void;
}

/** What goes with one call. */
export interface EtcdCall {
  /** Of the span that the call belongs to. */
  readonly traceparent?: string;
}

/** The part of an etcd client that storage uses. Every method rejects with an Error that carries etcd's text. */
export interface Etcd {
  range(request: etcd.RangeRequest, options?: EtcdCall): Promise<etcd.RangeResponse>;
  txn(request: etcd.TxnRequest, options?: EtcdCall): Promise<etcd.TxnResponse>;
  watch(request: etcd.WatchCreateRequest, listener: EtcdWatchListener): EtcdWatch;
  /** Grants a lease of `ttl` seconds; answers its id. */
  grantLease(ttl: number): Promise<string>;
  compact(revision: number): Promise<void>;
}

/** The end of the range of all keys that begin with `prefix` (its last character raised by one). */
export function prefixEnd(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  return prefix.slice(0, -1) + String.fromCharCode(last + 1);
}
