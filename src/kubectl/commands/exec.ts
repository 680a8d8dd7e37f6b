/** kubectl exec: runs a command in a container; its streams travel as channel messages (v5.channel.k8s.io). */
import type { Status } from '#apimachinery';
import { defineFlag, filenameFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError, SilentExit, UsageError } from '../errors.ts';
import { containerOf, podOf } from '../pods.ts';
import { pathWithQuery, refusalOf, type Session } from '../session.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

function frame(channel: number, payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 1);
  message[0] = channel;
  message.set(payload, 1);
  return message;
}

/** What a remote command's end means for ours. Throws CommandError where it could not run. */
function exitCodeOf(status: Status): number {
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if ((status.reason as string) === 'NonZeroExitCode' && code !== undefined) return Number(code);
  throw new CommandError(status.message ?? 'unknown error');
}

/** Runs a stream request (exec, attach) and joins our standard streams to it. Gives the remote exit code. */
export async function runRemote(
  session: Session,
  path: string,
  query: readonly (readonly [string, string])[],
  streams: { stdin: boolean; tty: boolean },
): Promise<number> {
  const { process } = session;
  const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const response = await session.client.request({
    method: 'GET',
    path: pathWithQuery(`${path}?${text}`),
    headers: [
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
      ['sec-websocket-version', '13'],
      ['sec-websocket-protocol', 'v5.channel.k8s.io'],
    ],
    timeoutMs: Infinity,
  });
  if (response.status !== 101) throw await refusalOf(response);
  const { duplex } = response;
  const encoder = new TextEncoder();
  const sendSize = (): Promise<void> =>
    duplex.send(
      frame(RESIZE, encoder.encode(JSON.stringify({ Width: process.terminal?.columns ?? 80, Height: process.terminal?.rows ?? 24 }))),
    );
  let over = false;
  const sendInput = async (): Promise<void> => {
    for (let chunk = await process.stdin.read(); chunk && !over; chunk = await process.stdin.read()) await duplex.send(frame(STDIN, chunk));
    if (!over) await duplex.send(new Uint8Array([CLOSE, STDIN]));
  };
  if (streams.tty) {
    process.terminal?.setRaw?.(true);
    process.terminal?.onResize(() => {
      // The remote side may have gone; then its end is told on its own.
      if (!over) sendSize().catch(() => (over = true));
    });
    await sendSize();
  }
  // Input runs beside output; when the remote command has ended nobody waits for it any more.
  if (streams.stdin) sendInput().catch(() => (over = true));
  let code: number | undefined;
  try {
    for (let message = await duplex.receive(); message !== undefined; message = await duplex.receive()) {
      const bytes = typeof message === 'string' ? encoder.encode(message) : message;
      const payload = bytes.subarray(1);
      if (bytes[0] === STDOUT) await process.stdout.write(payload);
      else if (bytes[0] === STDERR) await process.stderr.write(payload);
      else if (bytes[0] === ERROR) {
        code = exitCodeOf(JSON.parse(new TextDecoder().decode(payload)) as Status);
        break;
      }
    }
  } finally {
    over = true;
    if (streams.tty) process.terminal?.setRaw?.(false);
    duplex.end();
  }
  return code ?? 0;
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args, dashAt, path } = invocation;
  const names = dashAt >= 0 ? args.slice(0, dashAt) : args.slice(0, 1);
  const command = dashAt >= 0 ? args.slice(dashAt) : args.slice(1);
  const [word] = names;
  if (word === undefined) throw new UsageError('pod, type/name or --filename must be specified', path);
  if (command.length === 0) throw new CommandError('you must specify at least one command for the container');
  if (dashAt < 0) throw new UsageError('exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead', path);
  const pod = await podOf(session, word);
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new CommandError(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  // A name that is given is not looked at here: the server says that it is not valid.
  const container = flags.text('container') || (await containerOf(session, pod, '', flags.on('quiet')));
  const stdin = flags.on('stdin');
  let tty = flags.on('tty');
  if (tty && stdin && !session.process.terminal) {
    await session.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
    tty = false;
  }
  const query: [string, string][] = [
    ...command.map((part): [string, string] => ['command', part]),
    ['container', container],
    ...(stdin ? [['stdin', 'true'] as [string, string]] : []),
    ...(tty ? [] : [['stderr', 'true'] as [string, string]]),
    ['stdout', 'true'],
    ...(tty ? [['tty', 'true'] as [string, string]] : []),
  ];
  const code = await runRemote(
    session,
    `/api/v1/namespaces/${pod.metadata.namespace ?? session.namespace}/pods/${pod.metadata.name}/exec`,
    query,
    { stdin, tty },
  );
  if (code === 0) return;
  await session.err(`command terminated with exit code ${code}\n`);
  throw new SilentExit(code);
}

/** kubectl exec */
export const exec: Command = {
  name: 'exec',
  short: 'Execute a command in a container',
  group: 'Troubleshooting and Debugging Commands',
  usage: '(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]',
  completes: 'pods',
  flags: [
    ...filenameFlags.slice(0, 1),
    defineFlag('container', 'string', 'Container name.', { short: 'c' }),
    defineFlag('pod-running-timeout', 'duration', 'The length of time to wait until at least one pod is running', { initial: '1m0s' }),
    defineFlag('quiet', 'bool', 'Only print output from the remote session', { short: 'q' }),
    defineFlag('stdin', 'bool', 'Pass stdin to the container', { short: 'i' }),
    defineFlag('tty', 'bool', 'Stdin is a TTY', { short: 't' }),
  ],
  run,
};
