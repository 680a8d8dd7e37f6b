/** Keyboard input as a terminal sends it, taken apart into keys: characters, control keys, arrows, Alt combinations, pastes. */
/* eslint-disable no-control-regex -- control characters are the language of a terminal */

/** One key: `name` for control and function keys, `text` for what is typed or pasted. */
export type Key = { readonly name: string; readonly text?: undefined } | { readonly name: 'text' | 'paste'; readonly text: string };

const FINAL_LETTERS: Readonly<Record<string, string>> = { A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end', Z: 'shift-tab' };
const TILDE_NUMBERS: Readonly<Record<string, string>> = {
  '1': 'home',
  '3': 'delete',
  '4': 'end',
  '5': 'page-up',
  '6': 'page-down',
  '7': 'home',
  '8': 'end',
};
const CONTROL: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x1b': 'escape',
};

function readEscape(text: string): { key: Key | undefined; length: number } {
  const paste = /^\x1b\[200~([^]*?)\x1b\[201~/.exec(text);
  if (paste) return { key: { name: 'paste', text: paste[1]! }, length: paste[0].length };
  const sequence = /^\x1b(?:\[|O)([0-9;]*)([A-Za-z~])/.exec(text);
  if (sequence) {
    const [, numbers = '', final = ''] = sequence;
    const base = final === '~' ? TILDE_NUMBERS[numbers.split(';')[0]!] : FINAL_LETTERS[final];
    const jump = /;[35]$/.test(numbers) && (base === 'left' || base === 'right');
    return { key: base ? { name: jump ? `word-${base}` : base } : undefined, length: sequence[0].length };
  }
  const alt = /^\x1b([a-zA-Z.\x7f])/.exec(text);
  if (alt) return { key: { name: `alt-${alt[1] === '\x7f' ? 'backspace' : alt[1]!}` }, length: 2 };
  return { key: { name: 'escape' }, length: 1 };
}

/** The keys of a piece of input, and what is left because a paste has not ended yet. */
export function readKeys(input: string): { keys: Key[]; rest: string } {
  const keys: Key[] = [];
  let at = 0;
  let typed = '';
  const flush = (): void => {
    if (typed) keys.push({ name: 'text', text: typed });
    typed = '';
  };
  while (at < input.length) {
    const char = input[at]!;
    if (char >= ' ' && char !== '\x7f') {
      typed += char;
      at++;
      continue;
    }
    flush();
    if (char === '\x1b') {
      const rest = input.slice(at);
      if (rest.startsWith('\x1b[200~') && !rest.includes('\x1b[201~')) return { keys, rest };
      const { key, length } = readEscape(rest);
      if (key) keys.push(key);
      at += length;
      continue;
    }
    keys.push({ name: CONTROL[char] ?? `ctrl-${String.fromCharCode(char.charCodeAt(0) + 96)}` });
    at++;
  }
  flush();
  return { keys, rest: '' };
}
