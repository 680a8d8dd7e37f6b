/** What the generic programs share: reading options as getopt does, opening their operands, telling failures as coreutils do. */
import { BrokenPipeError, type ByteReader, type Process, type Program } from '#host';
import { openForReading } from './io.ts';
import { failureText } from './messages.ts';
import { resolvePath } from './paths.ts';

/** Ends a program with `name: message` on stderr and an exit code. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** Options a program takes: letters without a value, letters with one, and the long names of both. */
export interface OptionSpec {
  readonly flags?: string;
  readonly values?: string;
  /** Long name → letter (or any name of several characters for an option that has only a long form). */
  readonly long?: Readonly<Record<string, string>>;
  /** Long names that take a value though they have no letter in `values`. */
  readonly longValues?: readonly string[];
  /** Options end at the first operand (env, xargs, watch). */
  readonly stopAtOperand?: boolean;
  /** `-5` means `-n 5` (head, tail). */
  readonly numberLetter?: string;
  /** The first word is a bundle of letters though it has no dash, and their values follow it in order (tar). */
  readonly bundle?: boolean;
}

/** Options as given. */
export interface GivenOptions {
  has(name: string): boolean;
  value(name: string): string | undefined;
  values(name: string): readonly string[];
  readonly operands: readonly string[];
}

/** `cf - x` as `-c -f- x`. */
function unbundled(argv: readonly string[], spec: OptionSpec): readonly string[] {
  const [bundle, ...rest] = argv;
  if (bundle === undefined || bundle.startsWith('-')) return argv;
  const options = [...bundle].map((letter) => {
    if (!(spec.values ?? '').includes(letter)) return `-${letter}`;
    const value = rest.shift();
    if (value === undefined) throw new UsageError(`Old option '${letter}' requires an argument.`, 2);
    return `-${letter}${value}`;
  });
  return [...options, ...rest];
}

/** Reads options as getopt_long does. Throws UsageError in its words. */
export function readOptions(given: readonly string[], spec: OptionSpec): GivenOptions {
  return optionsOf(spec.bundle ? unbundled(given, spec) : given, spec);
}

function optionsOf(argv: readonly string[], spec: OptionSpec): GivenOptions {
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  const add = (name: string, value: string): void => void given.set(name, [...(given.get(name) ?? []), value]);
  const takesValue = (name: string): boolean =>
    name.length === 1 ? (spec.values ?? '').includes(name) : (spec.longValues ?? []).includes(name);
  let at = 0;
  const next = (what: string): string => {
    const value = argv[++at];
    if (value === undefined) throw new UsageError(`option requires an argument -- '${what}'`);
    return value;
  };
  for (; at < argv.length; at++) {
    const arg = argv[at]!;
    if (arg === '--') {
      operands.push(...argv.slice(at + 1));
      break;
    }
    if (arg.startsWith('--')) {
      const [, name, value] = /^--([^=]+)(?:=([^]*))?$/.exec(arg) as unknown as [string, string, string | undefined];
      const letter = spec.long?.[name] ?? (spec.longValues?.includes(name) ? name : undefined);
      if (letter === undefined) throw new UsageError(`unrecognized option '${arg}'`);
      add(letter, value ?? (takesValue(letter) ? next(name) : ''));
    } else if (spec.numberLetter && /^-\d+$/.test(arg)) add(spec.numberLetter, arg.slice(1));
    else if (/^-./.test(arg)) {
      for (let index = 1; index < arg.length; index++) {
        const letter = arg[index]!;
        if (takesValue(letter)) {
          add(letter, arg.slice(index + 1) || next(letter));
          break;
        }
        if (!(spec.flags ?? '').includes(letter)) throw new UsageError(`invalid option -- '${letter}'`);
        add(letter, '');
      }
    } else {
      operands.push(arg);
      if (!spec.stopAtOperand) continue;
      operands.push(...argv.slice(at + 1));
      break;
    }
  }
  return {
    has: (name) => given.has(name),
    value: (name) => given.get(name)?.at(-1),
    values: (name) => given.get(name) ?? [],
    operands,
  };
}

/** A program whose options are read for it and whose UsageErrors and file errors become messages. */
export function applet(spec: OptionSpec, run: (process: Process, options: GivenOptions) => Promise<number>, usageExitCode = 1): Program {
  return async (process) => {
    try {
      return await run(process, readOptions(process.argv, spec));
    } catch (error) {
      if (error instanceof BrokenPipeError) throw error;
      if (error instanceof UsageError) {
        await process.stderr.write(`${process.name}: ${error.message}\n`);
        return error.exitCode === 1 ? usageExitCode : error.exitCode;
      }
      await process.stderr.write(`${process.name}: ${failureText(error)}\n`);
      return usageExitCode;
    }
  };
}

/** An operand opened for reading. */
export interface Input {
  /** The operand as given; `-` for standard input. */
  readonly name: string;
  readonly reader: ByteReader;
}

/**
 * Opens each operand in turn (`-` or none: standard input) and hands it to `use`. What cannot be opened is told as
 * `name: operand: No such file or directory` and makes the result 1.
 */
export async function forEachInput(
  process: Process,
  operands: readonly string[],
  use: (input: Input) => Promise<void>,
  failureCode = 1,
): Promise<number> {
  let status = 0;
  for (const name of operands.length ? operands : ['-']) {
    let reader: ByteReader;
    try {
      reader = name === '-' || name === '/dev/stdin' ? process.stdin : openForReading(process.files, resolvePath(process.cwd, name));
    } catch (error) {
      await process.stderr.write(`${process.name}: ${name}: ${failureText(error)}\n`);
      status = failureCode;
      continue;
    }
    await use({ name, reader });
  }
  return status;
}

/** A whole number of an option. Throws UsageError. */
export function wholeNumber(text: string, complaint: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new UsageError(`${complaint}: '${text}'`);
  return Number(text);
}
