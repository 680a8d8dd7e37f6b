/** Exec, attach and port-forward of the CRI: containerd hands the two directions on to the sandbox's shim. */
import { RpcError, type Clock, type RpcClient, type RpcStream } from '#host';
import type { ExecMessage, ExecRequest, ExecSyncRequest, ExecSyncResponse, PortForwardRequest } from './cri-types.ts';

/** How streams reach shims; both throw RpcError where the container or sandbox is not running. */
export interface StreamingServiceOptions {
  readonly clock: Clock;
  readonly shimOfContainer: (containerId: string) => RpcClient;
  readonly shimOfSandbox: (sandboxId: string) => RpcClient;
}

/** Joins two streams until the far one ends; the near one's end or cancellation goes on to the far one. */
async function join(near: RpcStream<unknown, unknown>, far: RpcStream<unknown, unknown>): Promise<void> {
  const into = async (): Promise<void> => {
    for (let message = await near.receive(); message !== undefined; message = await near.receive()) await far.send(message);
    far.end();
  };
  // The near side went away: the far one must not wait for it.
  into().catch(() => far.cancel());
  for (let message = await far.receive(); message !== undefined; message = await far.receive()) await near.send(message);
  far.end();
}

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

async function execSync(shim: RpcClient, clock: Clock, request: ExecSyncRequest): Promise<ExecSyncResponse> {
  const stream = await shim.stream<ExecMessage, ExecRequest | ExecMessage>('Task/Exec', { timeoutMs: Infinity });
  let timedOut = false;
  const stop =
    request.timeoutSeconds > 0 ? clock.after(request.timeoutSeconds * 1000, () => ((timedOut = true), stream.cancel())) : () => undefined;
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const output = { stdout: '', stderr: '' };
  try {
    await stream.send({ containerId: request.containerId, command: request.command, stdin: false, stdout: true, stderr: true, tty: false });
    for (let message = await stream.receive(); message; message = await stream.receive()) {
      if ('exitCode' in message) {
        stream.end();
        return { ...output, exitCode: message.exitCode };
      }
      for (const name of ['stdout', 'stderr'] as const) {
        if (name in message)
          output[name] += decoders[name].decode((message as unknown as Record<string, Uint8Array>)[name], { stream: true });
        if (output[name].length > OUTPUT_BYTES_MAX)
          throw new RpcError('ResourceExhausted', `the output of the command is larger than ${OUTPUT_BYTES_MAX} bytes`);
      }
    }
    throw new RpcError('Unknown', 'the command ended without an exit code');
  } catch (error) {
    if (timedOut)
      throw new RpcError(
        'DeadlineExceeded',
        `failed to exec in container: timeout ${request.timeoutSeconds}s exceeded: context deadline exceeded`,
      );
    throw error;
  } finally {
    stop();
  }
}

/** The streaming methods and ExecSync. */
export function createStreamingService({ clock, shimOfContainer, shimOfSandbox }: StreamingServiceOptions) {
  const exec = async (near: RpcStream<ExecRequest, ExecMessage>, attach: boolean): Promise<void> => {
    const request = await near.receive();
    if (!request) throw new RpcError('InvalidArgument', 'the first message says what to execute');
    const far = await shimOfContainer(request.containerId).stream<unknown, unknown>('Task/Exec', { timeoutMs: Infinity });
    await far.send({ ...request, attach });
    await join(near as RpcStream<unknown, unknown>, far);
  };
  return {
    unary: {
      'Runtime/ExecSync': (request: ExecSyncRequest) => execSync(shimOfContainer(request.containerId), clock, request),
    },
    streaming: {
      'Runtime/Exec': (stream: RpcStream<ExecRequest, ExecMessage>) => exec(stream, false),
      'Runtime/Attach': (stream: RpcStream<ExecRequest, ExecMessage>) => exec(stream, true),
      'Runtime/PortForward': async (near: RpcStream<PortForwardRequest, unknown>) => {
        const request = await near.receive();
        if (!request) throw new RpcError('InvalidArgument', 'the first message names the port');
        const far = await shimOfSandbox(request.podSandboxId).stream<unknown, unknown>('Task/PortForward', { timeoutMs: Infinity });
        await far.send({ port: request.port });
        await join(near as RpcStream<unknown, unknown>, far);
      },
    },
  };
}
