/** Two machines in a real browser, linked by a real MessageChannel whose frames are counted: how much a sender may send to who does not read. */
import { describe, expect, it } from 'vitest';
import { CONNECTION_CREDIT_MESSAGES } from '../../src/host/connection-end.ts';
import type { Process } from '#host';
import type { BrowserMachine } from '#host/browser';
import { createBareMachine, letRun, processOf } from './bare-machines.ts';

const PORT = 9;
const ADDRESSES = ['10.0.0.1', '10.0.0.2'] as const;

/** Two machines whose clocks run with the page's, and the frames that have gone from each to the other. */
async function twoMachines(): Promise<{ processes: [Process, Process]; frames: [number, number] }> {
  const link = new MessageChannel();
  const frames: [number, number] = [0, 0];
  const hosts: BrowserMachine[] = [];
  for (const [at, port] of [link.port1, link.port2].entries()) {
    const host = await createBareMachine(ADDRESSES[at]!, 'wire-test');
    letRun(host);
    const post = port.postMessage.bind(port);
    port.postMessage = (frame: unknown) => {
      frames[at]!++;
      post(frame);
    };
    host.connect(ADDRESSES[1 - at]!, 1, port);
    hosts.push(host);
  }
  return { processes: [await processOf(hosts[0]!), await processOf(hosts[1]!)], frames };
}

describe('a connection between two machines', () => {
  it('holds a sender back whose messages nobody reads, and delivers every one in order once they are read', async () => {
    const { processes, frames } = await twoMachines();
    const [server, client] = processes;
    const accepted = new Promise<Awaited<ReturnType<Process['network']['dial']>>>(
      (resolve) => void server.network.listen(PORT, {}, resolve),
    );
    const sending = await client.network.dial(ADDRESSES[0], PORT);
    const receiving = await accepted;
    const before = frames[1];
    const total = CONNECTION_CREDIT_MESSAGES * 20;
    let sent = 0;
    const sends = Array.from({ length: total }, (_, at) => sending.send({ number: at }).then(() => void sent++));
    // A round trip of another connection: whatever was to come has come by then.
    await expect(client.network.dial(ADDRESSES[0], PORT + 1)).rejects.toThrow('connection refused');
    expect(sent).toBe(CONNECTION_CREDIT_MESSAGES);
    expect(frames[1] - before).toBeLessThan(CONNECTION_CREDIT_MESSAGES + 10);
    const numbers: number[] = [];
    for (let at = 0; at < total; at++) numbers.push(((await receiving.receive()) as unknown as { number: number }).number);
    await Promise.all(sends);
    expect(numbers).toEqual(Array.from({ length: total }, (_, at) => at));
  });

  it('refuses a dial to a port where nobody listens at once', async () => {
    const { processes } = await twoMachines();
    await expect(processes[1].network.dial(ADDRESSES[0], PORT)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
