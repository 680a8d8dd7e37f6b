/** A worker with one machine and nothing of Kubernetes: it serves an echo over the lab's network, and measures another's. */
import * as Comlink from 'comlink';
import { createRpcClient, serveRpc, type Connection, type Message } from '#host';
import type { BrowserMachine } from '#host/browser';
import { createBareMachine, letRun, processOf } from '../../tests/browser/bare-machines.ts';

/** An echo by calls, and one by bare messages of a connection. */
const ECHO_PORT = 7;
const MESSAGE_PORT = 8;

/** How many calls a second, one after the other and `inFlight` at a time. */
async function rateOf(call: () => Promise<unknown>, calls: number, inFlight: number): Promise<number> {
  let left = calls;
  const client = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, client));
  return calls / ((performance.now() - startMs) / 1_000);
}

/** Answers each message on a bare port with itself. */
function echoOn(port: MessagePort): void {
  port.onmessage = ({ data }: MessageEvent<unknown>) => port.postMessage(data);
}

/** A call over a bare port: the answers come in the order of the questions. */
function callerOn(port: MessagePort): (message: unknown) => Promise<unknown> {
  const waiting: ((answer: unknown) => void)[] = [];
  port.onmessage = ({ data }: MessageEvent<unknown>) => waiting.shift()?.(data);
  return (message) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port.postMessage(message);
    });
}

/** Sends each message of a connection back, until it ends. */
async function echoMessages(connection: Connection): Promise<void> {
  for (let message = await connection.receive(); message !== undefined; message = await connection.receive())
    await connection.send(message);
}

let made: BrowserMachine | undefined;
let bare: MessagePort | undefined;

const worker = {
  async boot(address: string, peerAddress: string, link: MessagePort, bareLink: MessagePort): Promise<void> {
    made = await createBareMachine(address, 'bench');
    letRun(made);
    made.connect(peerAddress, 1, link);
    bare = bareLink;
  },
  async serve(): Promise<void> {
    const { network } = await processOf(made!);
    await network.listen(ECHO_PORT, {}, (connection) =>
      serveRpc(connection, { unary: { echo: (request: unknown) => Promise.resolve(request) } }),
    );
    await network.listen(MESSAGE_PORT, {}, (connection) => void echoMessages(connection));
    echoOn(bare!);
  },
  /** Round trips a second between the same two workers: over a bare port, as messages of a connection, as calls. */
  async measure(
    peerAddress: string,
    message: Message,
    calls: number,
    inFlight: number,
  ): Promise<{ bare: number; messages: number; calls: number }> {
    const { network, clock } = await processOf(made!);
    const client = createRpcClient(network, clock, peerAddress, ECHO_PORT);
    const connection = await network.dial(peerAddress, MESSAGE_PORT);
    const bareCall = callerOn(bare!);
    const waiting: (() => void)[] = [];
    const answers = (async () => {
      while ((await connection.receive()) !== undefined) waiting.shift()?.();
    })();
    const exchange = (): Promise<void> =>
      new Promise((resolve, reject) => {
        waiting.push(resolve);
        connection.send(message).catch(reject);
      });
    await client.call('echo', message);
    // In turns, so that none has the warmer processor.
    const rates = { bare: 0, messages: 0, calls: 0 };
    for (let turn = 0; turn < 2; turn++) {
      rates.bare += (await rateOf(() => bareCall(message), calls, inFlight)) / 2;
      rates.messages += (await rateOf(exchange, calls, inFlight)) / 2;
      rates.calls += (await rateOf(() => client.call('echo', message), calls, inFlight)) / 2;
    }
    client.close();
    connection.close();
    await answers;
    return rates;
  },
  echo: <T>(message: T): T => message,
  echoOn: (port: MessagePort): void => echoOn(port),
};
/** What the page calls. */
export type BenchMachine = typeof worker;

Comlink.expose(worker);
