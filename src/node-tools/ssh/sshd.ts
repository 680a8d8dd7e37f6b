/** sshd: a shell as root for whoever shows a certificate of the users' authority, with its streams and its terminal carried over one call. */
import {
  createPipe,
  RpcError,
  serveRpc,
  type ByteWriter,
  type Process,
  type Program,
  type RpcCall,
  type RpcStream,
  type Terminal,
} from '#host';
import { shell, type Programs } from '#shell';
import {
  ALIVE,
  HOST_CERTIFICATE,
  HOST_KEY,
  OPEN,
  SSH_PORT,
  USER_CA,
  type FromClient,
  type FromServer,
  type OpenRequest,
} from './protocol.ts';

const ADMIN_KUBECONFIG = '/etc/kubernetes/admin.conf';

/** The environment of a login of root on a machine. */
export function loginEnvironment(files: Process['files'], terminalName: string | undefined): Record<string, string> {
  return {
    HOME: '/root',
    USER: 'root',
    LOGNAME: 'root',
    SHELL: '/bin/bash',
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    EDITOR: 'vi',
    PS1: '\\u@\\h:\\w\\$ ',
    ...(terminalName === undefined ? {} : { TERM: terminalName }),
    ...(files.stat(ADMIN_KUBECONFIG) ? { KUBECONFIG: ADMIN_KUBECONFIG } : {}),
  };
}

function remoteTerminal(size: { columns: number; rows: number }): {
  terminal: Terminal;
  resize(next: { columns: number; rows: number }): void;
} {
  const listeners: (() => void)[] = [];
  let current = size;
  return {
    terminal: {
      get columns() {
        return current.columns;
      },
      get rows() {
        return current.rows;
      },
      onResize: (listener) => void listeners.push(listener),
    },
    resize(next) {
      current = next;
      for (const listener of listeners) listener();
    },
  };
}

async function serveSession(
  process: Process,
  programs: Programs,
  stream: RpcStream<OpenRequest | FromClient, FromServer>,
  call: RpcCall,
): Promise<void> {
  const opening = (await stream.receive()) as OpenRequest | undefined;
  if (!opening) return;
  if (opening.user !== 'root') throw new RpcError('PermissionDenied', 'Permission denied (publickey).');
  const input = createPipe();
  const remote = opening.terminal ? remoteTerminal(opening.terminal) : undefined;
  const encoder = new TextEncoder();
  const writer = (name: 'stdout' | 'stderr'): ByteWriter => ({
    write: (chunk) =>
      stream.send(
        (name === 'stdout'
          ? { stdout: typeof chunk === 'string' ? encoder.encode(chunk) : chunk }
          : { stderr: typeof chunk === 'string' ? encoder.encode(chunk) : chunk }) as FromServer,
      ),
    close: () => undefined,
  });
  if (!process.files.stat('/root')) process.files.makeDirectory('/root', { recursive: true, mode: 0o700 });
  const child = process.spawn(shell({ programs }), {
    name: 'bash',
    argv: opening.command === undefined ? [] : ['-c', opening.command],
    env: { ...loginEnvironment(process.files, opening.env['TERM']) },
    cwd: '/root',
    stdin: input.reader,
    stdout: writer('stdout'),
    stderr: writer('stderr'),
    privileged: true,
    ...(remote ? { terminal: remote.terminal } : {}),
  });
  call.signal.addEventListener('abort', () => child.kill('HUP'), { once: true });
  const pump = async (): Promise<void> => {
    for (let message = await stream.receive(); message; message = await stream.receive()) {
      if ('stdin' in message) await input.writer.write(message.stdin);
      else if ('stdinEnd' in message) input.writer.close();
      else if ('resize' in message) remote?.resize(message.resize);
    }
    input.writer.close();
  };
  // What the client sends into a shell that has ended, or stops sending, is its own affair.
  pump().catch(() => input.writer.close());
  const { code } = await child.exit;
  await stream.send({ exitCode: code });
}

/** The program of the unit `ssh`; the shells it starts find `programs`. Ends with 255 where its keys are missing. */
export const sshd =
  (programs: Programs): Program =>
  async (process) => {
    const { files, crypto, network } = process;
    if (![HOST_CERTIFICATE, HOST_KEY, USER_CA].every((path) => files.stat(path))) {
      await process.stderr.write('sshd: no hostkeys available -- exiting.\n');
      return 255;
    }
    const identity = {
      chain: crypto.certificatesFromPem(files.readText(HOST_CERTIFICATE)),
      key: crypto.keyFromPem(files.readText(HOST_KEY)),
    };
    const clientCas = crypto.certificatesFromPem(files.readText(USER_CA));
    await network.listen(SSH_PORT, { identity, clientCas, clientAuth: 'require' }, (connection) =>
      serveRpc(connection, {
        unary: { [ALIVE]: () => Promise.resolve({}) },
        streaming: {
          [OPEN]: (stream: RpcStream<OpenRequest | FromClient, FromServer>, call) => serveSession(process, programs, stream, call),
        },
      }),
    );
    await process.stderr.write(`Server listening on 0.0.0.0 port ${SSH_PORT}.\n`);
    return new Promise<number>(() => undefined);
  };
