// Linearizable reads without a log entry: a leader notes its commit index, proves by a round of heartbeats that it
// still leads, and then answers. Models readOnly of etcd-io/raft; section 6.4 of the Raft dissertation.

import type { ReadIndexMessage } from './messages.ts';
import type { RaftId } from './types.ts';

/** A read that waits for its proof. */
export interface PendingRead {
  readonly request: ReadIndexMessage;
  /** Commit index when the read came: what must be applied before the read is made. */
  readonly index: number;
  /** Who confirmed this leader since; the leader itself from the start. */
  readonly acks: Set<RaftId>;
}

export class ReadIndexQueue {
  /** Pending reads by context, in the order they came: a Map keeps it. */
  readonly #pending = new Map<string, PendingRead>();
  /** Context of the youngest pending read, '' if there is none. */
  lastCtx = '';

  /** Queues a read; one with a context already pending joins that one. */
  add(request: ReadIndexMessage, index: number, self: RaftId): void {
    if (this.#pending.has(request.ctx)) return;
    this.#pending.set(request.ctx, { request, index, acks: new Set([self]) });
    this.lastCtx = request.ctx;
  }

  /** Notes a confirmation; the read if it is still pending. */
  acknowledge(from: RaftId, ctx: string): PendingRead | undefined {
    const read = this.#pending.get(ctx);
    read?.acks.add(from);
    return read;
  }

  /** Takes out the read with this context and all older ones: what proves it proves them. */
  release(ctx: string): PendingRead[] {
    const released: PendingRead[] = [];
    if (!this.#pending.has(ctx)) return released;
    for (const [key, read] of this.#pending) {
      released.push(read);
      this.#pending.delete(key);
      if (key === ctx) break;
    }
    if (this.#pending.size === 0) this.lastCtx = '';
    return released;
  }
}
