/** The machine: what kill and freeze mean for a process, its timers, promises, connections and disk work. */
import { describe, expect, it } from 'vitest';
import {
  createHttpClient,
  createRpcClient,
  DiskError,
  listenHttp,
  NetworkError,
  serveRpc,
  type Machine,
  type Process,
  type Program,
} from '#host';
import { createSimulation, type Simulation } from '#host/simulated';

const newSimulation = (seed = 'machine'): Simulation => createSimulation({ seed, turn: (callback) => void setImmediate(callback) });
const boot = (simulation: Simulation, name: string, last: number): Promise<Machine> =>
  simulation.powerOn({ name, address: `10.0.0.${last}`, zone: 'zone-a' });

/** A program that only hands its process out. */
function captive(): { program: Program; process: Promise<Process>; finish: (code: number) => void } {
  let give: (process: Process) => void;
  let finish: (code: number) => void = () => undefined;
  const process = new Promise<Process>((resolve) => (give = resolve));
  const program: Program = (given) => {
    give(given);
    return new Promise((resolve) => (finish = resolve));
  };
  return { program, process, finish: (code) => finish(code) };
}

describe('a killed process', () => {
  it('never continues an await, not even in catch or finally', async () => {
    const simulation = newSimulation();
    const machine = await boot(simulation, 'a', 1);
    const trail: string[] = [];
    const child = machine.spawn(
      async (process) => {
        try {
          trail.push('before');
          await process.clock.sleep(100);
          trail.push('after');
        } catch {
          trail.push('catch');
        } finally {
          trail.push('finally');
        }
        return 0;
      },
      { name: 'sleeper' },
    );
    await simulation.run(50);
    child.kill('KILL');
    await simulation.run(500);
    expect(trail).toEqual(['before']);
    expect(await child.exit).toEqual({ code: 137, signal: 'KILL' });
  });

  it('killed between a disk write and its completion sends nothing, though the write may be durable', async () => {
    const simulation = newSimulation();
    const machine = await boot(simulation, 'a', 1);
    let acknowledged = false;
    const child = machine.spawn(
      async (process) => {
        await process.disk.log('wal').append(1, ['entry'], 'meta');
        acknowledged = true;
        return 0;
      },
      { name: 'etcd' },
    );
    await simulation.until(() => machine.counts().pendingPromises === 1, 10, 'the write is under way');
    child.kill('KILL');
    await simulation.run(1_000);
    expect(acknowledged).toBe(false);
    expect(machine.counts()).toEqual({ processes: 0, timers: 0, listeners: 0, connections: 0, pendingPromises: 0 });
  });

  it('leaves no timer, port, connection or promise behind, a hundred times over', async () => {
    const simulation = newSimulation();
    const a = await boot(simulation, 'a', 1);
    const b = await boot(simulation, 'b', 2);
    b.spawn(
      async (process) => {
        await listenHttp(
          process.network,
          80,
          {},
          () => new Promise(() => undefined),
          () => undefined,
        );
        return new Promise(() => undefined);
      },
      { name: 'server' },
    );
    await simulation.run(10);
    for (let round = 0; round < 100; round++) {
      const child = a.spawn(
        async (process) => {
          process.clock.every(10, () => undefined);
          await process.network.listen(8080, {}, () => undefined);
          const client = createHttpClient(process.network, process.clock, { address: '10.0.0.2', port: 80 });
          await Promise.all([
            client.request({ method: 'GET', path: '/', headers: [] }),
            process.disk.records('r').put({ a: 'b' }),
            process.files.sync(),
          ]);
          return 0;
        },
        { name: 'busy' },
      );
      await simulation.run(round % 7);
      child.kill('KILL');
      await simulation.run(5);
    }
    expect(a.counts()).toEqual({ processes: 0, timers: 0, listeners: 0, connections: 0, pendingPromises: 0 });
    await simulation.run(10);
    expect(b.counts().connections).toBe(0);
  });

  it('resets its connections at once, and new dials are refused', async () => {
    const simulation = newSimulation();
    const a = await boot(simulation, 'a', 1);
    const b = await boot(simulation, 'b', 2);
    const server = b.spawn(
      async (process) => {
        await process.network.listen(80, {}, () => undefined);
        return new Promise(() => undefined);
      },
      { name: 'server' },
    );
    const { program, process } = captive();
    a.spawn(program, { name: 'client' });
    await simulation.run(1);
    const client = await process;
    const connection = await simulation.settle(client.network.dial('10.0.0.2', 80), 1_000, 'dial');
    const received = connection.receive();
    server.kill('KILL');
    await expect(simulation.settle(received, 100, 'reset')).rejects.toThrow('connection reset by peer');
    await expect(simulation.settle(client.network.dial('10.0.0.2', 80), 100, 'refusal')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a frozen process', () => {
  it('gets everything it missed, in order, when it thaws', async () => {
    const simulation = newSimulation();
    const machine = await boot(simulation, 'a', 1);
    const trail: string[] = [];
    const child = machine.spawn(
      async (process) => {
        for (const ms of [30, 10, 20]) process.clock.after(ms, () => trail.push(`${ms}`));
        await process.clock.sleep(40);
        trail.push('slept');
        return 0;
      },
      { name: 'sleeper' },
    );
    await simulation.run(5);
    child.kill('STOP');
    await simulation.run(1_000);
    expect(trail).toEqual([]);
    child.kill('CONT');
    await simulation.run(1);
    expect(trail).toEqual(['10', '20', '30', 'slept']);
  });
});

describe('a dead machine', () => {
  it('tells nobody: dials time out and an established call ends at its deadline', async () => {
    const simulation = newSimulation();
    const a = await boot(simulation, 'a', 1);
    const b = await boot(simulation, 'b', 2);
    b.spawn(
      async (process) => {
        await process.network.listen(2379, {}, (connection) =>
          serveRpc(connection, { unary: { 'Echo/Echo': async (request: unknown) => request } }),
        );
        return new Promise(() => undefined);
      },
      { name: 'server' },
    );
    const { program, process } = captive();
    a.spawn(program, { name: 'client' });
    await simulation.run(1);
    const client = await process;
    const rpc = createRpcClient(client.network, client.clock, '10.0.0.2', 2379);
    expect(await simulation.settle(rpc.call('Echo/Echo', { hello: 1 }), 100, 'echo')).toEqual({ hello: 1 });
    simulation.powerOff('b');
    const before = simulation.nowMs;
    await expect(simulation.settle(rpc.call('Echo/Echo', {}, { timeoutMs: 5_000 }), 10_000, 'deadline')).rejects.toMatchObject({
      code: 'DeadlineExceeded',
    });
    expect(simulation.nowMs - before).toBe(5_000);
    await expect(simulation.settle(client.network.dial('10.0.0.2', 2379, { timeoutMs: 3_000 }), 10_000, 'dial')).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
  });

  it('keeps what was synced and loses what was not', async () => {
    const simulation = newSimulation();
    const machine = await boot(simulation, 'a', 1);
    machine.files.write('/etc/kept', 'kept');
    await simulation.settle(machine.files.sync(), 100, 'sync');
    machine.files.write('/etc/lost', 'lost');
    simulation.powerOff('a');
    const again = await boot(simulation, 'a', 1);
    expect(again.files.readText('/etc/kept')).toBe('kept');
    expect(again.files.stat('/etc/lost')).toBeUndefined();
  });
});

describe('a partition', () => {
  it('stalls connections and delivers in order once healed', async () => {
    const simulation = newSimulation();
    const a = await boot(simulation, 'a', 1);
    const b = await boot(simulation, 'b', 2);
    const got: unknown[] = [];
    b.spawn(
      async (process) => {
        await process.network.listen(80, {}, (connection) => {
          const read = async (): Promise<void> => {
            for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) got.push(message);
          };
          void read();
        });
        return new Promise(() => undefined);
      },
      { name: 'server' },
    );
    const { program, process } = captive();
    a.spawn(program, { name: 'client' });
    await simulation.run(1);
    const connection = await simulation.settle((await process).network.dial('10.0.0.2', 80), 100, 'dial');
    simulation.partition(['a'], ['b']);
    for (const text of ['1', '2', '3']) await connection.send(text);
    await simulation.run(5_000);
    expect(got).toEqual([]);
    simulation.heal();
    await simulation.run(1);
    expect(got).toEqual(['1', '2', '3']);
  });
});

describe('back-pressure', () => {
  it('makes the sender wait for a slow reader instead of growing a queue', async () => {
    const simulation = newSimulation();
    const a = await boot(simulation, 'a', 1);
    const b = await boot(simulation, 'b', 2);
    let produced = 0;
    b.spawn(
      async (process) => {
        async function* endless(): AsyncGenerator<string> {
          for (;;) {
            produced++;
            yield `line ${produced}\n`;
          }
        }
        await listenHttp(
          process.network,
          80,
          {},
          async () => ({ status: 200, headers: [], body: endless() }),
          () => undefined,
        );
        return new Promise(() => undefined);
      },
      { name: 'server' },
    );
    const { program, process } = captive();
    a.spawn(program, { name: 'client' });
    await simulation.run(1);
    const client = await process;
    const response = await simulation.settle(
      createHttpClient(client.network, client.clock, { address: '10.0.0.2', port: 80 }).request({ method: 'GET', path: '/', headers: [] }),
      100,
      'head',
    );
    await simulation.run(1_000);
    expect(produced).toBeLessThan(200);
    const iterator = response.chunks()[Symbol.asyncIterator]();
    for (let count = 0; count < 500; count++) await simulation.settle(iterator.next(), 100, 'chunk');
    await simulation.run(10);
    expect(produced).toBeGreaterThan(500);
    expect(produced).toBeLessThan(700);
  });
});

describe('TLS', () => {
  it('shows a verified client certificate to the listener and refuses what a CA did not sign', async () => {
    const simulation = newSimulation();
    const a = await boot(simulation, 'a', 1);
    const b = await boot(simulation, 'b', 2);
    const { program, process } = captive();
    const server = captive();
    a.spawn(program, { name: 'client' });
    b.spawn(server.program, { name: 'server' });
    await simulation.run(1);
    const client = await process;
    const { crypto, network, clock } = await server.process;
    const wallMs = clock.wallMs();
    const validity = { notBeforeMs: wallMs - 1_000, notAfterMs: wallMs + 86_400_000 };
    const caKey = crypto.generateKey();
    const ca = crypto.issueCertificate(
      { subject: { commonName: 'kubernetes', organizations: [] }, ...validity, isCa: true },
      caKey.publicKey,
      caKey,
    );
    const issue = (commonName: string, organizations: string[], usage: 'client auth' | 'server auth') => {
      const key = crypto.generateKey();
      return {
        key,
        chain: [
          crypto.issueCertificate(
            { subject: { commonName, organizations }, ...validity, usages: [usage], dnsNames: ['server'], ipAddresses: ['10.0.0.2'] },
            key.publicKey,
            caKey,
            ca,
          ),
        ],
      };
    };
    const names: (string | undefined)[] = [];
    await simulation.settle(
      network.listen(443, { identity: issue('server', [], 'server auth'), clientCas: [ca], clientAuth: 'require' }, (connection) =>
        names.push(connection.peer.certificate?.subject.commonName),
      ),
      100,
      'listen',
    );
    const identity = issue('kubernetes-admin', ['kubeadm:cluster-admins'], 'client auth');
    await simulation.settle(client.network.dial('10.0.0.2', 443, { identity, rootCas: [ca] }), 100, 'dial');
    expect(names).toEqual(['kubernetes-admin']);
    await expect(simulation.settle(client.network.dial('10.0.0.2', 443, { rootCas: [ca] }), 100, 'dial')).rejects.toThrow(
      'remote error: tls: certificate required',
    );
    await expect(
      simulation.settle(client.network.dial('10.0.0.2', 443, { identity, rootCas: [ca], serverName: 'other' }), 100, 'dial'),
    ).rejects.toThrow('certificate is valid for server, not other');
    const strangerKey = crypto.generateKey();
    const stranger = crypto.issueCertificate(
      { subject: { commonName: 'kubernetes', organizations: [] }, ...validity, isCa: true },
      strangerKey.publicKey,
      strangerKey,
    );
    await expect(simulation.settle(client.network.dial('10.0.0.2', 443, { identity, rootCas: [stranger] }), 100, 'dial')).rejects.toThrow(
      'certificate signed by unknown authority',
    );
    expect(
      crypto.certificatesFromPem(crypto.certificatesToPem([ca, ...identity.chain])).map((certificate) => certificate.subject.commonName),
    ).toEqual(['kubernetes', 'kubernetes-admin']);
    expect(crypto.keyFromPem(crypto.keyToPem(identity.key)).publicKey).toEqual(identity.key.publicKey);
  });
});

describe('a full disk', () => {
  it('refuses writes with a named error and takes them again afterwards', async () => {
    const simulation = newSimulation();
    const machine = await boot(simulation, 'a', 1);
    simulation.disk('a').setFault('full');
    machine.files.write('/etc/x', '1');
    await expect(simulation.settle(machine.files.sync(), 100, 'sync')).rejects.toBeInstanceOf(DiskError);
    simulation.disk('a').setFault('none');
    await simulation.settle(machine.files.sync(), 100, 'sync');
  });
});

it('gives the same trace hash for the same seed', async () => {
  const run = async (): Promise<string> => {
    const simulation = newSimulation('trace');
    const a = await boot(simulation, 'a', 1);
    await boot(simulation, 'b', 2);
    a.spawn(
      async (process) => {
        process.clock.every(10, () => void process.disk.log('l').append(1, [String(process.random.next())], ''));
        await process.network.dial('10.0.0.2', 80).catch((error: unknown) => expect(error).toBeInstanceOf(NetworkError));
        return new Promise(() => undefined);
      },
      { name: 'x' },
    );
    await simulation.run(500);
    return simulation.trace.value;
  };
  expect(await run()).toBe(await run());
});
