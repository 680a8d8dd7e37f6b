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

/** Letters after which a piece of a log leaves: a reader that does not read holds back all but a few pieces. */
const PIECE_LENGTH = 16 * 1024;

/** The text of some lines, in pieces. */
function* format(lines: readonly string[], options: LogOptions): Generator<string> {
  let text = '';
  let isContinued = false;
  for (const line of lines) {
    const entry = entryOf(line);
    if (!entry) continue;
    if (options.sinceMs !== undefined && (maybeParseTime(entry.time) ?? 0) < options.sinceMs) continue;
    text += `${options.timestamps && !isContinued ? `${entry.time} ` : ''}${entry.text}${entry.isPartial ? '' : '\n'}`;
    isContinued = entry.isPartial;
    if (text.length < PIECE_LENGTH) continue;
    yield text;
    text = '';
  }
  if (text) yield text;
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
  const cut = function* (pieces: Iterable<string>): Generator<string> {
    for (const piece of pieces) {
      const part = piece.slice(0, Math.min(piece.length, leftBytes));
      leftBytes -= part.length;
      if (part) yield part;
      if (leftBytes <= 0) return;
    }
  };
  const content = (): string => (files.stat(path) ? files.readText(path) : '');
  let whole = content();
  let end = whole.lastIndexOf('\n') + 1;
  let lines = whole.slice(0, end).split('\n').slice(0, -1);
  if (options.tailLines !== undefined) lines = options.tailLines === 0 ? [] : lines.slice(-options.tailLines);
  yield* cut(format(lines, options));
  if (!options.follow) return;
  while (leftBytes > 0 && !signal.aborted) {
    const running = await isRunning();
    whole = content();
    // A log that became shorter was rotated: the new file is read from its beginning.
    if (whole.length < end) end = 0;
    const next = whole.lastIndexOf('\n') + 1;
    if (next > end) {
      const added = whole.slice(end, next).split('\n').slice(0, -1);
      end = next;
      yield* cut(format(added, options));
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
