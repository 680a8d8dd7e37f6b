/** The history of lines: kept in ~/.bash_history, walked with the arrows, searched with Ctrl-R, expanded by !! and friends. */
import type { Process } from '#host';
import { joinPath } from './paths.ts';

/** Lines kept at most. */
export const MAX_HISTORY_LINES = 1_000;

const fileOf = (process: Process): string => joinPath(process.env.HOME ?? '/root', '.bash_history');

/** Lines of earlier sessions. */
export function loadHistory(process: Process): string[] {
  const path = fileOf(process);
  if (process.files.stat(path)?.kind !== 'file') return [];
  return process.files
    .readText(path)
    .split('\n')
    .filter((line) => line !== '')
    .slice(-MAX_HISTORY_LINES)
    .map((line) => line.replaceAll('\\n', '\n').replaceAll('\\\n', '\\n'));
}

/** Adds a line unless it repeats the last one or begins with a blank; keeps the file in step. */
export function addToHistory(process: Process, history: string[], line: string): void {
  if (line.trim() === '' || line.startsWith(' ') || history.at(-1) === line) return;
  history.push(line);
  if (history.length > MAX_HISTORY_LINES) history.shift();
  const stored = line.replaceAll('\\n', '\\\\n').replaceAll('\n', '\\n');
  const path = fileOf(process);
  const directory = path.slice(0, path.lastIndexOf('/'));
  if (process.files.stat(directory)?.kind === 'directory') process.files.append(path, `${stored}\n`);
}

/** !!, !$, !n, !-n, !text in a line. Undefined text: nothing to expand; an error text where no event fits. */
export function expandHistory(line: string, history: readonly string[]): { text?: string; error?: string } {
  if (!/(^|[^\\'$[{])!/.test(line)) return {};
  let error: string | undefined;
  let changed = false;
  let inQuotes = false;
  const text = line.replace(/'|!(!|\$|-?\d+|[A-Za-z][\w-]*)/g, (match, event: string | undefined, at: number) => {
    if (match === "'") {
      inQuotes = !inQuotes;
      return match;
    }
    if (inQuotes || event === undefined || line[at - 1] === '\\' || line[at - 1] === '$' || line[at - 1] === '[') return match;
    const last = history.at(-1);
    let found: string | undefined;
    if (event === '!') found = last;
    else if (event === '$') found = last?.trim().split(/\s+/).at(-1);
    else if (/^-?\d+$/.test(event)) found = history.at(event.startsWith('-') ? Number(event) : Number(event) - 1);
    else found = history.findLast((entry) => entry.startsWith(event));
    if (found === undefined) error ??= `!${event}: event not found`;
    else changed = true;
    return found ?? match;
  });
  if (error !== undefined) return { error };
  return changed ? { text } : {};
}
