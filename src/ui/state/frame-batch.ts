/** Gathers what happens between two animation frames, so that a burst of events costs one update. Hidden pages have no frames: the gathering must be bounded by its owner. */

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
