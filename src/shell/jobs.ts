/** Jobs: a line (or a background command) with the processes it started, which signals reach together as a process group. */
import type { Child, Signal } from '#host';

/** Numbers of the signals a shell can send, as `kill -l` lists them. */
export const SIGNAL_NUMBERS: Readonly<Record<string, number>> = Object.freeze({
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  TERM: 15,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
});

/** One job. The interpreter looks at `signal` between commands; builtins that wait use `untilSignalled`. */
export interface Job {
  id: number;
  /** Process id as `$!` and `jobs -l` show it: that of its first process. */
  pid: number | undefined;
  readonly text: string;
  readonly children: Set<Child>;
  /** The signal that ends this job, once it was sent. */
  signal: Signal | undefined;
  state: 'running' | 'stopped' | 'done';
  exitCode: number | undefined;
  /** Settles when the job has ended, with its exit code. */
  done: Promise<number>;
  /** Settles when its first process has started or it has ended. */
  readonly started: Promise<void>;
  /** Said by the interpreter for each process it starts. */
  adopt(child: Child): void;
  /** Sends a signal to all its processes; TERM, INT, HUP and KILL also stop the shell's own work for it. */
  send(signal: Signal): void;
  /** Rejects with JobSignalled when the job is signalled, else settles as `work` does. */
  untilSignalled<T>(work: Promise<T>): Promise<T>;
  /** Calls back when the job is stopped (Ctrl-Z). */
  onStop(listener: () => void): void;
}

/** Ends the shell's own work for a job that got a signal. */
export class JobSignalled extends Error {
  constructor(readonly signal: Signal) {
    super(`signal ${signal}`);
    this.name = 'JobSignalled';
  }
}

/** A job that has not started anything yet; `run` is its work. */
export function createJob(id: number, text: string, run: (job: Job) => Promise<number>): Job {
  let tellStarted: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (tellStarted = resolve));
  const waiting = new Set<(error: JobSignalled) => void>();
  let stopListener: () => void = () => undefined;
  const job: Job = {
    id,
    pid: undefined,
    text,
    children: new Set(),
    signal: undefined,
    state: 'running',
    exitCode: undefined,
    done: Promise.resolve(0),
    started,
    adopt(child) {
      job.pid ??= child.pid;
      job.children.add(child);
      void child.exit.then(() => job.children.delete(child));
      // A process that comes up after the signal was sent (a pipeline being built) gets it as well.
      if (job.signal) child.kill(job.signal);
      tellStarted();
    },
    send(signal) {
      for (const child of job.children) child.kill(signal);
      if (signal === 'STOP') {
        job.state = 'stopped';
        stopListener();
      } else if (signal === 'CONT') {
        if (job.state === 'stopped') job.state = 'running';
      } else if (signal !== 'USR1') {
        job.signal ??= signal;
        const error = new JobSignalled(job.signal);
        for (const reject of waiting) reject(error);
        waiting.clear();
      }
    },
    untilSignalled(work) {
      if (job.signal) return Promise.reject(new JobSignalled(job.signal));
      return new Promise((resolve, reject) => {
        waiting.add(reject);
        work.then(
          (value) => {
            waiting.delete(reject);
            resolve(value);
          },
          (error: unknown) => {
            waiting.delete(reject);
            reject(error);
          },
        );
      });
    },
    onStop(listener) {
      stopListener = listener;
    },
  };
  job.done = run(job).then((code) => {
    job.state = 'done';
    job.exitCode = code;
    tellStarted();
    return code;
  });
  // Whoever waits for the job hears of a failure; a job nobody waits for has told it on its own stderr.
  job.done.catch(() => tellStarted());
  return job;
}
