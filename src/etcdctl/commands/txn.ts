/** `etcdctl txn`: comparisons, then what to do if they hold, then what else; each section ends with an empty line. */
import type { etcd } from '#contracts';
import { readLines } from '#host';
import { CommandError, EXIT, idOf, type Command } from '../command.ts';
import { readFlags, type FlagSpec } from '../flags.ts';
import { DEL_FLAGS, delRequest } from './del.ts';
import { GET_FLAGS, getRequest } from './get.ts';
import { PUT_FLAGS, putRequest } from './put.ts';

/** Words of a line as etcdctl splits them: quoted ones lose their quotes. */
export function argify(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/"(?:\\.|[^"\\])*"|'[^']*'|\S+/g)) {
    if (word.startsWith('"') && word.endsWith('"') && word.length > 1) words.push(unquote(word) ?? word.slice(1, -1));
    else if (word.startsWith("'") && word.endsWith("'") && word.length > 1) words.push(word.slice(1, -1));
    else words.push(word);
  }
  return words;
}

/** A Go string literal's text; undefined where it is none. */
function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text.replace(/\\x([0-9a-fA-F]{2})/g, '\\u00$1')) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const RESULTS: Readonly<Record<string, etcd.CompareResult>> = { '=': 'EQUAL', '!=': 'NOT_EQUAL', '>': 'GREATER', '<': 'LESS' };

/** One comparison: `mod("key") > "0"`. Throws CommandError in etcdctl's words. */
export function parseCompare(line: string): etcd.Compare {
  const fail = (detail: string): CommandError => new CommandError(`malformed comparison: ${line}${detail}`, EXIT.invalidInput);
  const [, target, rest = ''] = /^([^(]*)\(([^]*)$/.exec(line) ?? [];
  if (target === undefined) throw fail('');
  const [, keyText = '', operator = '', valueText = ''] =
    /^\s*("(?:\\.|[^"\\])*")(?:\s*\)\s*(\S+)(?:\s+("(?:\\.|[^"\\])*"))?)?/.exec(rest) ?? [];
  const key = unquote(keyText);
  const value = unquote(valueText);
  // What could be read of it is told, as Go's Sscanf left it.
  if (key === undefined || value === undefined) throw fail(`; got ${target}(${JSON.stringify(key ?? '')}) ${operator} ""`);
  const result = RESULTS[operator];
  if (!result) throw fail(` (unknown op ${operator})`);
  const number = (): number => {
    if (!/^[-+]?\d+$/.test(value)) throw new CommandError(`invalid txn compare request: ${line}`, EXIT.invalidInput);
    return Number(value);
  };
  switch (target) {
    case 'ver':
    case 'version':
      return { key, result, target: 'VERSION', version: number() };
    case 'c':
    case 'create':
      return { key, result, target: 'CREATE', createRevision: number() };
    case 'm':
    case 'mod':
      return { key, result, target: 'MOD', modRevision: number() };
    case 'val':
    case 'value':
      return { key, result, target: 'VALUE', value };
    case 'lease':
      return { key, result, target: 'LEASE', lease: idOf(value, 'lease ID') };
    default:
      throw fail(` (unknown target ${target})`);
  }
}

/** One request: a get, put or del as on the command line. Throws CommandError in etcdctl's words. */
export async function parseRequest(line: string): Promise<etcd.RequestOp> {
  const [verb = '', ...words] = argify(line);
  if (words.length === 0) throw new CommandError(`invalid txn compare request: ${line}`, EXIT.invalidInput);
  const read = (specs: readonly FlagSpec[]): ReturnType<typeof readFlags> => readFlags(words, specs, {});
  if (verb === 'get') return { range: getRequest(read(GET_FLAGS).args, read(GET_FLAGS)) };
  if (verb === 'put') return { put: await putRequest(read(PUT_FLAGS).args, read(PUT_FLAGS)) };
  if (verb === 'del') return { deleteRange: delRequest(read(DEL_FLAGS).args, read(DEL_FLAGS)) };
  throw new CommandError(`invalid txn request: ${line}`, EXIT.invalidInput);
}

export const txn: Command = {
  name: 'txn',
  usage: '[options]',
  summary: 'Txn processes all the requests in one transaction',
  flags: [{ name: 'interactive', shorthand: 'i', fallback: 'false', isSwitch: true, usage: 'Input transaction in interactive mode' }],
  async run({ flags, args, printer, client, timeoutMs, process, print }) {
    if (args.length > 0) throw new CommandError('txn command does not accept argument', EXIT.badArgs);
    const lines = readLines(process.stdin);
    const section = async (title: string): Promise<string[]> => {
      if (flags.switch('interactive')) await print(title);
      const given: string[] = [];
      for (;;) {
        const next = await lines.next();
        if (next.done || next.value.trim() === '') return given;
        given.push(next.value);
      }
    };
    const compare = (await section('compares:')).map(parseCompare);
    const success = await Promise.all((await section('success requests (get, put, del):')).map(parseRequest));
    const failure = await Promise.all((await section('failure requests (get, put, del):')).map(parseRequest));
    await process.stdout.write(printer.txn(await client().txn({ compare, success, failure }, { timeoutMs })));
  },
};
