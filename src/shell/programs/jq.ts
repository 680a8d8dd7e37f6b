/** jq: filters JSON; -r -j -c -n -s -e -S -a --arg --argjson --args --tab --indent, colours left out. */
import { readAll, type Process, type Program } from '#host';
import { openForReading } from '../io.ts';
import { baseScope, results } from '../jq/evaluate.ts';
import { JqSyntaxError, parseFilter, type Filter } from '../jq/syntax.ts';
import { isTrue, JqError, sortedKeys } from '../jq/values.ts';
import { failureText } from '../messages.ts';
import { resolvePath } from '../paths.ts';

interface Options {
  readonly letters: ReadonlySet<string>;
  readonly variables: ReadonlyMap<string, unknown>;
  readonly indent: string | number;
  readonly filter: string;
  readonly files: readonly string[];
}

class UsageFailure extends Error {}

const LONG: Readonly<Record<string, string>> = {
  'raw-output': 'r',
  'join-output': 'j',
  'compact-output': 'c',
  'null-input': 'n',
  slurp: 's',
  'exit-status': 'e',
  'sort-keys': 'S',
  'raw-input': 'R',
  'monochrome-output': 'M',
  'color-output': 'C',
  tab: 't',
};

function readOptions(process: Process): Options {
  const letters = new Set<string>();
  const variables = new Map<string, unknown>([
    ['ENV', { ...process.env }],
    ['__now', process.clock.wallMs() / 1000],
  ]);
  const operands: string[] = [];
  const positional: unknown[] = [];
  const named: Record<string, unknown> = {};
  let indent: string | number = 2;
  let rest: 'files' | 'args' | 'jsonargs' = 'files';
  const words = [...process.argv];
  const next = (): string => {
    const word = words.shift();
    if (word === undefined) throw new UsageFailure('--arg takes two parameters (e.g. --arg varname value)');
    return word;
  };
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--arg' || word === '--argjson' || word === '--slurpfile' || word === '--rawfile') {
      const name = next();
      const text = next();
      const read = (): string => process.files.readText(resolvePath(process.cwd, text));
      const value: unknown =
        word === '--arg' ? text : word === '--argjson' ? JSON.parse(text) : word === '--rawfile' ? read() : readValues(read());
      variables.set(name, value);
      named[name] = value;
    } else if (word === '--args' || word === '--jsonargs') rest = word === '--args' ? 'args' : 'jsonargs';
    else if (word === '--indent') indent = Number(next());
    else if (word.startsWith('--')) {
      const letter = LONG[word.slice(2)];
      if (!letter)
        throw new UsageFailure(
          `Unknown arguments\nUse jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq`,
        );
      letters.add(letter);
    } else if (/^-[a-zA-Z]+$/.test(word)) for (const letter of word.slice(1)) letters.add(letter);
    else if (operands.length > 0 && rest !== 'files') positional.push(rest === 'args' ? word : JSON.parse(word));
    else operands.push(word);
  }
  variables.set('__prog_args', positional);
  variables.set('ARGS', { positional, named });
  const [filter = '.', ...files] = operands;
  if (letters.has('t')) indent = '\t';
  return { letters, variables, indent: letters.has('c') ? 0 : indent, filter, files };
}

/** JSON values one after the other. Throws JqError with jq's words. */
function readValues(text: string): unknown[] {
  const values: unknown[] = [];
  for (let rest = text.trim(); rest !== '';) {
    try {
      values.push(JSON.parse(rest));
      return values;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const position = Number(/after JSON at position (\d+)/.exec(error.message)?.[1] ?? 0);
      if (position === 0) throw new JqError('parse error: Invalid numeric literal or unfinished JSON term');
      values.push(JSON.parse(rest.slice(0, position)));
      rest = rest.slice(position).trim();
    }
  }
  return values;
}

async function inputText(process: Process, files: readonly string[]): Promise<string> {
  if (files.length === 0) return readAll(process.stdin);
  let text = '';
  for (const name of files) text += `${await readAll(openForReading(process.files, resolvePath(process.cwd, name)))}\n`;
  return text;
}

function printed(value: unknown, { letters, indent }: Options): string {
  if (typeof value === 'string' && (letters.has('r') || letters.has('j'))) return letters.has('j') ? value : `${value}\n`;
  const text = JSON.stringify(letters.has('S') ? sortedKeys(value) : (value ?? null), null, indent);
  return letters.has('j') ? text : `${text}\n`;
}

async function runFilter(process: Process, filter: Filter, options: Options, values: unknown[]): Promise<number> {
  const waiting = [...values];
  const scope = baseScope(options.variables, {
    next() {
      if (waiting.length === 0) throw new JqError('No more inputs');
      return waiting.shift();
    },
    get isEmpty() {
      return waiting.length === 0;
    },
  });
  let status = 0;
  let last: unknown;
  let any = false;
  const inputs = options.letters.has('n') ? [null] : undefined;
  while (inputs ? inputs.length > 0 : waiting.length > 0) {
    const input = inputs ? inputs.shift() : waiting.shift();
    try {
      for (const value of results(filter, input, scope)) {
        last = value;
        any = true;
        await process.stdout.write(printed(value, options));
        await process.yield();
      }
    } catch (error) {
      if (!(error instanceof JqError)) throw error;
      await process.stderr.write(`jq: error (at <stdin>:0): ${error.message}\n`);
      status = 5;
    }
  }
  if (status !== 0 || !options.letters.has('e')) return status;
  return any ? (isTrue(last) ? 0 : 1) : 4;
}

/** jq */
export const jq: Program = async (process) => {
  try {
    const options = readOptions(process);
    const filter = parseFilter(options.filter);
    const text =
      options.letters.has('n') && options.files.length === 0 && !/\binputs?\b/.test(options.filter)
        ? ''
        : await inputText(process, options.files);
    const raw = options.letters.has('R');
    const lines = raw ? (options.letters.has('s') ? [text] : text.replace(/\n$/, '').split('\n')) : readValues(text);
    return await runFilter(process, filter, options, options.letters.has('s') && !raw ? [lines] : lines);
  } catch (error) {
    if (error instanceof JqSyntaxError) {
      await process.stderr.write(
        `jq: error: ${error.message} at <top-level>, line 1:\n${process.argv.find((word) => !word.startsWith('-')) ?? ''}\njq: 1 compile error\n`,
      );
      return 3;
    }
    if (error instanceof UsageFailure || error instanceof SyntaxError) {
      await process.stderr.write(`jq: ${error.message}\n`);
      return 2;
    }
    const message = error instanceof JqError ? error.message : `error: Could not open file: ${failureText(error)}`;
    await process.stderr.write(`jq: ${message.startsWith('parse error') ? `${message.slice(0, 11)}:${message.slice(12)}` : message}\n`);
    return 2;
  }
};
