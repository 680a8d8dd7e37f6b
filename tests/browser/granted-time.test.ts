/** Granted time in a real browser: it goes on whoever sets off work, and from where. */
import { describe, expect, it } from 'vitest';
import { createTimeKeeper, type BrowserMachine } from '#host/browser';
import { createBareMachine, processOf } from './bare-machines.ts';

const PORT = 9;
const SERVER = '10.0.0.1';
const CLIENT = '10.0.0.2';
const RATE = 2;
/** Less than what the keeper waits before it asks machines that said nothing. */
const PATIENCE_MS = 1_000;

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A server that reads and says nothing, a client linked to it, and who keeps their time at twice the real one. */
async function keptMachines() {
  const keeper = createTimeKeeper();
  const link = new MessageChannel();
  const [server, client] = [await createBareMachine(SERVER, 'granted'), await createBareMachine(CLIENT, 'granted')];
  const attach = (name: string, host: BrowserMachine): void => {
    const { port1, port2 } = new MessageChannel();
    host.attachTime(port1);
    keeper.attach(name, port2);
  };
  server.connect(CLIENT, 1, link.port1);
  client.connect(SERVER, 1, link.port2);
  attach(SERVER, server);
  attach(CLIENT, client);
  keeper.setRate(RATE);
  await (await processOf(server)).network.listen(PORT, {}, (connection) => void connection.receive());
  const connection = await (await processOf(client)).network.dial(SERVER, PORT);
  return { keeper, server, client, connection };
}

/** Sees lab time get on by 200 ms, or fails. */
async function expectTimeToGoOn(keeper: ReturnType<typeof createTimeKeeper>): Promise<void> {
  const { labMs } = keeper.status();
  const deadline = performance.now() + PATIENCE_MS;
  while (keeper.status().labMs < labMs + 200) {
    if (performance.now() > deadline) expect.fail(`time stands at ${keeper.status().labMs} lab ms`);
    await rest(10);
  }
}

describe('granted time', () => {
  it('goes on when something outside its run queue lets a machine send', async () => {
    const { keeper, connection } = await keptMachines();
    for (let number = 0; number < 10; number++) {
      void connection.send({ number });
      await expectTimeToGoOn(keeper);
    }
  });

  it('goes on when frames reach a frozen machine', async () => {
    const { keeper, server, connection } = await keptMachines();
    server.machine.signal(undefined, 'STOP');
    for (let number = 0; number < 10; number++) {
      void connection.send({ number });
      await expectTimeToGoOn(keeper);
    }
  });
});
