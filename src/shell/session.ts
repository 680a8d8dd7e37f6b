/** A shell session: lines run one after the other on one state (directory, variables, functions, aliases), as in one terminal tab. */
import { discardWriter, emptyReader, type ByteReader, type ByteWriter, type Process } from '#host';
import { parse } from 'unbash';
import { expandAliases } from './aliases.ts';
import { ShellExit } from './control-flow.ts';
import { Interpreter, signalExitCode, type ShellHost } from './interpreter.ts';
import { keptOpen, standardDescriptors, type Descriptors } from './io.ts';
import { createJob, JobSignalled, type Job } from './jobs.ts';
import type { Programs } from './program.ts';
import { createShellState, type ShellState } from './state.ts';

/** Standard streams of one line; what is left out is empty or thrown away. Aborting `signal` is Ctrl-C. */
export interface RunOptions {
  readonly stdin?: ByteReader;
  readonly stdout?: ByteWriter;
  readonly stderr?: ByteWriter;
  readonly signal?: AbortSignal;
}

/** A line under way. */
export interface RunningLine {
  readonly job: Job;
  /** Settles with the exit code; 130 after Ctrl-C. Rejects only for a defect of the lab. */
  readonly done: Promise<number>;
}

/** What a session is made with. */
export interface SessionOptions {
  readonly programs: Programs;
}

/** A session that remembers its state between lines. */
export interface ShellSession {
  readonly state: ShellState;
  readonly process: Process;
  readonly programs: Programs;
  /** Runs a line (or several) and gives its exit code. Never rejects for a failing command. */
  run(line: string, options?: RunOptions): Promise<number>;
  /** Starts a line and gives its job, for job control. */
  start(line: string, io: Descriptors): RunningLine;
  /** Runs the EXIT trap; call it once when the session ends. */
  end(io: Descriptors): Promise<number>;
  /** True once `exit` was run. */
  readonly hasExited: boolean;
  /** The environment-independent host of its interpreters. */
  readonly host: ShellHost;
}

const END_OF_INPUT_MESSAGES = /^(unterminated|expected|missing)/;

/** Whether a line is only the beginning of a command: an open quote, here-document, `if` … or a trailing backslash, `|`, `&&`. */
export function isIncomplete(line: string): boolean {
  if (/(^|[^\\])(\\\\)*\\$/.test(line)) return true;
  const script = parse(line);
  if (
    script.errors?.some(
      (error) =>
        END_OF_INPUT_MESSAGES.test(error.message) && (error.pos >= line.trimEnd().length || error.message.startsWith('unterminated')),
    )
  )
    return true;
  return hasOpenHereDocument(line);
}

function hasOpenHereDocument(line: string): boolean {
  const pending: { word: string; strip: boolean }[] = [];
  for (const text of line.split('\n')) {
    const open = pending[0];
    if (open) {
      if ((open.strip ? text.replace(/^\t+/, '') : text) === open.word) pending.shift();
      continue;
    }
    for (const match of text
      .replace(/'[^']*'|"[^"]*"(?!\s*$)/g, (quoted) => (/<<-?\s*$/.test(text.slice(0, text.indexOf(quoted))) ? quoted : ''))
      .matchAll(/(?<!<)<<(-?)\s*(["']?)([A-Za-z_][\w.-]*)\2/g)) {
      pending.push({ word: match[3]!, strip: match[1] === '-' });
    }
  }
  return pending.length > 0;
}

/** Opens a session on a process; its children are that process's children. */
export function createShellSession(process: Process, options: SessionOptions): ShellSession {
  const state = createShellState(process.env, process.cwd);
  const host: ShellHost = {
    process,
    programs: options.programs,
    startedMs: process.clock.monotonicMs(),
    pace: { lastMs: process.clock.monotonicMs(), commands: 0 },
    pendingTraps: [],
  };
  let hasExited = false;
  const runIn = async (line: string, io: Descriptors, job: Job): Promise<number> => {
    const shell = new Interpreter(host, { state, io, job, tested: false });
    try {
      const code = await shell.contain(async () => {
        try {
          return await shell.runText(expandAliases(line, state.aliases));
        } catch (error) {
          if (error instanceof ShellExit) hasExited = true;
          throw error;
        }
      });
      return (state.status = job.signal ? signalExitCode(job) : code);
    } catch (error) {
      if (error instanceof JobSignalled) return (state.status = signalExitCode(job));
      throw error;
    }
  };
  const start = (line: string, io: Descriptors): RunningLine => {
    const job = createJob(0, line.trim(), async (self) => {
      await Promise.resolve();
      return runIn(line, io, self);
    });
    return { job, done: job.done };
  };
  const session: ShellSession = {
    state,
    process,
    programs: options.programs,
    host,
    start,
    get hasExited() {
      return hasExited;
    },
    async run(line, { stdin = emptyReader, stdout = discardWriter, stderr = discardWriter, signal } = {}) {
      const running = start(line, standardDescriptors(stdin, keptOpen(stdout), keptOpen(stderr)));
      const interrupt = (): void => running.job.send('INT');
      if (signal?.aborted) interrupt();
      signal?.addEventListener('abort', interrupt, { once: true });
      const code = await running.done;
      signal?.removeEventListener('abort', interrupt);
      return code;
    },
    async end(io) {
      const action = state.traps.get('EXIT');
      if (!action) return state.status;
      state.traps.delete('EXIT');
      const { status } = state;
      await start(action, io).done;
      return (state.status = status);
    },
  };
  return session;
}
