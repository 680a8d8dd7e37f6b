/** The prompt. */
import type { ByteReader, ByteWriter, Terminal } from '#host';
import type { Completer } from './completion.ts';
import type { ShellSession } from './session.ts';

/** A terminal's raw streams. */
export interface TerminalStreams {
  readonly input: ByteReader;
  readonly output: ByteWriter;
  readonly terminal: Terminal | undefined;
}
export declare function runInteractive(session: ShellSession, streams: TerminalStreams, completer?: Completer): Promise<number>;
