/** What Tab does to a line: finds the word under the cursor and asks for commands, variables, arguments or paths. */
import type { Completer } from './completion.ts';
import { allBuiltins } from './builtins/index.ts';
import type { Completion } from './line-editor.ts';
import { joinPath, resolvePath } from './paths.ts';
import type { ShellSession } from './session.ts';
import { environmentOf, variableText } from './state.ts';

/** The words of the last command on a line up to the cursor; the last one is being typed. */
export function wordsBefore(before: string): string[] {
  const words = [''];
  let quote = '';
  for (let at = 0; at < before.length; at++) {
    const char = before[at]!;
    const last = words.length - 1;
    if (char === '\\' && quote !== "'") words[last] += before[++at] ?? '';
    else if (quote) {
      if (char === quote) quote = '';
      else words[last] += char;
    } else if (char === "'" || char === '"') quote = char;
    else if (/\s/.test(char)) {
      if (words[last] !== '') words.push('');
    } else if (/[|;&(]/.test(char) || before.startsWith('$(', at)) {
      words.length = 0;
      words.push('');
    } else words[last] += char;
  }
  return words;
}

function paths(session: ShellSession, word: string): string[] {
  const { files } = session.process;
  const slash = word.lastIndexOf('/');
  const shown = word.slice(0, slash + 1);
  const home = variableText(session.state, 'HOME') ?? '/root';
  const directory = resolvePath(session.state.cwd, shown.startsWith('~/') ? `${home}${shown.slice(1)}` : shown || '.');
  if (files.stat(directory)?.kind !== 'directory') return [];
  const prefix = word.slice(slash + 1);
  return files
    .list(directory)
    .filter((name) => name.startsWith(prefix) && (prefix.startsWith('.') || !name.startsWith('.')))
    .map((name) => `${shown}${name}${files.stat(joinPath(directory, name))?.kind === 'directory' ? '/' : ''}`);
}

function commandNames(session: ShellSession, prefix: string): string[] {
  const { state, programs } = session;
  const names = [...programs.keys(), ...state.aliases.keys(), ...state.functions.keys(), ...allBuiltins().map(({ name }) => name)];
  return [...new Set(names)].filter((name) => name.startsWith(prefix)).sort();
}

async function candidates(session: ShellSession, words: readonly string[], completer: Completer | undefined): Promise<readonly string[]> {
  const word = words.at(-1) ?? '';
  const { state } = session;
  if (word.startsWith('$'))
    return [...state.variables.keys()]
      .map((name) => `$${name}`)
      .filter((name) => name.startsWith(word))
      .sort();
  if (words.length === 1) return word.includes('/') ? paths(session, word) : commandNames(session, word);
  const alias = state.aliases.get(words[0]!)?.trim().split(/\s+/) ?? [words[0]!];
  const offered = await completer?.({
    words: [...alias, ...words.slice(1)],
    process: session.process,
    env: environmentOf(state),
    cwd: state.cwd,
  });
  return offered ?? paths(session, word);
}

function commonPrefix(texts: readonly string[]): string {
  let prefix = texts[0] ?? '';
  for (const text of texts) while (!text.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix;
}

/** Completes the word before the cursor. Nothing happens where nothing is typed yet on the line. */
export async function completeLine(session: ShellSession, before: string, completer: Completer | undefined): Promise<Completion> {
  if (before.trim() === '') return { insert: '', choices: [] };
  const words = wordsBefore(before);
  const word = words.at(-1)!;
  const choices = [...new Set((await candidates(session, words, completer)).filter((choice) => choice.startsWith(word)))];
  if (choices.length === 0) return { insert: '', choices };
  const [only] = choices;
  const escape = (text: string): string => text.replace(/[\s'"\\|&;()<>*?]/g, '\\$&');
  if (choices.length === 1) return { insert: `${escape(only!.slice(word.length))}${/[=/:,]$/.test(only!) ? '' : ' '}`, choices };
  return {
    insert: escape(commonPrefix(choices).slice(word.length)),
    choices: choices.map((choice) => choice.replace(/^.*\/(?=[^/])/, '')),
  };
}
