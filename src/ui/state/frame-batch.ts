/**
 * Gathers what happens between two animation frames, or between two beats of the page, so that a burst of events costs one update.
 * Hidden pages have no frames: the gathering must be bounded by its owner.
 */
import { SHOWN_EVERY_MS, type Beat } from './beat.ts';

/** Calls `flush` once in the next frame, however often it is asked; `cancel` forgets it. */
export interface FrameBatch {
  request(): void;
  cancel(): void;
}

/** Makes the batch of somebody who has something to show. */
export type Batched = (flush: () => void) => FrameBatch;

/** A batch of its own; `requestFrame` and `cancelFrame` are the window's, or a test's. */
export function createFrameBatch(
  flush: () => void,
  requestFrame: (callback: () => void) => number = requestAnimationFrame,
  cancelFrame: (handle: number) => void = cancelAnimationFrame,
): FrameBatch {
  let handle: number | undefined;
  return {
    request() {
      handle ??= requestFrame(() => {
        handle = undefined;
        flush();
      });
    },
    cancel() {
      if (handle !== undefined) cancelFrame(handle);
      handle = undefined;
    },
  };
}

/**
 * Calls `flush` at most once in `everyMs` (asked each time), at a beat of the page, however often it is asked. A hidden page waits for the
 * frame it is seen in.
 */
export function createPacedBatch(beat: Beat, flush: () => void, everyMs = (): number => SHOWN_EVERY_MS): FrameBatch {
  const frame = createFrameBatch(flush);
  let forget: (() => void) | undefined;
  return {
    request() {
      forget ??= beat.at(everyMs(), () => {
        forget = undefined;
        if (document.hidden) frame.request();
        else flush();
      });
    },
    cancel() {
      forget?.();
      forget = undefined;
      frame.cancel();
    },
  };
}

/** Batches that are shown together, when their owner says that it is time. */
export interface SharedBatches {
  readonly batch: Batched;
  /** Shows what was asked for since the last time. */
  show(): void;
}

/** No batch yet. */
export function createSharedBatches(): SharedBatches {
  const asked = new Set<() => void>();
  return {
    batch: (flush) => ({ request: () => void asked.add(flush), cancel: () => void asked.delete(flush) }),
    show() {
      const flushes = [...asked];
      asked.clear();
      for (const flush of flushes) flush();
    },
  };
}
