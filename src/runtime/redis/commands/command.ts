/** What a Redis command is, and how its arguments are read. */
import { CommandError, type Database } from '../database.ts';
import type { Reply } from '../resp.ts';
import type { ServerState } from '../server-state.ts';

/** What a command works on. */
export interface CommandContext {
  readonly db: Database;
  readonly server: ServerState;
  readonly nowMs: () => number;
}

/** One command. */
export interface Command {
  /** Number of words with the command itself; negative: at least that many. */
  readonly arity: number;
  /** Changes keys: written to the append-only file and to replicas. */
  readonly isWrite?: boolean;
  /** Throws CommandError. */
  run(context: CommandContext, args: readonly string[]): Reply;
}

/** Commands by name in lower case. */
export type CommandTable = Readonly<Record<string, Command>>;

/** A command that changes keys. */
export const write = (arity: number, run: Command['run']): Command => ({ arity, isWrite: true, run });
/** A command that only looks. */
export const read = (arity: number, run: Command['run']): Command => ({ arity, run });

/** A whole number of an argument. */
export function integer(text: string | undefined): number {
  if (text === undefined || !/^-?\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new CommandError('ERR value is not an integer or out of range');
  return Number(text);
}

/** A number of an argument. */
export function float(text: string | undefined): number {
  const value = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity }[(text ?? '').toLowerCase()] ?? Number(text || Number.NaN);
  if (Number.isNaN(value)) throw new CommandError('ERR value is not a valid float');
  return value;
}

/** A number as Redis prints it. */
export const formatFloat = (value: number): string => (value === Infinity ? 'inf' : value === -Infinity ? '-inf' : String(value));

/** Redis' complaint about words it cannot place. */
export const syntaxError = (): CommandError => new CommandError('ERR syntax error');

/** Start and end of a range as Redis counts them (negative from the end, both included) as a slice. */
export function sliceOf(
  length: number,
  start: string | undefined,
  stop: string | undefined,
): { readonly from: number; readonly to: number } {
  const at = (text: string | undefined): number => {
    const index = integer(text);
    return index < 0 ? length + index : index;
  };
  const from = Math.max(0, at(start));
  return { from, to: Math.max(from, Math.min(length, at(stop) + 1)) };
}
