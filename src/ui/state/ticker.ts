/**
 * The reader's own clock: wakes the figures that move by themselves (the lab clock, ages), only while the page is visible.
 * It is not lab time and decides nothing; the cluster's timers come from its host.
 */
import type { Beat } from './beat.ts';

/** Calls `tick` at every multiple of `periodMs` real milliseconds while the page is visible, and at once when it becomes visible. Returns the way to end it. */
export function startTicker(beat: Beat, tick: () => void, periodMs: number): () => void {
  let forget: (() => void) | undefined;
  const stop = (): void => {
    forget?.();
    forget = undefined;
  };
  const follow = (): void => {
    stop();
    if (document.hidden) return;
    forget = beat.at(periodMs, follow);
    tick();
  };
  document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    stop();
    document.removeEventListener('visibilitychange', follow);
  };
}
