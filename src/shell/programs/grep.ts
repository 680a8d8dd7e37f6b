/** grep: lines that fit a pattern; -E -F -G -P -v -i -n -c -o -l -L -A -B -C -q -r -w -x -s -h -H -m -e -f. */
import { readAll, readLines, type ByteReader, type Process } from '#host';
import { applet, UsageError, wholeNumber, type GivenOptions } from '../applet.ts';
import { openForReading } from '../io.ts';
import { failureText } from '../messages.ts';
import { joinPath, resolvePath } from '../paths.ts';
import { posixRegExp } from '../regular-expression.ts';

interface Search {
  readonly test: RegExp;
  readonly options: GivenOptions;
  readonly before: number;
  readonly after: number;
  readonly max: number;
}

function buildSearch(options: GivenOptions, sources: readonly string[]): Search {
  const syntax = options.has('F') ? 'fixed' : options.has('E') || options.has('P') ? 'extended' : 'basic';
  const alternatives = sources.map((source) => posixRegExp(source, syntax));
  let source = alternatives.map((one) => `(?:${one})`).join('|');
  if (options.has('w')) source = `(?<![\\w])(?:${source})(?![\\w])`;
  if (options.has('x')) source = `^(?:${source})$`;
  const context = (letter: string): number =>
    wholeNumber(options.value(letter) ?? options.value('C') ?? '0', 'invalid context length argument');
  try {
    return {
      test: new RegExp(source, options.has('i') || options.has('y') ? 'gi' : 'g'),
      options,
      before: context('B'),
      after: context('A'),
      max: options.has('m') ? wholeNumber(options.value('m')!, 'invalid max count') : Infinity,
    };
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError('Invalid regular expression', 2);
    throw error;
  }
}

/** Searches one input; gives whether a line was selected. */
async function searchIn(process: Process, reader: ByteReader, prefix: string, name: string, search: Search): Promise<boolean> {
  const { options, test, before, after, max } = search;
  const quiet = options.has('q') || options.has('l') || options.has('L') || options.has('c');
  const waiting: { number: number; text: string }[] = [];
  let number = 0;
  let count = 0;
  let afterLeft = 0;
  let lastPrinted = 0;
  const print = async (at: number, mark: string, text: string): Promise<void> => {
    if ((before > 0 || after > 0) && lastPrinted > 0 && at > lastPrinted + 1) await process.stdout.write('--\n');
    lastPrinted = at;
    await process.stdout.write(`${prefix ? `${prefix}${mark}` : ''}${options.has('n') ? `${at}${mark}` : ''}${text}\n`);
  };
  for await (const text of readLines(reader)) {
    number++;
    test.lastIndex = 0;
    if (test.test(text) === options.has('v')) {
      if (!quiet && afterLeft > 0) {
        afterLeft--;
        await print(number, '-', text);
      } else if (before > 0) {
        waiting.push({ number, text });
        if (waiting.length > before) waiting.shift();
      }
      continue;
    }
    count++;
    if (options.has('q')) return true;
    if (!quiet && options.has('o')) {
      test.lastIndex = 0;
      for (const match of text.matchAll(test)) if (match[0]) await print(number, ':', match[0]);
    } else if (!quiet) {
      for (const line of waiting.splice(0)) await print(line.number, '-', line.text);
      await print(number, ':', text);
      afterLeft = after;
    }
    if (options.has('l') || count >= max) break;
  }
  if (options.has('c')) await process.stdout.write(`${prefix ? `${prefix}:` : ''}${count}\n`);
  if ((options.has('l') && count > 0) || (options.has('L') && count === 0)) await process.stdout.write(`${name}\n`);
  return count > 0;
}

function filesBelow(process: Process, path: string): string[] {
  const absolute = resolvePath(process.cwd, path);
  if (process.files.stat(absolute)?.kind !== 'directory') return [path];
  return process.files.list(absolute).flatMap((name) => filesBelow(process, joinPath(path, name)));
}

async function run(process: Process, options: GivenOptions): Promise<number> {
  const operands = [...options.operands];
  const sources = [...options.values('e')];
  for (const file of options.values('f'))
    sources.push(...(await readAll(openForReading(process.files, resolvePath(process.cwd, file)))).replace(/\n$/, '').split('\n'));
  if (sources.length === 0) {
    const source = operands.shift();
    if (source === undefined) {
      await process.stderr.write("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n");
      return 2;
    }
    sources.push(...source.split('\n'));
  }
  const search = buildSearch(options, sources);
  const recursive = options.has('r') || options.has('R');
  if (operands.length === 0) operands.push(recursive ? '.' : '-');
  const names = recursive ? operands.flatMap((operand) => filesBelow(process, operand)) : operands;
  const prefixed = options.has('H') || (!options.has('h') && (names.length > 1 || recursive));
  let found = false;
  let failed = false;
  for (const name of names) {
    const label = name === '-' ? '(standard input)' : name;
    try {
      const reader = name === '-' ? process.stdin : openForReading(process.files, resolvePath(process.cwd, name));
      found = (await searchIn(process, reader, prefixed ? label : '', label, search)) || found;
    } catch (error) {
      failed = true;
      if (options.has('s')) continue;
      const text = failureText(error);
      await process.stderr.write(text === 'Is a directory' ? `grep: ${name}: Is a directory\n` : `grep: ${name}: ${text}\n`);
    }
    if (found && options.has('q')) return 0;
  }
  return failed ? 2 : found ? 0 : 1;
}

const LONG = {
  'extended-regexp': 'E',
  'fixed-strings': 'F',
  'ignore-case': 'i',
  'invert-match': 'v',
  'line-number': 'n',
  count: 'c',
  'only-matching': 'o',
  quiet: 'q',
  silent: 'q',
  recursive: 'r',
  'word-regexp': 'w',
  'line-regexp': 'x',
  'files-with-matches': 'l',
  'no-messages': 's',
  regexp: 'e',
  file: 'f',
  'after-context': 'A',
  'before-context': 'B',
  context: 'C',
  'max-count': 'm',
  color: 'color',
  colour: 'color',
};

/** grep */
export const grep = applet({ flags: 'EFGPviyncoqrRwxlLshHaI', values: 'ABCefm', long: LONG }, run, 2);

/** egrep: grep -E. */
export const egrep = applet(
  { flags: 'EFGPviyncoqrRwxlLshHaI', values: 'ABCefm', long: LONG },
  (process, options) => run(process, { ...options, has: (name) => name === 'E' || options.has(name) }),
  2,
);
