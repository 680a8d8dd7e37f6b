/** Terminals on the machine of the first etcd member, in a simulation: what transcripts of etcdctl and etcdutl are typed into. */
import { etcd, etcdutl } from '#etcd';
import { benchmark, etcdctl, printerOf } from '#etcdctl';
import { createPipe, type Process } from '#host';
import { createShellSession, genericPrograms, shell, type ShellSession } from '#shell';
import { createEtcdCluster } from '../unit/etcd/etcd-cluster.ts';
import type { Step } from './transcript.ts';

/** Lab time a command may take. */
const LIMIT_MS = 300_000;
/** Lab time in which what was started gets going, and what was interrupted comes to its end. */
const MOMENT_MS = 1_000;

interface Running {
  output: string;
  readonly aborter: AbortController;
  readonly ended: Promise<number>;
}

/** Somebody's terminals. */
export interface Terminals {
  /** Does a step and gives what was printed, exit code included. */
  take(step: Step): Promise<string>;
}

function programs(): ReturnType<typeof genericPrograms> {
  const all = genericPrograms();
  all.set('etcd', etcd);
  all.set('etcdctl', etcdctl(all));
  all.set('benchmark', benchmark);
  all.set(
    'etcdutl',
    etcdutl((status, format) => printerOf(format, false).databaseStatus(status)),
  );
  for (const name of ['sh', 'bash']) all.set(name, shell({ programs: all }));
  return all;
}

const withExit = (output: string, exitCode: number): string =>
  [...(output === '' ? [] : [output.replace(/\n$/, '')]), ...(exitCode === 0 ? [] : [`[exit ${exitCode}]`])].join('\n');

/** A cluster of `members` etcd members with terminals on the first one's machine. */
export async function etcdTerminals(seed: string, members: number, flags: readonly string[]): Promise<Terminals> {
  const cluster = await createEtcdCluster(members, seed, flags);
  const { simulation } = cluster;
  await cluster.leader();
  // A member counts as healthy for changes of the membership once it has been heard of for five seconds.
  await simulation.run(6_000);
  const machine = simulation.machine('etcd-1')!;
  const process = await new Promise<Process>((resolve) => {
    machine.spawn(
      (holder) => {
        resolve(holder);
        return new Promise(() => undefined);
      },
      { name: 'bash', argv: ['bash'], cwd: '/root', env: { HOME: '/root', PATH: '/usr/bin', PWD: '/root' } },
    );
  });
  process.files.makeDirectory('/root', { recursive: true });
  const sessions = new Map<string, ShellSession>();
  const running = new Map<string, Running>();
  const sessionOf = (terminal: string): ShellSession => {
    const present = sessions.get(terminal) ?? createShellSession(process, { programs: programs() });
    sessions.set(terminal, present);
    return present;
  };
  const start = (terminal: string, line: string): Running => {
    const decoder = new TextDecoder();
    const writer = {
      write: (chunk: string | Uint8Array): Promise<void> => {
        run.output += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
        return Promise.resolve();
      },
      close: () => undefined,
    };
    const aborter = new AbortController();
    // A terminal in which nobody types anything more.
    const keyboard = createPipe();
    const ended = Promise.resolve().then(() =>
      sessionOf(terminal).run(line, { stdin: keyboard.reader, stdout: writer, stderr: writer, signal: aborter.signal }),
    );
    const run: Running = { output: '', aborter, ended };
    return run;
  };
  return {
    async take({ kind, terminal, text, waitMs }) {
      if (kind === 'wait') {
        await simulation.run(waitMs);
        return '';
      }
      if (kind === 'command') {
        const run = start('', text);
        const exitCode = await simulation.settle(run.ended, LIMIT_MS, text);
        return withExit(run.output, exitCode);
      }
      if (kind === 'start') {
        running.set(terminal, start(terminal, text));
        await simulation.run(MOMENT_MS);
        return '';
      }
      const run = running.get(terminal);
      if (!run) throw new Error(`nothing runs in ${terminal}`);
      running.delete(terminal);
      await simulation.run(MOMENT_MS);
      run.aborter.abort();
      const exitCode = await simulation.settle(run.ended, LIMIT_MS, `${terminal}^C`);
      // What Ctrl-C ends has ended well as far as a transcript goes.
      return withExit(run.output, exitCode === 130 ? 0 : exitCode);
    },
  };
}
