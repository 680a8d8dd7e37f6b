/** Requests that the workstation sends for others: whose connection each one goes over, and when a connection ends. */
import { describe, expect, it } from 'vitest';
import { listenHttp, type HttpHandler, type Process, type Program } from '#host';
import { createSimulation, type Simulation } from '#host/simulated';
import { createFetches, createRequestClients } from '../../../src/cluster/workstation-requests.ts';

const PORT = 8080;
const SERVER = '10.0.0.11';
const turn = (run: () => void): void => void setImmediate(run);

interface Site {
  readonly simulation: Simulation;
  /** The server's open connections, by the client's port. */
  connections(): number;
  /** Asks with these headers; gives the client's port. `/held` is answered when `answer` is called. */
  ask(headers: readonly (readonly [string, string])[], path?: string): Promise<string>;
  answer(): void;
}

async function site(): Promise<Site> {
  const simulation = createSimulation({ seed: 'requests', turn });
  const server = await simulation.powerOn({ name: 'server', address: SERVER, zone: 'a' });
  const held: (() => void)[] = [];
  const program: Program = async (process) => {
    const handler: HttpHandler = async ({ path, peer, headers }) => {
      if (path === '/held') await new Promise<void>((go) => held.push(go));
      expect(headers.map(([name]) => name)).not.toContain('x-connection');
      return { status: 200, headers: [], body: String(peer.port) };
    };
    await listenHttp(process.network, PORT, {}, handler, (error) => process.telemetry.log('error', String(error)));
    return new Promise(() => undefined);
  };
  server.spawn(program, { name: 'server' });
  const machine = await simulation.powerOn({ name: 'workstation', address: '10.0.0.9', zone: 'a' });
  const init = await new Promise<Process>((resolve) => {
    machine.spawn((process) => new Promise<number>(() => resolve(process)), { name: 'init' });
  });
  await simulation.run(100);
  const { fetch } = createFetches(createRequestClients(init, () => ({ server: `http://${SERVER}:${PORT}`, namespace: 'default' })));
  let asked = 0;
  return {
    simulation,
    connections: () => server.connections().length,
    async ask(headers, path = '/') {
      let text = '';
      const request = { method: 'GET', path, headers };
      const over = fetch(
        `ask-${++asked}`,
        request,
        () => undefined,
        async (chunk) => void (text += String(chunk)),
      );
      await simulation.settle(over, 60_000, path);
      return text;
    },
    answer: () => held.splice(0).forEach((go) => go()),
  };
}

describe('requests of the workstation', () => {
  it('go over one kept connection when they are the page’s own', async () => {
    const { simulation, ask, connections } = await site();
    const first = await ask([]);
    await simulation.run(60_000);
    expect(await ask([])).toBe(first);
    expect(connections()).toBe(1);
  });

  it('go over a connection of their own for each connection of clients outside', async () => {
    const { ask } = await site();
    const ports = [await ask([]), await ask([['x-connection', 'one']]), await ask([['x-connection', 'other']])];
    expect(new Set(ports).size).toBe(3);
    expect(await ask([['x-connection', 'one']])).toBe(ports[1]);
  });

  it('lose a connection of their own when nothing was asked for five seconds, but not while an answer is awaited', async () => {
    const { simulation, ask, answer, connections } = await site();
    const waiting = ask([['x-connection', 'one']], '/held');
    await simulation.run(20_000);
    expect(connections()).toBe(1);
    answer();
    const port = await waiting;
    await simulation.run(4_000);
    expect(await ask([['x-connection', 'one']])).toBe(port);
    await simulation.run(4_900);
    expect(connections()).toBe(1);
    await simulation.run(200);
    expect(connections()).toBe(0);
    expect(await ask([['x-connection', 'one']])).not.toBe(port);
  });

  it('with credentials of their own share no connection with those without', async () => {
    const { ask } = await site();
    const one: readonly [string, string] = ['x-connection', 'one'];
    expect(await ask([one, ['authorization', 'Bearer token']])).not.toBe(await ask([one]));
  });
});
