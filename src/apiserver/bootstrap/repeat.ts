/** Work that is done again and again, one round at a time, as wait.Until does it. */
import type { Clock, Stop } from '#host';

/** Runs `work` every `ms` from `ms` from now on; a round that takes longer delays the next one. */
export function repeat(clock: Clock, ms: number, work: () => Promise<void>, onError: (message: string) => void): Stop {
  let isBusy = false;
  return clock.every(ms, () => {
    if (isBusy) return;
    isBusy = true;
    work()
      .catch((error: unknown) => onError(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        isBusy = false;
      });
  });
}
