// What of a member's log is really on its disk, read from each completed write and not from what the member believes; the invariants
// of durability are checked against it.

import type { Bootstrap } from '../../../src/etcd/bootstrap.ts';
import { emptyConf, type ConfState, type Entry, type HardState, type Snapshot, type Storage } from '#raft';
import type { Log } from '#host';
import type { RaftInvariants } from '../raft-invariants.ts';

/** The durable log of one life of a member. */
export class DurableLog implements Storage {
  #hardState: HardState;
  /** Terms by index; a gap where nothing is known. */
  readonly #terms: number[] = [];
  #first: number;
  #last: number;
  /** Index of the newest received snapshot. */
  #base: number;

  constructor({ hardState, entries, snapshot, isFirst, base }: Bootstrap) {
    this.#base = base;
    // What a new member begins with is being written; nothing of it is durable yet.
    this.#hardState = isFirst ? { term: 0, vote: 0, commit: 0 } : hardState;
    this.#last = snapshot?.index ?? 0;
    this.#first = this.#last + 1;
    if (snapshot) this.#terms[snapshot.index] = snapshot.term;
    for (const entry of entries) this.#put(entry);
  }

  #put({ index, term }: Entry): void {
    this.#terms[index] = term;
    this.#last = index;
  }

  /** The member's log, with an eye on what is written to it. `overwritten` hears of entries that gave way to others, `broken` of a promise that the disk shows to be broken. */
  watching(log: Log, raftId: number, invariants: RaftInvariants, overwritten: () => void, broken: (error: unknown) => void): Log {
    return {
      read: () => log.read(),
      compactTo: (index) => log.compactTo(index),
      append: async (firstIndex, texts, meta) => {
        await log.append(firstIndex, texts, meta);
        const { hardState, base } = JSON.parse(meta) as { hardState: HardState; base: number };
        const entries = texts.map((data, at): Entry => ({ index: firstIndex + at, term: Number.parseInt(data, 10), kind: 'normal', data }));
        this.#take(firstIndex, entries, base, overwritten);
        this.#hardState = hardState;
        try {
          invariants.persisted(raftId, hardState, entries, this);
        } catch (error) {
          // The member would take it for a fault of its disk.
          broken(error);
        }
      },
    };
  }

  #take(firstIndex: number, entries: readonly Entry[], base: number, overwritten: () => void): void {
    if (base !== this.#base || firstIndex > this.#last + 1) {
      // Behind a received snapshot: what was before it is not part of this log any more.
      this.#base = base;
      this.#first = firstIndex + 1;
      this.#terms.length = 0;
    } else if (entries.length > 0 && firstIndex <= this.#last && this.#terms[firstIndex] !== entries[0]!.term) {
      overwritten();
    }
    this.#last = firstIndex - 1;
    this.#terms.length = Math.min(this.#terms.length, firstIndex);
    for (const entry of entries) this.#put(entry);
  }

  initialState(): { readonly hardState: HardState; readonly conf: ConfState } {
    return { hardState: this.#hardState, conf: emptyConf };
  }
  firstIndex(): number {
    return this.#first;
  }
  lastIndex(): number {
    return this.#last;
  }
  term(index: number): number {
    return this.#terms[index] ?? 0;
  }
  entries(): readonly Entry[] {
    throw new Error('the observer of a log keeps no entries');
  }
  snapshot(): Snapshot {
    throw new Error('the observer of a log keeps no snapshot');
  }
}
