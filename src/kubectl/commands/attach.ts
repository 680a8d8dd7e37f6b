/** kubectl attach: joins the standard streams of a container's main process. */
import type { Pod } from '#api';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError, SilentExit, UsageError } from '../errors.ts';
import { containerOf, podOf } from '../pods.ts';
import type { Session } from '../session.ts';
import { runRemote } from './exec.ts';

/** How to attach. */
export interface AttachOptions {
  readonly container: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly quiet: boolean;
}

/** Joins a running container's process; gives its exit code where that is told. */
export async function attachTo(session: Session, pod: Pod, { container, stdin, tty, quiet }: AttachOptions): Promise<number> {
  if (stdin && !quiet) await session.err("If you don't see a command prompt, try pressing enter.\n");
  const query: [string, string][] = [
    ['container', container],
    ...(stdin ? [['stdin', 'true'] as [string, string]] : []),
    ...(tty ? [] : [['stderr', 'true'] as [string, string]]),
    ['stdout', 'true'],
    ...(tty ? [['tty', 'true'] as [string, string]] : []),
  ];
  const path = `/api/v1/namespaces/${pod.metadata.namespace ?? session.namespace}/pods/${pod.metadata.name}/attach`;
  return runRemote(session, path, query, { stdin, tty });
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args, path } = invocation;
  const [word, extra] = args;
  if (word === undefined) throw new UsageError('at least 1 argument is required for attach', path);
  if (extra !== undefined)
    throw new UsageError(`expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${args.length}: [${args.join(' ')}]`, path);
  const pod = await podOf(session, word);
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new CommandError(`cannot attach a container in a completed pod; current phase is ${phase}`);
  const container = await containerOf(session, pod, flags.text('container'), flags.on('quiet'));
  const spec = pod.spec?.containers.find(({ name }) => name === container);
  let tty = flags.on('tty');
  if (tty && !spec?.tty) {
    if (!flags.on('quiet')) await session.err(`error: Unable to use a TTY - container ${container} did not allocate one\n`);
    tty = false;
  } else if (tty && !session.process.terminal) {
    await session.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
    tty = false;
  }
  const code = await attachTo(session, pod, { container, stdin: flags.on('stdin'), tty, quiet: flags.on('quiet') });
  if (code !== 0) throw new SilentExit(code);
}

/** kubectl attach */
export const attach: Command = {
  name: 'attach',
  short: 'Attach to a running container',
  group: 'Troubleshooting and Debugging Commands',
  usage: '(POD | TYPE/NAME) -c CONTAINER [options]',
  completes: 'pods',
  flags: [
    defineFlag('container', 'string', 'Container name.', { short: 'c' }),
    defineFlag('pod-running-timeout', 'duration', 'The length of time to wait until at least one pod is running', { initial: '1m0s' }),
    defineFlag('quiet', 'bool', 'Only print output from the remote session', { short: 'q' }),
    defineFlag('stdin', 'bool', 'Pass stdin to the container', { short: 'i' }),
    defineFlag('tty', 'bool', 'Stdin is a TTY', { short: 't' }),
  ],
  run,
};
