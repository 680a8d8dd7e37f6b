/** awk's functions. */
import type { AwkRun } from './run.ts';
import type { Expression } from './syntax.ts';
import { numberOf, textOf, type Value } from './values.ts';

type Compute = (...args: Value[]) => Value;

const simple: Readonly<Record<string, Compute>> = {
  index: (text, part) => textOf(text).indexOf(textOf(part)) + 1,
  substr(text, from, count) {
    const whole = textOf(text);
    const start = Math.round(numberOf(from));
    const end = count === undefined ? Infinity : start + Math.round(numberOf(count));
    return whole.slice(Math.max(0, start - 1), Math.max(0, end - 1));
  },
  tolower: (text) => textOf(text).toLowerCase(),
  toupper: (text) => textOf(text).toUpperCase(),
  int: (value) => Math.trunc(numberOf(value)),
  sqrt: (value) => Math.sqrt(numberOf(value)),
  exp: (value) => Math.exp(numberOf(value)),
  log: (value) => Math.log(numberOf(value)),
  sin: (value) => Math.sin(numberOf(value)),
  cos: (value) => Math.cos(numberOf(value)),
  atan2: (y, x) => Math.atan2(numberOf(y), numberOf(x)),
};
const special = ['length', 'split', 'sub', 'gsub', 'match', 'sprintf', 'rand', 'srand', 'systime', 'close', 'fflush'];

/** Whether a name is one of awk's own functions. */
export const isBuiltin = (name: string): boolean => name in simple || special.includes(name);

async function substitute(run: AwkRun, [pattern, replacement, target]: readonly Expression[], all: boolean): Promise<Value> {
  const where: Expression = target ?? { type: 'field', index: { type: 'number', value: 0 } };
  const { source } = await run.pattern(pattern!);
  const text = textOf(await run.value(where));
  const template = textOf(await run.value(replacement!));
  let count = 0;
  const result = text.replace(new RegExp(source, all ? 'g' : ''), (match: string) => {
    count++;
    return template.replace(/\\\\|\\&|&/g, (one) => (one === '&' ? match : one[1]!));
  });
  if (count > 0) await run.assign(where, result);
  return count;
}

async function split(run: AwkRun, [text, array, separator]: readonly Expression[]): Promise<Value> {
  const { state } = run;
  const by =
    separator === undefined ? textOf(state.get('FS')) : separator.type === 'regex' ? separator.source : textOf(await run.value(separator));
  const isRegex = separator?.type === 'regex' && separator.source.length === 1;
  const parts = state.split(textOf(await run.value(text!)), isRegex ? `(?:${by})` : by);
  const target = array?.type === 'variable' ? state.array(array.name) : new Map<string, Value>();
  target.clear();
  for (const [at, part] of parts.entries()) target.set(String(at + 1), state.inputText(part));
  return parts.length;
}

async function match(run: AwkRun, [text, pattern]: readonly Expression[]): Promise<Value> {
  const found = (await run.pattern(pattern!)).exec(textOf(await run.value(text!)));
  run.state.set('RSTART', found ? found.index + 1 : 0);
  run.state.set('RLENGTH', found ? found[0].length : -1);
  return found ? found.index + 1 : 0;
}

async function length(run: AwkRun, [arg]: readonly Expression[]): Promise<Value> {
  if (arg?.type === 'variable' && run.state.get(arg.name) === undefined) return run.state.arrayOf(arg.name)?.size ?? 0;
  return [...textOf(arg ? await run.value(arg) : run.state.field(0))].length;
}

/** Calls one of awk's functions. */
export async function callBuiltin(run: AwkRun, name: string, args: readonly Expression[]): Promise<Value> {
  switch (name) {
    case 'length':
      return length(run, args);
    case 'split':
      return split(run, args);
    case 'sub':
    case 'gsub':
      return substitute(run, args, name === 'gsub');
    case 'match':
      return match(run, args);
    case 'rand':
      return run.world.random();
    case 'srand':
    case 'close':
    case 'fflush':
      return 0;
    case 'systime':
      return run.world.nowSeconds();
    default: {
      const values: Value[] = [];
      for (const arg of args) values.push(await run.value(arg));
      return name === 'sprintf' ? run.state.sprintf(textOf(values[0]), values.slice(1)) : simple[name]!(...values);
    }
  }
}
