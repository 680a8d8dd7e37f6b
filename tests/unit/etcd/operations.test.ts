import { describe, expect, it } from 'vitest';
import { createHttpClient } from '#host';
import { createEtcdCluster, type EtcdCluster } from './etcd-cluster.ts';

async function get(cluster: EtcdCluster, member: number, path: string): Promise<readonly [number, string]> {
  const http = createHttpClient(cluster.workstation.network, cluster.workstation.clock, { address: `10.0.0.${10 + member}`, port: 2381 });
  const response = await cluster.settle(http.request({ method: 'GET', path, headers: [] }));
  return [response.status, await cluster.settle(response.text())];
}

describe('the quota', () => {
  it('makes the cluster read-only when it is used up, until it is compacted, defragmented and disarmed', async () => {
    const cluster = await createEtcdCluster(1, 'quota', ['--quota-backend-bytes=100000']);
    const client = cluster.client(1);
    const fill = async (): Promise<void> => {
      for (let at = 0; at < 200; at++) await cluster.settle(client.put({ key: 'a', value: 'x'.repeat(2_000) }));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'ResourceExhausted', message: 'etcdserver: mvcc: database space exceeded' });
    const { alarms, header } = await cluster.settle(client.alarm({ action: 'GET' }));
    expect(alarms).toEqual([{ memberId: header.memberId, alarm: 'NOSPACE' }]);
    expect((await cluster.settle(client.range({ key: 'a' }))).count).toBe(1);
    expect(await get(cluster, 1, '/health')).toEqual([503, '{"health":"false","reason":"ALARM NOSPACE"}']);
    await cluster.settle(client.compact({ revision: header.revision }));
    const before = await cluster.settle(client.status({}));
    await cluster.settle(client.defragment({}));
    const after = await cluster.settle(client.status({}));
    expect(after.dbSize).toBeLessThan(before.dbSize / 5);
    await cluster.settle(client.alarm({ action: 'DEACTIVATE' }));
    await cluster.settle(client.put({ key: 'a', value: 'room again' }));
  });

  it('is not the only bound: one request may have 1.5 MiB', async () => {
    const cluster = await createEtcdCluster(1, 'large');
    await cluster.settle(cluster.client(1).put({ key: 'a', value: 'x'.repeat(1_500_000) }));
    await expect(cluster.settle(cluster.client(1).put({ key: 'a', value: 'x'.repeat(1_600_000) }))).rejects.toThrow(
      'etcdserver: request is too large',
    );
  });
});

describe('the disk', () => {
  it('that lost its integrity keeps the member from starting, in etcd’s words', async () => {
    const cluster = await createEtcdCluster(1, 'corrupt');
    await cluster.settle(cluster.client(1).put({ key: 'a', value: '1' }));
    cluster.simulation.powerOff('etcd-1');
    cluster.simulation.disk('etcd-1').setFault('corrupt-tail');
    await cluster.start(1);
    expect((await cluster.settle(cluster.children.get(1)!.exit)).code).toBe(1);
    const { logs } = cluster.simulation.machine('etcd-1')!.takeTelemetry();
    expect(logs.map(({ message, attributes }) => `${message}: ${String(attributes?.['error'])}`)).toContain(
      'failed to read WAL, cannot be repaired: walpb: crc mismatch',
    );
  });

  it('that is full ends the member rather than a promise', async () => {
    const cluster = await createEtcdCluster(1, 'full');
    await cluster.settle(cluster.client(1).put({ key: 'a', value: '1' }));
    cluster.simulation.disk('etcd-1').setFault('full');
    await expect(cluster.settle(cluster.client(1).put({ key: 'a', value: '2' }))).rejects.toMatchObject({ code: 'Unavailable' });
    expect((await cluster.settle(cluster.children.get(1)!.exit)).code).toBe(1);
    cluster.simulation.disk('etcd-1').setFault('none');
    await cluster.start(1);
    expect((await cluster.settle(cluster.client(1).range({ key: 'a' }))).kvs[0]?.value).toBe('1');
  });
});

describe('a killed member', () => {
  it('answers nothing for a write under way, and starts again with what was durable', async () => {
    const cluster = await createEtcdCluster(1, 'killed');
    await cluster.settle(cluster.client(1).put({ key: 'a', value: '1' }));
    let outcome = 'none';
    const { writeCount } = cluster.simulation.disk('etcd-1');
    const machine = cluster.simulation.machine('etcd-1')!;
    const pending = machine.counts().pendingPromises;
    cluster
      .client(1)
      .put({ key: 'a', value: '2' })
      .then(
        () => (outcome = 'acknowledged'),
        (error: unknown) => (outcome = String(error)),
      );
    // The write has been handed to the disk and has not completed.
    await cluster.simulation.until(() => machine.counts().pendingPromises > pending, 1_000, 'the write is under way');
    expect(cluster.simulation.disk('etcd-1').writeCount).toBe(writeCount);
    cluster.children.get(1)!.kill('KILL');
    await cluster.simulation.run(500);
    expect(outcome).not.toBe('acknowledged');
    expect(machine.counts()).toMatchObject({ timers: 0, listeners: 0, pendingPromises: 0 });
    await cluster.start(1);
    expect(['1', '2']).toContain((await cluster.settle(cluster.client(1).range({ key: 'a' }))).kvs[0]?.value);
  });

  it('told to stop hands leadership over and ends with code 0', async () => {
    const cluster = await createEtcdCluster(3, 'term');
    const leader = await cluster.leader();
    cluster.children.get(leader)!.kill('TERM');
    expect(await cluster.settle(cluster.children.get(leader)!.exit)).toEqual({ code: 0 });
    const others = [1, 2, 3].filter((at) => at !== leader);
    const sinceMs = cluster.simulation.nowMs;
    await cluster.leader(...others);
    expect(cluster.simulation.nowMs - sinceMs).toBeLessThan(500);
  });
});

describe('the metrics port', () => {
  it('answers health checks and metrics under etcd’s names', async () => {
    const cluster = await createEtcdCluster(1, 'health');
    for (const value of ['1', '2']) await cluster.settle(cluster.client(1).put({ key: 'a', value }));
    await cluster.settle(cluster.client(1).range({ key: 'a' }));
    await cluster.settle(cluster.client(1).txn({ compare: [], success: [{ deleteRange: { key: 'a' } }], failure: [] }));
    expect(await get(cluster, 1, '/health')).toEqual([200, '{"health":"true","reason":""}']);
    expect(await get(cluster, 1, '/livez')).toEqual([200, 'ok\n']);
    expect(await get(cluster, 1, '/readyz?verbose')).toEqual([
      200,
      '[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\nreadyz check passed\n',
    ]);
    const [status, text] = await get(cluster, 1, '/metrics');
    expect(status).toBe(200);
    expect(text).toMatch(/^etcd_server_has_leader 1$/m);
    expect(text).toMatch(/^etcd_server_is_learner 0$/m);
    expect(text).toMatch(/^etcd_server_version\{server_version="3\.5\.\d+"\} 1$/m);
    for (const [what, count] of Object.entries({ put: 2, delete: 1, range: 1, txn: 1 }))
      expect(text).toMatch(new RegExp(`^etcd_mvcc_${what}_total ${count}$`, 'm'));
    expect(text).toMatch(/^etcd_disk_wal_fsync_duration_seconds_count \d+$/m);
    expect((await get(cluster, 1, '/nothing'))[0]).toBe(404);
  });

  it('says that there is no leader', async () => {
    const cluster = await createEtcdCluster(3, 'no leader');
    await cluster.leader();
    cluster.simulation.powerOff('etcd-2');
    cluster.simulation.powerOff('etcd-3');
    await cluster.simulation.run(5_000);
    expect(await get(cluster, 1, '/health')).toEqual([503, '{"health":"false","reason":"RAFT NO LEADER"}']);
    expect((await get(cluster, 1, '/livez'))[0]).toBe(200);
    const [status, text] = await get(cluster, 1, '/readyz');
    expect(status).toBe(503);
    expect(text).toContain('[-]linearizable_read failed: etcdserver: request timed out');
  });
});

describe('the command line', () => {
  it.each([
    [['--bogus=1'], 'flag provided but not defined: -bogus'],
    [['--initial-cluster-state=odd'], 'unexpected clusterState'],
    [['--heartbeat-interval=500'], '--election-timeout[1000ms] should be at least as 5 times as --heartbeat-interval[500ms]'],
    [['--listen-client-urls=10.0.0.1:2379'], 'URL scheme must be http, https, unix, or unixs: 10.0.0.1:2379'],
    [['--name=other'], 'couldn\'t find local name "other" in the initial cluster configuration'],
  ])('%j is refused', async (flags, text) => {
    const cluster = await createEtcdCluster(1, 'flags', flags);
    expect((await cluster.settle(cluster.children.get(1)!.exit)).code).toBe(1);
    const { logs } = cluster.simulation.machine('etcd-1')!.takeTelemetry();
    expect(logs.some(({ attributes }) => String(attributes?.['error']).includes(text))).toBe(true);
  });
});

describe('the snapshot stream', () => {
  it('gives the whole state, and counts down to nothing', async () => {
    const cluster = await createEtcdCluster(1, 'stream');
    for (let at = 0; at < 30; at++) await cluster.settle(cluster.client(1).put({ key: `k${at}`, value: 'x'.repeat(3_000) }));
    const read = async (): Promise<{ text: string; remaining: number[] }> => {
      let text = '';
      const remaining: number[] = [];
      for await (const chunk of cluster.client(1).snapshot()) {
        text += chunk.blob;
        remaining.push(chunk.remainingBytes);
      }
      return { text, remaining };
    };
    const { text, remaining } = await cluster.settle(read());
    expect(text.length).toBeGreaterThan(90_000);
    expect(remaining.at(-1)).toBe(0);
    expect(remaining.length).toBeGreaterThan(2);
  });
});
