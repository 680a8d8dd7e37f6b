/**
 * Gathers what happens between two animation frames, or in a tenth of a second, so that a burst of events costs one update.
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

/** How often what the cluster tells is shown at most, real milliseconds. */
export const SHOWN_EVERY_MS = 100;

/**
 * Calls `flush` at most once in `everyMs`, however often it is asked, in a task of its own: the frame that draws what several batches
 * changed is another, or together they would hold up the page. All batches flush at the same tenths of the reader's clock, or at some of
 * them, so that what different sources tell of one change is drawn in one frame. A hidden page waits for the frame it is seen in.
 */
export function createPacedBatch(flush: () => void, everyMs = SHOWN_EVERY_MS): FrameBatch {
  const frame = createFrameBatch(flush);
  let timer: number | undefined;
  return {
    request() {
      // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
      const sinceMs = performance.now() % everyMs;
      // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
      timer ??= setTimeout(() => {
        timer = undefined;
        if (document.hidden) frame.request();
        else flush();
      }, everyMs - sinceMs) as unknown as number;
    },
    cancel() {
      // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
      clearTimeout(timer);
      timer = undefined;
      frame.cancel();
    },
  };
}
