/** The load balancer: whom it leads to while backends come and go, and with none of them well. */
import { describe, expect, it } from 'vitest';
import { createCrypto, listenHttp, NetworkError, seededRandom, type Child, type HttpAnswer, type Process, type Program } from '#host';
import { createSimulation, type Simulation } from '#host/simulated';
import { createAuthority, issue } from '#kubeadm';
import { loadBalancer } from '#network';

const PORT = 6443;
const BALANCER = '10.0.0.10';
const ISSUED_MS = Date.UTC(2026, 0, 5);
const turn = (run: () => void): void => void setImmediate(run);

/** Tells whoever connects who it is. */
const backend: Program = async (process) => {
  await process.network.listen(PORT, {}, (connection) => {
    connection.send(process.hostname).catch((error: unknown) => process.telemetry.log('info', String(error)));
  });
  return new Promise(() => undefined);
};

interface Site {
  readonly simulation: Simulation;
  readonly backends: Map<string, Child>;
  start(name: string): Promise<void>;
  /** Who answers a connection through the load balancer, or how it fails. */
  ask(limitMs?: number): Promise<string>;
  /** A session that stays, with whom, and why it has ended (undefined: it goes on). */
  hold(): Promise<{ readonly peerName: string; endedBy(): string | undefined }>;
}

async function site(names: readonly string[]): Promise<Site> {
  const simulation = createSimulation({ seed: names.join(), turn });
  const backends = new Map<string, Child>();
  const addressOf = (name: string): string => `10.0.0.1${name}`;
  const start = async (name: string): Promise<void> => {
    const machine = simulation.machine(name) ?? (await simulation.powerOn({ name, address: addressOf(name), zone: 'a' }));
    backends.set(name, machine.spawn(backend, { name: 'backend' }));
  };
  for (const name of names) await start(name);
  const balancer = await simulation.powerOn({ name: 'load-balancer', address: BALANCER, zone: 'a' });
  const argv = [`--listen=${PORT}`, '--check=tcp', ...names.map((name) => `--backend=${addressOf(name)}:${PORT}`)];
  balancer.spawn(loadBalancer, { name: 'load-balancer', argv });
  const machine = await simulation.powerOn({ name: 'client', address: '10.0.0.9', zone: 'a' });
  const client = await new Promise<Process>((resolve) => {
    machine.spawn(
      (process) => {
        resolve(process);
        return new Promise(() => undefined);
      },
      { name: 'client' },
    );
  });
  await simulation.run(3_000);
  const ask = async (timeoutMs: number): Promise<string> => {
    try {
      const connection = await client.network.dial(BALANCER, PORT, { timeoutMs });
      const said = await connection.receive();
      connection.close();
      return String(said);
    } catch (error) {
      if (error instanceof NetworkError) return error.code;
      throw error;
    }
  };
  const hold = async (): ReturnType<Site['hold']> => {
    const connection = await simulation.settle(client.network.dial(BALANCER, PORT, { timeoutMs: 1_000 }), 10_000, 'a connection');
    const peerName = String(await simulation.settle(connection.receive(), 10_000, 'a name'));
    let ended: string | undefined;
    connection.onEnd((reason) => (ended = reason?.code ?? 'closed'));
    return { peerName, endedBy: () => ended };
  };
  return { simulation, backends, start, hold, ask: (limitMs = 1_000) => simulation.settle(ask(limitMs), limitMs + 10_000, 'an answer') };
}

/** Two API servers with a session at each; gives how many of the sessions have ended `ms` after the first server's `/readyz` became slow for `slowForMs`. */
async function endedWhileSlow(slowForMs: number, ms: number): Promise<number> {
  const simulation = createSimulation({ seed: 'readyz', turn, startWallMs: ISSUED_MS });
  const crypto = createCrypto(seededRandom('readyz'));
  const ca = createAuthority(crypto, ISSUED_MS, 'kubernetes');
  let slowUntilMs = 0;
  const server = (address: string, isSlow: boolean): Program => {
    const usages = ['server auth'] as const;
    const identity = issue(crypto, ISSUED_MS, ca, { commonName: 'kube-apiserver', usages, ipAddresses: [address, BALANCER] });
    return async ({ network, clock, telemetry }) => {
      const readyz = async (): Promise<HttpAnswer> => {
        if (isSlow && simulation.nowMs < slowUntilMs) await clock.sleep(slowUntilMs - simulation.nowMs);
        return { status: 200, headers: [], body: 'ok' };
      };
      await listenHttp(network, PORT, { identity }, readyz, (error) => telemetry.log('error', String(error)));
      return new Promise(() => undefined);
    };
  };
  const addresses = ['10.0.0.11', '10.0.0.12'];
  for (const [at, address] of addresses.entries()) {
    const machine = await simulation.powerOn({ name: `control-plane-${at + 1}`, address, zone: 'a' });
    machine.spawn(server(address, at === 0), { name: 'kube-apiserver' });
  }
  const balancer = await simulation.powerOn({ name: 'load-balancer', address: BALANCER, zone: 'a' });
  balancer.files.write('/ca.crt', crypto.certificatesToPem([ca.certificate]));
  const backends = addresses.map((address) => `--backend=${address}:${PORT}`);
  balancer.spawn(loadBalancer, { name: 'load-balancer', argv: [`--listen=${PORT}`, '--ca-file=/ca.crt', ...backends] });
  const machine = await simulation.powerOn({ name: 'client', address: '10.0.0.9', zone: 'a' });
  await simulation.run(1_500);
  let ended = 0;
  const client: Program = async ({ network }) => {
    for (let session = 0; session < 2; session++) {
      const connection = await network.dial(BALANCER, PORT, { rootCas: [ca.certificate] });
      connection.onEnd(() => ended++);
    }
    return new Promise(() => undefined);
  };
  machine.spawn(client, { name: 'client' });
  await simulation.run(1_000);
  slowUntilMs = simulation.nowMs + slowForMs;
  await simulation.run(ms);
  return ended;
}

describe('the load balancer', () => {
  it('takes turns between healthy backends', async () => {
    const { ask } = await site(['1', '2', '3']);
    expect(new Set([await ask(), await ask(), await ask()])).toEqual(new Set(['1', '2', '3']));
  });

  it('leads on to another when a backend refuses, before any check has noticed', async () => {
    const { backends, ask } = await site(['1', '2']);
    backends.get('1')!.kill('KILL');
    for (let at = 0; at < 4; at++) expect(await ask()).toBe('2');
  });

  it('stops leading to a machine without power within three seconds', async () => {
    const { simulation, ask } = await site(['1', '2']);
    simulation.powerOff('1');
    await simulation.run(3_000);
    for (let at = 0; at < 4; at++) expect(await ask()).toBe('2');
  });

  it('refuses as its backends do when none is well, rather than to leave clients hanging', async () => {
    const { simulation, backends, start, ask } = await site(['1', '2']);
    simulation.powerOff('2');
    backends.get('1')!.kill('KILL');
    await simulation.run(5_000);
    for (let at = 0; at < 3; at++) expect(await ask()).toBe('ECONNREFUSED');
    await start('1');
    await simulation.run(1_500);
    expect(await ask()).toBe('1');
  });

  it('ends sessions with a machine that has gone silent, so that they begin again elsewhere', async () => {
    const { simulation, hold } = await site(['1', '2']);
    const [one, other] = [await hold(), await hold()];
    const [silent, well] = one.peerName === '1' ? [one, other] : [other, one];
    simulation.powerOff('1');
    await simulation.run(4_000);
    expect(silent.endedBy()).toBe('ECONNRESET');
    expect(well.endedBy()).toBeUndefined();
  });

  it('has more patience with an API server that is slow to answer, as one is that asks a dead etcd member, but not for long', async () => {
    expect(await endedWhileSlow(2_050, 10_000)).toBe(0);
    expect(await endedWhileSlow(10_000, 2_500)).toBe(0);
    expect(await endedWhileSlow(10_000, 4_500)).toBe(1);
  });

  it('leads whoever waits at a machine that has just gone silent on to another', async () => {
    const { simulation, ask } = await site(['1', '2']);
    simulation.powerOff('1');
    const startedMs = simulation.nowMs;
    expect(await Promise.all([ask(10_000), ask(10_000)])).toEqual(['2', '2']);
    expect(simulation.nowMs - startedMs).toBeLessThanOrEqual(4_000);
  });

  it('ends what waits at a silent machine once another is well', async () => {
    const { simulation, start, ask } = await site(['1', '2']);
    simulation.powerOff('1');
    simulation.powerOff('2');
    await simulation.run(5_000);
    const startedMs = simulation.nowMs;
    const waiting = [ask(60_000), ask(60_000)];
    await simulation.run(500);
    await start('2');
    for (const answer of await Promise.all(waiting)) expect(['2', 'ECONNRESET', 'ECONNREFUSED']).toContain(answer);
    expect(simulation.nowMs - startedMs).toBeLessThan(10_000);
    expect(await ask()).toBe('2');
  });
});
