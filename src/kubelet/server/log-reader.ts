/** Reading a container's log as the kubelet serves it: CRI lines without their prefix, by tail, time and bytes, and following it as it grows. */
import { maybeParseTime } from '#apimachinery';
import type { Clock, Files } from '#host';

/** What of a log is wanted (PodLogOptions). */
export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines: number | undefined;
  readonly sinceMs: number | undefined;
  readonly timestamps: boolean;
  readonly limitBytes: number | undefined;
}

interface Entry {
  readonly time: string;
  readonly isPartial: boolean;
  readonly text: string;
}

function entryOf(line: string): Entry | undefined {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  const third = line.indexOf(' ', second + 1);
  if (third < 0) return undefined;
  return { time: line.slice(0, first), isPartial: line.slice(second + 1, third) === 'P', text: line.slice(third + 1) };
}

/** The text of some lines. */
function format(lines: readonly string[], options: LogOptions): string {
  let text = '';
  let isContinued = false;
  for (const line of lines) {
    const entry = entryOf(line);
    if (!entry) continue;
    if (options.sinceMs !== undefined && (maybeParseTime(entry.time) ?? 0) < options.sinceMs) continue;
    text += `${options.timestamps && !isContinued ? `${entry.time} ` : ''}${entry.text}${entry.isPartial ? '' : '\n'}`;
    isContinued = entry.isPartial;
  }
  return text;
}

/** How long a follower waits after the container has ended for what is still to be written. */
const FOLLOW_POLL_MS = 1_000;

/** Pieces of the log; ends at the end of the file, or with `follow` once `isRunning` says no. */
export async function* readLog(
  files: Files,
  clock: Clock,
  path: string,
  options: LogOptions,
  isRunning: () => Promise<boolean>,
  signal: { readonly aborted: boolean },
): AsyncGenerator<string> {
  let leftBytes = options.limitBytes ?? Infinity;
  const cut = (text: string): string => {
    const part = text.length > leftBytes ? text.slice(0, leftBytes) : text;
    leftBytes -= part.length;
    return part;
  };
  const content = (): string => (files.stat(path) ? files.readText(path) : '');
  let whole = content();
  let end = whole.lastIndexOf('\n') + 1;
  let lines = whole.slice(0, end).split('\n').slice(0, -1);
  if (options.tailLines !== undefined) lines = options.tailLines === 0 ? [] : lines.slice(-options.tailLines);
  const first = cut(format(lines, options));
  if (first) yield first;
  if (!options.follow) return;
  while (leftBytes > 0 && !signal.aborted) {
    const running = await isRunning();
    whole = content();
    // A log that became shorter was rotated: the new file is read from its beginning.
    if (whole.length < end) end = 0;
    const next = whole.lastIndexOf('\n') + 1;
    if (next > end) {
      const text = cut(format(whole.slice(end, next).split('\n').slice(0, -1), options));
      end = next;
      if (text) yield text;
      continue;
    }
    if (!running) return;
    await changed(files, clock, path);
  }
}

/** Resolves when the file changes, or after a while (a follower also looks whether its container still runs). */
function changed(files: Files, clock: Clock, path: string): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stopTimer();
      stopWatch();
      resolve();
    };
    const stopTimer = clock.after(FOLLOW_POLL_MS, done);
    const stopWatch = files.watch(path, done);
  });
}
