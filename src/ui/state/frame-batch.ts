/**
 * Gathers what happens between two animation frames, or between two beats of the page, so that a burst of events costs one update.
 * Hidden pages have no frames: the gathering must be bounded by its owner.
 */

/** Calls `flush` once in the next frame, however often it is asked; `cancel` forgets it. */
export interface FrameBatch {
  request(): void;
  cancel(): void;
}

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
 * How often what the cluster tells is shown at most, real milliseconds: the page's beat. What is shown less often is shown at some of
 * these beats, so that what different sources tell of one change is drawn in one frame, and what moves by itself needs none of its own.
 */
export const SHOWN_EVERY_MS = 125;

/** Real milliseconds until the next multiple of `everyMs` on the reader's clock. */
export function untilBeat(everyMs: number): number {
  // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
  return everyMs - (performance.now() % everyMs);
}

/**
 * Calls `flush` at most once in `everyMs`, however often it is asked, in a task of its own: the frame that draws what several batches
 * changed is another, or together they would hold up the page. A hidden page waits for the frame it is seen in.
 */
export function createPacedBatch(flush: () => void, everyMs = SHOWN_EVERY_MS): FrameBatch {
  const frame = createFrameBatch(flush);
  let timer: number | undefined;
  return {
    request() {
      // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
      timer ??= setTimeout(() => {
        timer = undefined;
        if (document.hidden) frame.request();
        else flush();
      }, untilBeat(everyMs)) as unknown as number;
    },
    cancel() {
      // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
      clearTimeout(timer);
      timer = undefined;
      frame.cancel();
    },
  };
}
