/** What a command of etcdctl is: its words, its flags, what it does; and what it is given to do it with. */
import type { EtcdClient } from '#etcd/client';
import type { Process } from '#host';
import type { FlagSpec, GivenFlags } from './flags.ts';
import type { Printer } from './printers/index.ts';

/** Exit codes of etcdctl (pkg/cobrautl). */
export const EXIT = Object.freeze({
  error: 1,
  badConnection: 2,
  invalidInput: 3,
  badFeature: 4,
  interrupted: 5,
  io: 6,
  badArgs: 128,
} as const);

/** Ends etcdctl with `Error: text` and an exit code. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.error,
  ) {
    super(message);
  }
}

/** The programs a command may start (`watch -- echo`, `lock -- sleep 5`): run a line of words, get its exit code. */
export type RunWords = (words: readonly string[], env: Readonly<Record<string, string>>) => Promise<number>;

/** What a command works with. */
export interface Context {
  readonly process: Process;
  readonly flags: GivenFlags;
  readonly args: readonly string[];
  readonly printer: Printer;
  /** The endpoints as they were given. */
  readonly endpoints: readonly string[];
  /** A client of all endpoints, or of one of them. Made on demand, closed with the command. */
  client(endpoint?: string): EtcdClient;
  /** Milliseconds a short command may take. */
  readonly timeoutMs: number;
  /** Writes a line to standard output. */
  print(line: string): Promise<void>;
  /** Aborts at Ctrl-C or when the terminal is gone. */
  readonly interrupted: AbortSignal;
  readonly run: RunWords;
}

/** One command, or a group of them. */
export interface Command {
  /** As typed: `get`, `member add`. */
  readonly name: string;
  /** What follows the name in the usage line. */
  readonly usage: string;
  readonly summary: string;
  readonly flags?: readonly FlagSpec[];
  /** Runs without a deadline (watch, lock, elect, keep-alive). */
  run(context: Context): Promise<number | void>;
}

/** A hexadecimal id as the server writes it. Throws CommandError in etcdctl's words. */
export function idOf(text: string, what: string, code: number = EXIT.badArgs): string {
  if (!/^[0-9a-fA-F]{1,16}$/.test(text))
    throw new CommandError(
      `bad ${what} (strconv.Parse${what.startsWith('lease') ? 'Int' : 'Uint'}: parsing "${text}": invalid syntax), expecting ID in Hex`,
      code,
    );
  return text.toLowerCase().replace(/^0+(?=.)/, '');
}

/** Sixteen digits, as leases are shown. */
export const id16 = (id: string): string => id.padStart(16, '0');

/** First key behind all keys that begin with `prefix` (clientv3.GetPrefixRangeEnd); of the empty prefix: every key. */
export function prefixEnd(prefix: string): string {
  for (let at = prefix.length - 1; at >= 0; at--) {
    const code = prefix.charCodeAt(at);
    if (code < 0xffff) return prefix.slice(0, at) + String.fromCharCode(code + 1);
  }
  return '\0';
}
