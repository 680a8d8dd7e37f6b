/**
 * The reader's own clock: wakes the figures that move by themselves (the lab clock, ages), only while the page is visible.
 * It is not lab time and decides nothing; the cluster's timers come from its host.
 */
import { untilBeat } from './frame-batch.ts';

/** Calls `tick` at every multiple of `periodMs` real milliseconds while the page is visible, and at once when it becomes visible. Returns the way to end it. */
export function startTicker(tick: () => void, periodMs: number): () => void {
  let timer: number | undefined;
  const stop = (): void => {
    // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
    clearTimeout(timer);
    timer = undefined;
  };
  const follow = (): void => {
    stop();
    if (document.hidden) return;
    tick();
    // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
    timer = setTimeout(follow, untilBeat(periodMs)) as unknown as number;
  };
  document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    stop();
    document.removeEventListener('visibilitychange', follow);
  };
}
