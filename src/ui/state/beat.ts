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

/** In order of time, equal times in the order they were asked for. */
const due: Due[] = [];
let timer: { readonly handle: number; readonly atMs: number } | undefined;

// eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
const nowMs = (): number => performance.now();

/** Wakes for what is due first; never when nothing is. */
function arm(): void {
  const [first] = due;
  if (first && timer && timer.atMs <= first.atMs) return;
  // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
  if (timer) clearTimeout(timer.handle);
  timer = undefined;
  if (!first) return;
  // eslint-disable-next-line no-restricted-globals -- the reader's clock, not the lab's
  timer = { handle: setTimeout(beat, Math.max(0, first.atMs - nowMs())) as unknown as number, atMs: first.atMs };
}

function beat(): void {
  timer = undefined;
  const startedMs = nowMs();
  try {
    // A timer may come a little early.
    while (due.length > 0 && due[0]!.atMs <= startedMs + 1 && nowMs() - startedMs < TASK_MS) due.shift()!.act();
  } finally {
    arm();
  }
}

/** Calls `act` once, at the next multiple of `everyMs` on the reader's clock. Returns the way to forget it. */
export function atBeat(everyMs: number, act: () => void): () => void {
  const now = nowMs();
  // One that is only just ahead has been: a timer may have come a little early.
  const entry: Due = { atMs: (Math.floor((now + 1) / everyMs) + 1) * everyMs, act };
  const later = due.findIndex(({ atMs }) => atMs > entry.atMs);
  due.splice(later < 0 ? due.length : later, 0, entry);
  arm();
  return () => {
    const place = due.indexOf(entry);
    if (place >= 0) due.splice(place, 1);
    arm();
  };
}
