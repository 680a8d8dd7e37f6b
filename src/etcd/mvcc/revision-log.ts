/** The events of each revision since the last compaction, by revision: what watchers from the past are served from. */
import type { StoreEvent } from './version.ts';

export class RevisionLog {
  /** Revision of #events[0]; no revision below it is known. */
  #base: number;
  readonly #events: (readonly StoreEvent[])[] = [];

  /** A log whose first revision will be `base`. */
  constructor(base: number) {
    this.#base = base;
  }

  /** The first revision that is still known. */
  get base(): number {
    return this.#base;
  }

  /** Notes the events of the next revision. */
  push(events: readonly StoreEvent[]): void {
    this.#events.push(events);
  }

  /** The events of a revision; none for one that is not in the log. */
  at(revision: number): readonly StoreEvent[] {
    return this.#events[revision - this.#base] ?? [];
  }

  /** Forgets all revisions below `revision`; the versions before those of `revision` itself are gone from then on. */
  compact(revision: number): void {
    if (revision < this.#base) return;
    this.#events.splice(0, revision - this.#base);
    this.#base = revision;
    const oldest = this.#events[0];
    if (oldest) this.#events[0] = oldest.map(({ type, kv }) => ({ type, kv, prevKv: undefined }));
  }
}
