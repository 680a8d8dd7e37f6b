/** The prompt: PS1 with the escapes of bash that people use. */
import type { Process } from '#host';
import { variableText, type ShellState } from './state.ts';

/** student@workstation:~$ in green and blue. */
const DEFAULT_PS1 = '\\[\\e[01;32m\\]\\u@\\h\\[\\e[00m\\]:\\[\\e[01;34m\\]\\w\\[\\e[00m\\]\\$ ';

function directory(state: ShellState): string {
  const home = variableText(state, 'HOME');
  if (home && home !== '/' && (state.cwd === home || state.cwd.startsWith(`${home}/`))) return `~${state.cwd.slice(home.length)}`;
  return state.cwd;
}

/** The text of the prompt for a session as it stands. */
export function promptText(state: ShellState, process: Process): string {
  const source = variableText(state, 'PS1') ?? DEFAULT_PS1;
  const user = variableText(state, 'USER') ?? 'root';
  const path = directory(state);
  const time = new Date(process.clock.wallMs()).toISOString().slice(11, 19);
  const meanings: Readonly<Record<string, string>> = {
    u: user,
    h: process.hostname.split('.')[0]!,
    H: process.hostname,
    w: path,
    W: path === '~' ? path : path.slice(path.lastIndexOf('/') + 1) || '/',
    $: user === 'root' ? '#' : '$',
    n: '\n',
    e: '\x1b',
    a: '\x07',
    t: time,
    A: time.slice(0, 5),
    s: 'bash',
    v: '5.2',
    j: String(state.jobs.length),
    '!': String(state.history.length + 1),
    '[': '',
    ']': '',
    '\\': '\\',
  };
  return source.replace(/\\(0\d{2}|.)/g, (match, letter: string) =>
    /^0\d{2}$/.test(letter) ? String.fromCharCode(parseInt(letter, 8)) : (meanings[letter] ?? match),
  );
}
