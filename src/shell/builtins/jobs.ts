/** Job control: jobs, fg, bg, wait, kill, disown. */
import type { Signal } from '#host';
import { SIGNAL_NUMBERS, type Job } from '../jobs.ts';
import type { Interpreter } from '../interpreter.ts';
import { refuse, type Builtin } from './builtin.ts';

/** A job as `jobs` prints it. */
export function jobLine(job: Job, jobs: readonly Job[]): string {
  const mark = job === jobs.at(-1) ? '+' : job === jobs.at(-2) ? '-' : ' ';
  const state =
    job.state === 'running'
      ? 'Running'
      : job.state === 'stopped'
        ? 'Stopped'
        : job.signal
          ? 'Terminated'
          : job.exitCode
            ? `Exit ${job.exitCode}`
            : 'Done';
  return `[${job.id}]${mark}  ${state.padEnd(23)} ${job.text}${job.state === 'running' ? ' &' : ''}\n`;
}

function findJob(shell: Interpreter, word: string | undefined): Job | undefined {
  const { jobs } = shell.state;
  if (word === undefined || word === '%%' || word === '%+' || word === '%') return jobs.at(-1);
  if (word === '%-') return jobs.at(-2);
  if (/^%\d+$/.test(word)) return jobs.find((job) => job.id === Number(word.slice(1)));
  if (word.startsWith('%')) return jobs.findLast((job) => job.text.startsWith(word.slice(1)));
  return jobs.find((job) => job.pid === Number(word));
}

function forget(shell: Interpreter, job: Job): void {
  const at = shell.state.jobs.indexOf(job);
  if (at >= 0) shell.state.jobs.splice(at, 1);
}

async function listJobs(args: readonly string[], shell: Interpreter): Promise<number> {
  for (const job of [...shell.state.jobs]) {
    const line = jobLine(job, shell.state.jobs);
    await shell
      .writer(1)
      .write(args.includes('-p') ? `${job.pid ?? ''}\n` : args.includes('-l') ? line.replace(/^(\[\d+\].) /, `$1 ${job.pid ?? ''}`) : line);
    if (job.state === 'done') forget(shell, job);
  }
  return 0;
}

async function foreground(args: readonly string[], shell: Interpreter): Promise<number> {
  const job = findJob(shell, args[0]);
  if (!job) return refuse(shell, 'fg', args[0] ? `${args[0]}: no such job` : 'current: no such job');
  await shell.writer(1).write(`${job.text}\n`);
  job.send('CONT');
  // A signal to the foreground goes on to the job that was brought there.
  const code = await shell.job.untilSignalled(job.done).catch(async (error: unknown) => {
    job.send(shell.job.signal ?? 'INT');
    await job.done;
    throw error;
  });
  forget(shell, job);
  return code;
}

async function background(args: readonly string[], shell: Interpreter): Promise<number> {
  const job = findJob(shell, args[0]);
  if (!job) return refuse(shell, 'bg', args[0] ? `${args[0]}: no such job` : 'current: no such job');
  job.send('CONT');
  await shell.writer(1).write(`[${job.id}]+ ${job.text} &\n`);
  return 0;
}

async function wait(args: readonly string[], shell: Interpreter): Promise<number> {
  let status = 0;
  for (const word of args.length ? args : [undefined]) {
    if (word === undefined) {
      await shell.job.untilSignalled(Promise.all(shell.state.jobs.map((job) => job.done)));
      shell.state.jobs.length = 0;
      continue;
    }
    if (word === '-n') continue;
    const job = findJob(shell, word);
    if (!job) {
      status = await refuse(shell, 'wait', word.startsWith('%') ? `${word}: no such job` : `pid ${word} is not a child of this shell`, 127);
      continue;
    }
    status = await shell.job.untilSignalled(job.done);
    forget(shell, job);
  }
  return status;
}

function signalOf(text: string): Signal | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const known = /^\d+$/.test(name)
    ? Object.entries(SIGNAL_NUMBERS).find(([, number]) => number === Number(name))?.[0]
    : name in SIGNAL_NUMBERS
      ? name
      : undefined;
  if (known === 'QUIT') return 'TERM';
  return known === 'TSTP' ? 'STOP' : (known as Signal | undefined);
}

async function kill(args: readonly string[], shell: Interpreter): Promise<number> {
  const words = [...args];
  let signal: Signal | undefined = 'TERM';
  if (words[0] === '-l') {
    await shell.writer(1).write(
      `${Object.entries(SIGNAL_NUMBERS)
        .map(([name, number]) => `${number}) SIG${name}`)
        .join(' ')}\n`,
    );
    return 0;
  }
  if (words[0] === '-s' || words[0] === '-n') {
    signal = signalOf(words[1] ?? '');
    if (!signal) return refuse(shell, 'kill', `${words[1]}: invalid signal specification`);
    words.splice(0, 2);
  } else if (/^-\w/.test(words[0] ?? '')) {
    const text = words.shift()!.slice(1);
    signal = text === '0' ? undefined : signalOf(text);
    if (!signal && text !== '0') return refuse(shell, 'kill', `${text}: invalid signal specification`);
  }
  if (words[0] === '--') words.shift();
  if (words.length === 0)
    return refuse(shell, 'kill', 'usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]', 2);
  let status = 0;
  for (const word of words) {
    const job = findJob(shell, word);
    if (job && job.state !== 'done') {
      if (signal) job.send(signal);
    } else if (word.startsWith('%')) status = await refuse(shell, 'kill', `${word}: no such job`);
    else if (!/^\d+$/.test(word)) status = await refuse(shell, 'kill', `${word}: arguments must be process or job IDs`);
    else {
      const { kernel, peers } = shell.host.process;
      const table = peers ?? kernel;
      const found = signal ? table?.signal(Number(word), signal) : table?.processes().some((info) => info.pid === Number(word));
      if (!found) status = await refuse(shell, 'kill', `(${word}) - ${table ? 'No such process' : 'Operation not permitted'}`);
    }
  }
  return status;
}

/** The builtins of this file. */
export const jobBuiltins: readonly Builtin[] = [
  { name: 'jobs', run: listJobs },
  { name: 'fg', run: foreground },
  { name: 'bg', run: background },
  { name: 'wait', run: wait },
  { name: 'kill', run: kill },
  {
    name: 'disown',
    run: async (args, shell) => {
      const job = findJob(shell, args[0]);
      if (job) forget(shell, job);
      return job ? 0 : refuse(shell, 'disown', 'current: no such job');
    },
  },
];
