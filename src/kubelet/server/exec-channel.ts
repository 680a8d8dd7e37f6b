/** Exec, attach and port-forward over the kubelet's API: messages of a channel byte and payload (v5.channel.k8s.io) joined with the runtime's stream. */
import type { cri } from '#contracts';
import { RpcError, type Duplex, type RpcStream } from '#host';
import { rpcText } from '../cri-client.ts';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** A channel message. */
export function channelMessage(channel: number, payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 1);
  message[0] = channel;
  message.set(payload, 1);
  return message;
}

/** The Status that ends an exec with this exit code. */
export function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function failureStatus(error: unknown): object {
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${rpcText(error, true)}`,
    reason: 'InternalError',
    details: { causes: [{ message: rpcText(error, true) }] },
    code: 500,
  };
}

/** Takes what the client sends; resolves when it has ended its side, rejects when it has gone. */
async function takeClient(duplex: Duplex, runtime: RpcStream<cri.ExecMessage, cri.ExecMessage>): Promise<void> {
  for (let message = await duplex.receive(); message !== undefined; message = await duplex.receive()) {
    if (typeof message === 'string' || message.length === 0) continue;
    const payload = message.subarray(1);
    if (message[0] === CHANNEL.stdin && payload.length > 0) await runtime.send({ stdin: payload });
    else if (message[0] === CHANNEL.close && payload[0] === CHANNEL.stdin) await runtime.send({ stdinEnd: true });
    else if (message[0] === CHANNEL.resize) {
      const { Width, Height } = JSON.parse(new TextDecoder().decode(payload)) as { Width: number; Height: number };
      await runtime.send({ resize: { columns: Width, rows: Height } });
    }
  }
}

/** Joins a client with an exec or attach stream until the command has ended; the last message is the Status on the error channel. */
export async function joinExec(duplex: Duplex, open: () => Promise<RpcStream<cri.ExecMessage, cri.ExecMessage>>): Promise<void> {
  const encoder = new TextEncoder();
  let status: object = exitStatus(0);
  try {
    const runtime = await open();
    // The client went away: the command goes with it.
    takeClient(duplex, runtime).catch(() => runtime.cancel());
    for (let message = await runtime.receive(); message; message = await runtime.receive()) {
      if ('stdout' in message) await duplex.send(channelMessage(CHANNEL.stdout, message.stdout));
      else if ('stderr' in message) await duplex.send(channelMessage(CHANNEL.stderr, message.stderr));
      else if ('exitCode' in message) {
        status = exitStatus(message.exitCode);
        break;
      }
    }
    runtime.end();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    status = failureStatus(error);
  }
  await duplex.send(channelMessage(CHANNEL.error, encoder.encode(JSON.stringify(status))));
  duplex.end();
}

/** Joins a client with one forwarded connection: channel 0 carries data both ways, 1 the error text. */
export async function joinPortForward(duplex: Duplex, stream: RpcStream<{ data: unknown }, unknown>, first: unknown): Promise<void> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  try {
    await stream.send(first);
    const into = async (): Promise<void> => {
      for (let message = await duplex.receive(); message !== undefined; message = await duplex.receive()) {
        if (typeof message !== 'string' && message[0] === 0) await stream.send({ data: JSON.parse(decoder.decode(message.subarray(1))) });
      }
      stream.end();
    };
    into().catch(() => stream.cancel());
    for (let message = await stream.receive(); message; message = await stream.receive())
      await duplex.send(channelMessage(0, encoder.encode(JSON.stringify(message.data))));
  } catch (error) {
    await duplex.send(channelMessage(1, encoder.encode(rpcText(error, true))));
  }
  duplex.end();
}
