/** crictl inspect, inspectp, logs, exec, stop, rm, stopp, rmp, pull, rmi, info, version. */
import type { cri } from '#contracts';
import { RpcError, type Process } from '#host';
import { readOptions } from '#shell';
import type { CrictlCommand } from './lists.ts';
import { CrictlError, type Runtime } from './runtime-client.ts';

const json = (process: Process, value: unknown): Promise<void> => process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);

function ids(argv: readonly string[], what: string): readonly string[] {
  const { operands } = readOptions(argv, {
    flags: 'qfa',
    values: 'ot',
    long: { timeout: 't', output: 'o', force: 'f', all: 'a', quiet: 'q' },
  });
  if (operands.length === 0) throw new CrictlError(`${what} cannot be empty`);
  return operands;
}

const time = (ms: number): string => (ms === 0 ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString().replace('Z', '000000Z'));

async function statusOf(runtime: Runtime, prefix: string): Promise<cri.ContainerStatus> {
  const { id } = await runtime.container(prefix);
  return (await runtime.call<{ status: cri.ContainerStatus }>('Runtime/ContainerStatus', { containerId: id })).status;
}

const inspect: CrictlCommand = async (process, runtime, argv) => {
  for (const prefix of ids(argv, 'ID')) {
    const { createdAt, startedAt, finishedAt, image, ...status } = await statusOf(runtime, prefix);
    await json(process, {
      status: {
        ...status,
        image: { image, userSpecifiedImage: image },
        createdAt: time(createdAt),
        startedAt: time(startedAt),
        finishedAt: time(finishedAt),
      },
    });
  }
};

const inspectp: CrictlCommand = async (process, runtime, argv) => {
  for (const prefix of ids(argv, 'ID')) {
    const { id } = await runtime.sandbox(prefix);
    const { createdAt, ip, hostNetwork, ...status } = (
      await runtime.call<{ status: cri.PodSandboxStatus }>('Runtime/PodSandboxStatus', { podSandboxId: id })
    ).status;
    await json(process, {
      status: {
        ...status,
        createdAt: time(createdAt),
        network: { additionalIps: [], ip },
        linux: { namespaces: { options: { network: hostNetwork ? 'NODE' : 'POD' } } },
      },
    });
  }
};

const FOLLOW_MS = 250;

/** Lines of a CRI log file without what the runtime put before them. */
function logText(content: string, withTime: boolean): { stdout: string; stderr: string }[] {
  return content
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [stamp = '', stream, tag] = line.split(' ', 3);
      const body = line.slice(stamp.length + (stream ?? '').length + (tag ?? '').length + 3);
      const text = `${withTime ? `${stamp} ` : ''}${body}${tag === 'P' ? '' : '\n'}`;
      return stream === 'stderr' ? { stdout: '', stderr: text } : { stdout: text, stderr: '' };
    });
}

const logs: CrictlCommand = async (process, runtime, argv) => {
  const options = readOptions(argv, {
    flags: 'ftp',
    values: 'n',
    long: { follow: 'f', timestamps: 't', previous: 'p', tail: 'n', since: 'since' },
    longValues: ['since'],
  });
  const [prefix] = options.operands;
  if (prefix === undefined) throw new CrictlError('ID cannot be empty');
  const status = await statusOf(runtime, prefix);
  const { files } = process;
  const read = (): string => (files.stat(status.logPath) ? files.readText(status.logPath) : '');
  const write = async (lines: readonly { stdout: string; stderr: string }[]): Promise<void> => {
    for (const { stdout, stderr } of lines) await (stdout === '' ? process.stderr.write(stderr) : process.stdout.write(stdout));
  };
  let content = read();
  const all = logText(content, options.has('t'));
  await write(
    options.has('n') && Number(options.value('n')) >= 0
      ? Number(options.value('n')) === 0
        ? []
        : all.slice(-Number(options.value('n')))
      : all,
  );
  while (options.has('f')) {
    await process.clock.sleep(FOLLOW_MS);
    const now = read();
    if (now.length > content.length) await write(logText(now.slice(content.length), options.has('t')));
    content = now;
    if ((await statusOf(runtime, status.id)).state !== 'CONTAINER_RUNNING') return;
  }
};

async function execStream(
  process: Process,
  runtime: Runtime,
  containerId: string,
  command: readonly string[],
  isInteractive: boolean,
  tty: boolean,
): Promise<number> {
  const stream = await runtime.rpc.stream<cri.ExecMessage, cri.ExecRequest | cri.ExecMessage>('Runtime/Exec', { timeoutMs: Infinity });
  process.onSignal('INT', () => stream.cancel());
  await stream.send({ containerId, command, stdin: isInteractive, stdout: true, stderr: !tty, tty });
  if (tty) process.terminal?.setRaw?.(true);
  try {
    if (tty && process.terminal) {
      const { terminal } = process;
      const resize = (): Promise<void> => stream.send({ resize: { columns: terminal.columns, rows: terminal.rows } });
      await resize();
      terminal.onResize(() => void resize().catch(() => undefined));
    }
    if (isInteractive) {
      const pump = async (): Promise<void> => {
        for (let chunk = await process.stdin.read(); chunk; chunk = await process.stdin.read()) await stream.send({ stdin: chunk });
        await stream.send({ stdinEnd: true });
      };
      // The command may end before all was typed.
      pump().catch(() => undefined);
    }
    for (let message = await stream.receive(); message; message = await stream.receive()) {
      if ('stdout' in message) await process.stdout.write(message.stdout);
      else if ('stderr' in message) await process.stderr.write(message.stderr);
      else if ('exitCode' in message) return message.exitCode;
    }
    return 1;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw new CrictlError(`execing command in container: rpc error: code = ${error.code} desc = ${error.message}`);
  } finally {
    if (tty) process.terminal?.setRaw?.(false);
  }
}

const exec: CrictlCommand = async (process, runtime, argv) => {
  const options = readOptions(argv, { flags: 'its', values: '', long: { interactive: 'i', tty: 't', sync: 's' }, stopAtOperand: true });
  const [prefix, ...command] = options.operands;
  if (prefix === undefined) throw new CrictlError('ID cannot be empty');
  const { id } = await runtime.container(prefix);
  const code = await execStream(process, runtime, id, command, options.has('i'), options.has('t') && process.terminal !== undefined);
  if (code !== 0) throw new CrictlError(`execing command in container: command terminated with exit code ${code}`);
};

/** Commands that do one thing to each id and print it. */
const eachContainer =
  (method: string, more: (argv: readonly string[]) => Record<string, unknown> = () => ({})): CrictlCommand =>
  async (process, runtime, argv) => {
    for (const prefix of ids(argv, 'ID')) {
      const { id } = await runtime.container(prefix);
      await runtime.call(method, { containerId: id, ...more(argv) }, Infinity);
      await process.stdout.write(`${prefix}\n`);
    }
  };

const eachSandbox =
  (method: string, verb: string): CrictlCommand =>
  async (process, runtime, argv) => {
    for (const prefix of ids(argv, 'ID')) {
      const { id } = await runtime.sandbox(prefix);
      await runtime.call(method, { podSandboxId: id }, Infinity);
      await process.stdout.write(`${verb} sandbox ${prefix}\n`);
    }
  };

const stopTimeout = (argv: readonly string[]): Record<string, unknown> => ({
  timeoutSeconds: Number(readOptions(argv, { values: 't', long: { timeout: 't' } }).value('t') ?? 0),
});

const remove: CrictlCommand = async (process, runtime, argv) => {
  const force = readOptions(argv, { flags: 'fa', long: { force: 'f', all: 'a' } }).has('f');
  for (const prefix of ids(argv, 'ID')) {
    const { id, state } = await runtime.container(prefix);
    if (state === 'CONTAINER_RUNNING') {
      if (!force)
        throw new CrictlError(
          `removing the container "${prefix}": rpc error: code = Unknown desc = container "${prefix}" is running, please stop it first`,
        );
      await runtime.call('Runtime/StopContainer', { containerId: id, timeoutSeconds: 0 }, Infinity);
    }
    await runtime.call('Runtime/RemoveContainer', { containerId: id });
    await process.stdout.write(`${prefix}\n`);
  }
};

const PULL_TIMEOUT_MS = 600_000;

const pull: CrictlCommand = async (process, runtime, argv) => {
  const [image] = ids(argv, 'IMAGE');
  const { imageRef } = await runtime.call<{ imageRef: string }>('Image/PullImage', { image }, PULL_TIMEOUT_MS);
  await process.stdout.write(`Image is up to date for ${imageRef}\n`);
};

/** Whether a short name (`busybox:1.35`, `nginx`) means a full one, as containerd completes it. */
function isSameImage(full: string, name: string): boolean {
  const tagged = name.slice(name.lastIndexOf('/') + 1).includes(':') ? name : `${name}:latest`;
  return [tagged, `docker.io/${tagged}`, `docker.io/library/${tagged}`].includes(full);
}

const rmi: CrictlCommand = async (process, runtime, argv) => {
  for (const name of ids(argv, 'IMAGE')) {
    const found = (await runtime.images()).find(
      ({ id, repoTags }) => repoTags.some((tag) => isSameImage(tag, name)) || id.replace('sha256:', '').startsWith(name),
    );
    if (!found) throw new CrictlError(`unable to remove the image(s): no such image ${name}`);
    await runtime.call('Image/RemoveImage', { image: found.id });
    await process.stdout.write(found.repoTags.map((tag) => `Deleted: ${tag}\n`).join(''));
  }
};

const info: CrictlCommand = async (process, runtime) => {
  const { conditions } = await runtime.call<cri.StatusResponse>('Runtime/Status', {});
  await json(process, { status: { conditions } });
};

const version: CrictlCommand = async (process, runtime) => {
  const answer = await runtime.call<cri.VersionResponse>('Runtime/Version', {});
  await process.stdout.write(
    `Version:  ${answer.version}\nRuntimeName:  ${answer.runtimeName}\nRuntimeVersion:  ${answer.runtimeVersion}\nRuntimeApiVersion:  ${answer.runtimeApiVersion}\n`,
  );
};

/** The commands by name. */
export const containerCommands: Readonly<Record<string, CrictlCommand>> = Object.freeze({
  inspect,
  inspectp,
  logs,
  exec,
  stop: eachContainer('Runtime/StopContainer', stopTimeout),
  rm: remove,
  stopp: eachSandbox('Runtime/StopPodSandbox', 'Stopped'),
  rmp: eachSandbox('Runtime/RemovePodSandbox', 'Removed'),
  pull,
  rmi,
  info,
  version,
});
