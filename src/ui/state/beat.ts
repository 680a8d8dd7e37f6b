/**
 * The page's beat. What is shown at multiples of some time is shown in one task with all else that is due then, and so in one frame:
 * each further frame would lay out, paint and compose the page again.
 */

/** How often what the cluster tells is shown at most, real milliseconds. What is shown less often is shown at some of these beats. */
export const SHOWN_EVERY_MS = 125;

/** What one task may take; what is due beyond goes into the next, so that much at once does not hold up the page. */
const TASK_MS = 8;

interface Due {
  readonly atMs: number;
  readonly act: () => void;
}

// eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
const nowMs = (): number => performance.now();

/** The beat of one page. */
export class Beat {
  /** In order of time, equal times in the order they were asked for. */
  readonly #due: Due[] = [];
  #timer: { readonly handle: number; readonly atMs: number } | undefined;

  /** Calls `act` once, at the next multiple of `everyMs` on the reader's clock. Returns the way to forget it. */
  at(everyMs: number, act: () => void): () => void {
    // A multiple that is only just ahead has been: a timer may have come a little early.
    const entry: Due = { atMs: (Math.floor((nowMs() + 1) / everyMs) + 1) * everyMs, act };
    const later = this.#due.findIndex(({ atMs }) => atMs > entry.atMs);
    this.#due.splice(later < 0 ? this.#due.length : later, 0, entry);
    this.#arm();
    return () => {
      const place = this.#due.indexOf(entry);
      if (place >= 0) this.#due.splice(place, 1);
      this.#arm();
    };
  }

  /** Wakes for what is due first; never when nothing is. */
  #arm(): void {
    const [first] = this.#due;
    if (first && this.#timer && this.#timer.atMs <= first.atMs) return;
    // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
    if (this.#timer) clearTimeout(this.#timer.handle);
    this.#timer = undefined;
    if (!first) return;
    const restMs = Math.max(0, first.atMs - nowMs());
    // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
    this.#timer = { handle: setTimeout(() => this.#pass(), restMs) as unknown as number, atMs: first.atMs };
  }

  #pass(): void {
    this.#timer = undefined;
    const startedMs = nowMs();
    const isDue = (): boolean => this.#due[0] !== undefined && this.#due[0].atMs <= startedMs + 1;
    try {
      while (isDue() && nowMs() - startedMs < TASK_MS) this.#due.shift()!.act();
    } finally {
      this.#arm();
    }
  }
}
