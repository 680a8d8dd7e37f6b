/** A clock that a test turns by hand. */
import type { Clock } from '#host';

export interface ManualClock extends Clock {
  /** Moves time on and runs what is due, letting promises settle in between. */
  advance(ms: number): Promise<void>;
}

/** Lets everything that waits for nothing but promises happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function createManualClock(startWallMs = Date.UTC(2026, 0, 2, 3, 4, 5)): ManualClock {
  let now = 0;
  let order = 0;
  const timers = new Set<{ at: number; order: number; run: () => void }>();
  const after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: now + ms, order: order++, run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  return {
    monotonicMs: () => now,
    wallMs: () => startWallMs + now,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    after,
    every(ms, tick) {
      let stop = (): void => undefined;
      const again = (): void => {
        stop = after(ms, () => {
          again();
          tick();
        });
      };
      again();
      return () => stop();
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const due = [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
        if (!due) break;
        timers.delete(due);
        now = due.at;
        due.run();
        await settle();
      }
      now = until;
    },
  };
}
