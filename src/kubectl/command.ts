/** What a kubectl command is, and what it is given to work with. */
import type { FlagSpec, Flags } from './flags.ts';
import type { Session } from './session.ts';

/** A command under way. */
export interface Invocation {
  readonly session: Session;
  readonly flags: Flags;
  readonly args: readonly string[];
  /** How many of `args` stood before `--`; -1 where there was none. */
  readonly dashAt: number;
  /** `kubectl create deployment`. */
  readonly path: string;
  readonly command: Command;
}

/** One verb (or a verb below a verb). */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line, as `kubectl --help` lists it. */
  readonly short: string;
  /** Longer help. Default: `short`. */
  readonly long?: string;
  /** `kubectl get [(-o|--output=)json|yaml|…] …`: what follows the command's path. */
  readonly usage?: string;
  readonly examples?: string;
  readonly group?: string;
  /** How a group of verbs that is called by itself ends: by default its help goes to standard error, with exit code 1. */
  readonly alone?: { readonly onStdout: boolean; readonly exitCode: number };
  readonly flags?: readonly FlagSpec[];
  readonly commands?: readonly Command[];
  /** What completes the positional words. */
  readonly completes?: 'resources' | 'pods' | 'nodes' | 'files' | 'none' | 'contexts';
  /** Gives the exit code (undefined: 0). Without it the command only prints its help. */
  run?(invocation: Invocation): Promise<number | void>;
}
