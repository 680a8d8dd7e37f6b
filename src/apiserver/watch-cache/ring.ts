/** The recent changes of one kind, from which a watch can start in the past. Bounded: what falls out is answered with 410. */
import type { Change } from './version.ts';

/** Changes kept per kind. */
export const RING_CAPACITY = 2048;

/** Remembers changes in order of revision. */
export interface Ring {
  add(change: Change): void;
  /** The changes after `revision`; undefined when some of them have fallen out. */
  since(revision: number): Change[] | undefined;
  /** Starts over: nothing before `revision` is known. */
  reset(revision: number): void;
  /** Oldest revision a watch may start after. */
  readonly floor: number;
}

/** An empty ring that knows everything after `revision`. */
export function createRing(revision: number, capacity = RING_CAPACITY): Ring {
  let changes: Change[] = [];
  let floor = revision;
  return {
    add(change) {
      changes.push(change);
      // Cut in halves, so that the cost is spread.
      if (changes.length >= capacity * 2) {
        const cut = changes.length - capacity;
        floor = changes[cut - 1]!.revision;
        changes = changes.slice(cut);
      }
    },
    since(after) {
      if (after < floor) return undefined;
      let low = 0;
      let high = changes.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (changes[middle]!.revision > after) high = middle;
        else low = middle + 1;
      }
      return changes.slice(low);
    },
    reset(at) {
      changes = [];
      floor = at;
    },
    get floor() {
      return floor;
    },
  };
}
