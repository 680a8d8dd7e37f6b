/** ssh: a shell or one command on another machine. Understands -t -T -n -q -v -l -p -i -o; logs in as root unless told otherwise. */
import { createRpcClient, NetworkError, RpcError, type Process, type Program, type RpcClient, type RpcStream } from '#host';
import { readOptions, UsageError, type GivenOptions } from '#shell';
import {
  ALIVE,
  OPEN,
  SSH_PORT,
  USER_CA,
  USER_CERTIFICATE,
  USER_KEY,
  type FromClient,
  type FromServer,
  type OpenRequest,
} from './protocol.ts';

/** ServerAliveInterval and what three unanswered ones come to. */
const ALIVE_EVERY_MS = 15_000;
const ALIVE_TIMEOUT_MS = 45_000;
const CONNECT_TIMEOUT_MS = 30_000;
const FAILED = 255;

class SshError extends Error {}

function addressOf({ files }: Process, name: string): string | undefined {
  if (/^\d+(\.\d+){3}$/.test(name)) return name;
  if (name === 'localhost') return '127.0.0.1';
  if (!files.stat('/etc/hosts')) return undefined;
  for (const line of files.readText('/etc/hosts').split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address && names.includes(name)) return address;
  }
  return undefined;
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ECONNRESET: 'Connection reset by peer',
};

async function connect(process: Process, host: string, port: number, user: string, home: string): Promise<RpcClient> {
  const { files, crypto, network, clock } = process;
  const address = addressOf(process, host);
  if (address === undefined) throw new SshError(`ssh: Could not resolve hostname ${host}: Name or service not known`);
  const [certificate, key] = [`${home}/${USER_CERTIFICATE}`, `${home}/${USER_KEY}`];
  const hasKey = files.stat(certificate) && files.stat(key);
  const options = {
    rootCas: files.stat(USER_CA) ? crypto.certificatesFromPem(files.readText(USER_CA)) : [],
    ...(hasKey
      ? { identity: { chain: crypto.certificatesFromPem(files.readText(certificate)), key: crypto.keyFromPem(files.readText(key)) } }
      : {}),
    timeoutMs: CONNECT_TIMEOUT_MS,
  };
  // Tried once by itself, because a failed dial has a text of its own.
  try {
    const probe = await network.dial(address, port, options);
    probe.close();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.code === 'EPROTO') throw new SshError(`${user}@${host}: Permission denied (publickey).`);
    throw new SshError(`ssh: connect to host ${host} port ${port}: ${FAILURES[error.code] ?? error.message}`);
  }
  return createRpcClient(network, clock, address, port, options);
}

function forwardInput(process: Process, stream: RpcStream<FromServer, OpenRequest | FromClient>): void {
  const pump = async (): Promise<void> => {
    for (let chunk = await process.stdin.read(); chunk; chunk = await process.stdin.read()) await stream.send({ stdin: chunk });
    await stream.send({ stdinEnd: true });
  };
  // The session may be over before all was typed; its end is told elsewhere.
  pump().catch(() => undefined);
}

async function session(process: Process, client: RpcClient, request: OpenRequest, host: string, withInput: boolean): Promise<number> {
  const { clock, terminal } = process;
  const stream = await client.stream<FromServer, OpenRequest | FromClient>(OPEN, { timeoutMs: CONNECT_TIMEOUT_MS });
  let isSilent = false;
  const stopAsking = clock.every(ALIVE_EVERY_MS, () => {
    client.call(ALIVE, {}, { timeoutMs: ALIVE_TIMEOUT_MS }).catch((error: unknown) => {
      if (!(error instanceof RpcError) || error.code !== 'DeadlineExceeded') return;
      isSilent = true;
      stream.cancel();
    });
  });
  process.onSignal('INT', () => stream.cancel());
  const isRaw = request.terminal !== undefined;
  try {
    await stream.send(request);
    if (isRaw) {
      terminal?.setRaw?.(true);
      terminal?.onResize(() => void stream.send({ resize: { columns: terminal.columns, rows: terminal.rows } }).catch(() => undefined));
    }
    if (withInput) forwardInput(process, stream);
    else await stream.send({ stdinEnd: true });
    for (let message = await stream.receive(); message; message = await stream.receive()) {
      if ('stdout' in message) await process.stdout.write(message.stdout);
      else if ('stderr' in message) await process.stderr.write(message.stderr);
      else {
        if (isRaw) terminal?.setRaw?.(false);
        if (isRaw) await process.stderr.write(`Connection to ${host} closed.\n`);
        return message.exitCode;
      }
    }
    throw new RpcError('Unavailable', 'EOF');
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    if (isRaw) terminal?.setRaw?.(false);
    if (error.code === 'PermissionDenied') throw new SshError(`${request.user}@${host}: ${error.message}`);
    throw new SshError(isSilent ? `Timeout, server ${host} not responding.` : `Connection to ${host} closed by remote host.`);
  } finally {
    stopAsking();
  }
}

async function run(process: Process, options: GivenOptions): Promise<number> {
  const [target, ...words] = options.operands;
  if (target === undefined)
    throw new UsageError(
      'usage: ssh [-nqtTv] [-i identity_file] [-l login_name] [-o option] [-p port] destination [command [argument ...]]',
      FAILED,
    );
  const [, named, host = ''] = /^(?:ssh:\/\/)?(?:([^@]*)@)?(.*)$/.exec(target) ?? [];
  const user = named ?? options.value('l') ?? 'root';
  const home = process.env['HOME'] ?? '/root';
  const client = await connect(process, host, Number(options.value('p') ?? SSH_PORT), user, home);
  try {
    const command = words.length > 0 ? words.join(' ') : undefined;
    const wantsTerminal = process.terminal !== undefined && !options.has('T') && (command === undefined || options.has('t'));
    const request: OpenRequest = {
      user,
      ...(command === undefined ? {} : { command }),
      ...(wantsTerminal ? { terminal: { columns: process.terminal!.columns, rows: process.terminal!.rows } } : {}),
      env: { TERM: process.env['TERM'] ?? 'dumb' },
    };
    return await session(process, client, request, host, !options.has('n'));
  } finally {
    client.close();
  }
}

/** The program. Exit code: that of the command, 255 where ssh itself failed. */
export const ssh: Program = async (process) => {
  try {
    return await run(process, readOptions(process.argv, { flags: 'nqtTvAaCfgNxXY46', values: 'lpioFJL', stopAtOperand: true }));
  } catch (error) {
    if (!(error instanceof SshError) && !(error instanceof UsageError)) throw error;
    await process.stderr.write(`${error.message}\n`);
    return FAILED;
  }
};
