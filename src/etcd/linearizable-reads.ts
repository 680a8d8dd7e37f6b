/**
 * Linearizable reads by read index: all reads that came while one confirmation was under way share the next one. A read may be made
 * once this member has applied the index that was confirmed. After etcd's linearizableReadLoop.
 */
import type { ReadState } from '#raft';
import { etcdError } from './errors.ts';

interface Reader {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Round {
  readonly ctx: string;
  readonly readers: readonly Reader[];
  readonly deadlineMs: number;
  retryMs: number;
}

/** How long a confirmation may take before it is asked for again (the request or its answer may be lost). */
const RETRY_MS = 500;

export class LinearizableReads {
  /** Readers that wait for the next round. */
  #next: Reader[] = [];
  /** The round that waits for its confirmation. */
  #round: Round | undefined;
  /** Confirmed rounds that wait for their index to be applied, in order of their index. */
  readonly #confirmed: { readonly index: number; readonly readers: readonly Reader[] }[] = [];
  #rounds = 0;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #ask: (ctx: string) => void;

  /** `prefix` sets this member's life apart from all others; `ask` asks the consensus core. */
  constructor(prefix: string, timeoutMs: number, ask: (ctx: string) => void) {
    this.#prefix = prefix;
    this.#timeoutMs = timeoutMs;
    this.#ask = ask;
  }

  /** Resolves when a read of this member's state is linearizable; rejects with `timeout` or `leaderChanged`. */
  wait(nowMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#next.push({ resolve, reject });
      if (!this.#round) this.#begin(nowMs);
    });
  }

  #begin(nowMs: number): void {
    if (this.#next.length === 0) return;
    const round = {
      ctx: `${this.#prefix}/${++this.#rounds}`,
      readers: this.#next,
      deadlineMs: nowMs + this.#timeoutMs,
      retryMs: nowMs + RETRY_MS,
    };
    this.#next = [];
    this.#round = round;
    this.#ask(round.ctx);
  }

  /** Takes confirmations, then lets go what `appliedIndex` allows. */
  confirm(states: readonly ReadState[], appliedIndex: number, nowMs: number): void {
    for (const state of states) {
      if (state.ctx !== this.#round?.ctx) continue;
      this.#confirmed.push({ index: state.index, readers: this.#round.readers });
      this.#round = undefined;
    }
    while (this.#confirmed.length > 0 && this.#confirmed[0]!.index <= appliedIndex) {
      for (const reader of this.#confirmed.shift()!.readers) reader.resolve();
    }
    if (!this.#round) this.#begin(nowMs);
  }

  /** Another leader: what was asked of the former one will not be answered. */
  leaderChanged(nowMs: number): void {
    this.#endRound('leaderChanged', nowMs);
  }

  /** Asks again: the leader may not have been able to answer before it had committed an entry of its own. */
  retry(): void {
    if (this.#round) this.#ask(this.#round.ctx);
  }

  /** Looks at the time: asks again, or gives up. */
  expire(nowMs: number): void {
    const round = this.#round;
    if (!round) return;
    if (round.deadlineMs <= nowMs) return this.#endRound('timeout', nowMs);
    if (round.retryMs > nowMs) return;
    round.retryMs = nowMs + RETRY_MS;
    this.#ask(round.ctx);
  }

  stop(): void {
    const readers = [...this.#confirmed.splice(0).flatMap((round) => round.readers), ...(this.#round?.readers ?? []), ...this.#next];
    this.#next = [];
    this.#round = undefined;
    for (const reader of readers) reader.reject(etcdError('stopped'));
  }

  #endRound(error: 'leaderChanged' | 'timeout', nowMs: number): void {
    const readers = this.#round?.readers ?? [];
    this.#round = undefined;
    for (const reader of readers) reader.reject(etcdError(error));
    this.#begin(nowMs);
  }
}
