/** Command-line flags as kubectl reads them (spf13/pflag): long and short forms, defaults without a value, typed values and their error texts. */
import { parseDuration } from '#apimachinery';

/** What a flag holds. `list` repeats and splits at commas (stringSlice), `array` repeats and does not (stringArray). */
export type FlagType = 'string' | 'bool' | 'int' | 'duration' | 'list' | 'array';

/** One flag of a command. */
export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  /** Value of the bare flag (`--dry-run` is `unchanged`): then a value needs `=`. */
  readonly bare?: string;
  /** Whether the command does nothing without it. */
  readonly required?: boolean;
  /** Default, as its text form. */
  readonly initial?: string;
  readonly help: string;
}

/** The flags given to a command. */
export interface Flags {
  text(name: string): string;
  on(name: string): boolean;
  number(name: string): number;
  list(name: string): readonly string[];
  /** Milliseconds of a duration flag. */
  durationMs(name: string): number;
  /** Whether it was on the command line. */
  given(name: string): boolean;
}

/** A misuse of flags; printed as `error: …` with a pointer to the help. */
export class FlagError extends Error {}

/** What reading the flags left: positional words, and where `--` stood among them (-1: nowhere). */
export interface ParsedFlags {
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly dashAt: number;
}

const shown = (spec: FlagSpec): string => (spec.short ? `-${spec.short}, --${spec.name}` : `--${spec.name}`);
const GO_TYPES: Readonly<Record<FlagType, string>> = {
  string: 'string',
  bool: 'ParseBool',
  int: 'ParseInt',
  duration: 'duration',
  list: 'stringSlice',
  array: 'stringArray',
};

function checkValue(spec: FlagSpec, value: string): string {
  const refuse = (reason: string): never => {
    throw new FlagError(`invalid argument "${value}" for "${shown(spec)}" flag: ${reason}`);
  };
  if (spec.type === 'bool') {
    if (/^(1|t|T|TRUE|true|True)$/.test(value)) return 'true';
    if (/^(0|f|F|FALSE|false|False)$/.test(value)) return 'false';
    return refuse(`strconv.${GO_TYPES.bool}: parsing "${value}": invalid syntax`);
  }
  if (spec.type === 'int' && !/^[-+]?\d+$/.test(value)) return refuse(`strconv.${GO_TYPES.int}: parsing "${value}": invalid syntax`);
  if (spec.type === 'duration') {
    try {
      parseDuration(value);
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
  }
  return value;
}

/** Splits a comma list as pflag's stringSlice (CSV) does. */
function splitList(text: string): string[] {
  return text === ''
    ? []
    : (text.match(/("([^"]|"")*"|[^,])*(,|$)/g) ?? [])
        .slice(0, -1)
        .concat([])
        .map((part) => part.replace(/,$/, '').replace(/^"([^]*)"$/, '$1'));
}

function flagsOf(specs: readonly FlagSpec[], values: ReadonlyMap<string, readonly string[]>): Flags {
  const last = (name: string): string => {
    const spec = specs.find((one) => one.name === name);
    return values.get(name)?.at(-1) ?? spec?.initial ?? '';
  };
  return {
    text: last,
    on: (name) => last(name) === 'true',
    number: (name) => Number(last(name) || 0),
    durationMs: (name) => parseDuration(last(name) || '0s'),
    given: (name) => values.has(name),
    list(name) {
      const spec = specs.find((one) => one.name === name);
      const given = values.get(name) ?? (spec?.initial ? [spec.initial] : []);
      return spec?.type === 'list'
        ? given.flatMap((text) => (text.includes('"') ? splitList(text) : text.split(','))).filter((text) => text !== '')
        : given;
    },
  };
}

/** Reads flags anywhere among the words, until `--`. Throws FlagError in pflag's words. */
export function parseCommandFlags(words: readonly string[], specs: readonly FlagSpec[]): ParsedFlags {
  const values = new Map<string, string[]>();
  const args: string[] = [];
  let dashAt = -1;
  const add = (spec: FlagSpec, value: string): void =>
    void values.set(spec.name, [...(values.get(spec.name) ?? []), checkValue(spec, value)]);
  const bareOf = (spec: FlagSpec): string | undefined => spec.bare ?? (spec.type === 'bool' ? 'true' : undefined);
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--') {
      dashAt = args.length;
      args.push(...words.slice(at + 1));
      break;
    }
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
      const spec = specs.find((one) => one.name === name);
      if (!spec) throw new FlagError(`unknown flag: --${name}`);
      const value = equals < 0 ? (bareOf(spec) ?? words[++at]) : word.slice(equals + 1);
      if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
      add(spec, value);
    } else if (/^-[^-]/.test(word)) {
      for (let index = 1; index < word.length; index++) {
        const spec = specs.find((one) => one.short === word[index]);
        if (!spec) throw new FlagError(`unknown shorthand flag: '${word[index]}' in ${word}`);
        const rest = word.slice(index + 1);
        if (rest.startsWith('=')) add(spec, rest.slice(1));
        else if (bareOf(spec) !== undefined) {
          add(spec, bareOf(spec)!);
          continue;
        } else if (rest) add(spec, rest);
        else {
          const value = words[++at];
          if (value === undefined) throw new FlagError(`flag needs an argument: '${word[index]}' in ${word}`);
          add(spec, value);
        }
        break;
      }
    } else args.push(word);
  }
  return { flags: flagsOf(specs, values), args, dashAt };
}
