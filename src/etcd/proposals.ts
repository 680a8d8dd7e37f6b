/**
 * Requests on their way through the log, and the callers who wait for what becomes of them. A request proposed while no leader is
 * known waits for one; an answer that does not come in time ends in etcd's timeout errors, and may still take effect later.
 */
import { RpcError } from '#host';
import { isDropped, type ProposalOutcome } from '#raft';
import { etcdError } from './errors.ts';

/** What is done to bring one request into the log. */
export type Submit = () => ProposalOutcome;

interface Waiter {
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly sinceMs: number;
  readonly deadlineMs: number;
}

/** Why a request that was not answered in time may have got lost. */
export type TimeoutCause = (sinceMs: number) => 'timeout' | 'timeoutLeaderFail' | 'timeoutConnectionLost';

export class Proposals {
  /** Callers by request id, oldest first. */
  readonly #waiters = new Map<string, Waiter>();
  /** Requests made while no leader was known, by id. */
  #withoutLeader = new Map<string, Submit>();
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get pendingCount(): number {
    return this.#waiters.size;
  }

  /** Submits a request; settles with what `settle` or `expire` make of it. Rejects with RpcError. */
  propose(id: string, nowMs: number, submit: Submit): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject, sinceMs: nowMs, deadlineMs: nowMs + this.#timeoutMs });
      this.#submit(id, submit);
    });
  }

  #submit(id: string, submit: Submit): void {
    const outcome = submit();
    if (outcome === 'no-leader') this.#withoutLeader.set(id, submit);
    else if (outcome === 'removed') this.settle(id, undefined, etcdError('stopped'));
    else if (isDropped(outcome)) this.settle(id, undefined, new RpcError('Unknown', 'raft proposal dropped'));
  }

  /** A leader is known: what waited for one is submitted now. */
  leaderKnown(): void {
    const waiting = this.#withoutLeader;
    this.#withoutLeader = new Map();
    for (const [id, submit] of waiting) this.#submit(id, submit);
  }

  /** Tells the caller of a request, if there is one here, what became of it. */
  settle(id: string, response: unknown, error?: Error): void {
    const waiter = this.#waiters.get(id);
    if (!waiter) return;
    this.#waiters.delete(id);
    this.#withoutLeader.delete(id);
    if (error) waiter.reject(error);
    else waiter.resolve(response);
  }

  /** Ends the wait of callers whose time is over. */
  expire(nowMs: number, cause: TimeoutCause): void {
    for (const [id, waiter] of this.#waiters) {
      // Every wait is equally long, so the first one that is not over ends the search.
      if (waiter.deadlineMs > nowMs) return;
      this.settle(id, undefined, etcdError(cause(waiter.sinceMs)));
    }
  }

  /** The member stops: nobody will be answered any more. */
  stop(): void {
    for (const id of [...this.#waiters.keys()]) this.settle(id, undefined, etcdError('stopped'));
  }
}
