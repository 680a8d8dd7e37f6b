/** Who compacts etcd, what that costs those who come late, and when the database gets smaller. */
import { beforeAll, describe, expect, it } from 'vitest';
import { everyApiServerReady, machinesOf } from './control-plane.ts';
import { etcdctlOn } from './members.ts';
import { BOOT_LIMIT_MS, bootedCluster, type Student } from './student.ts';

const MINUTE_MS = 60_000;

/** A round of the API servers: how often the key was taken, and the revision compacted to. */
interface Round {
  readonly atMs: number;
  readonly version: number;
  readonly revision: number;
}

describe('compaction by the API servers', () => {
  let student: Student;
  let hosts: string[];
  let page: { metadata: { continue: string; resourceVersion: string } };
  const rounds: Round[] = [];

  const sizes = async (host: string): Promise<{ size: number; inUse: number }> => {
    const [{ Status }] = JSON.parse(await student.sh(etcdctlOn(host, 'endpoint status -w json'))) as [
      { Status: { dbSize: number; dbSizeInUse?: number } },
    ];
    return { size: Status.dbSize, inUse: Status.dbSizeInUse ?? 0 };
  };
  const look = async (): Promise<void> => {
    const text = await student.sh(etcdctlOn(hosts[0]!, 'get compact_rev_key -w fields'));
    const [, version] = /"Version" : (\d+)/.exec(text) ?? [];
    const [, revision] = /"Value" : "(\d+)"/.exec(text) ?? [];
    if (version !== undefined && Number(version) !== rounds.at(-1)?.version)
      rounds.push({ atMs: student.simulation.nowMs, version: Number(version), revision: Number(revision) });
  };

  beforeAll(async () => {
    student = await bootedCluster('compaction', { controlPlanes: 2, workers: 0 });
    hosts = await machinesOf(student, 'control-plane');
    const data = 'x'.repeat(20_000);
    for (let at = 0; at < 20; at++) await student.sh(`kubectl create configmap big-${at} --from-literal=data=${data}`);
    page = JSON.parse(await student.sh("kubectl get --raw '/api/v1/configmaps?limit=1'")) as typeof page;
    await student.sh('kubectl delete configmaps --all');
    for (let second = 0; second < 17 * 60; second += 15) {
      await student.simulation.run(15_000);
      await look();
    }
  }, BOOT_LIMIT_MS);

  it('is done by one of them every five minutes, to where the store was five minutes before', async () => {
    expect(rounds.map(({ version }) => version)).toEqual([1, 2, 3]);
    const [first, second, third] = rounds as [Round, Round, Round];
    // The first round only takes the key.
    expect(first.revision).toBe(0);
    expect(second.revision).toBeGreaterThan(0);
    expect(third.revision).toBeGreaterThan(second.revision);
    for (const [before, after] of [
      [first, second],
      [second, third],
    ] as const)
      expect(Math.abs(after.atMs - before.atMs - 5 * MINUTE_MS)).toBeLessThanOrEqual(30_000);
    const old = await student.run(etcdctlOn(hosts[0]!, `get compact_rev_key --rev=${third.revision - 1}`));
    expect(old).toMatchObject({ exitCode: 1, stderr: 'Error: etcdserver: mvcc: required revision has been compacted\n' });
    expect((await student.run(etcdctlOn(hosts[1]!, `get compact_rev_key --rev=${third.revision}`))).exitCode).toBe(0);
  });

  it('leaves a page token from before it, a watch from before it and a list of then nothing but 410', async () => {
    const path = `/api/v1/configmaps?limit=1&continue=${encodeURIComponent(page.metadata.continue)}`;
    const late = await student.run(`kubectl get --raw '${path}'`);
    expect(late.exitCode).toBe(1);
    expect(late.stderr).toContain('The provided continue parameter is too old');
    const { resourceVersion } = page.metadata;
    const exact = await student.run(`kubectl get --raw '/api/v1/configmaps?resourceVersionMatch=Exact&resourceVersion=${resourceVersion}'`);
    expect(exact.exitCode).toBe(1);
    expect(exact.stderr).toContain('too old');
    // The watch cache remembers more than etcd, as long as the API server lives.
    for (const host of hosts) await student.settle(student.lab.machines.kill(host, 'kube-apiserver'));
    await student.simulation.run(2_000);
    await everyApiServerReady(student);
    const watch = await student.run(`kubectl get --raw '/api/v1/configmaps?watch=1&timeoutSeconds=5&resourceVersion=${resourceVersion}'`);
    expect(watch.stdout.split('\n')[0]!.slice(0, 500)).toMatch(/"type":"ERROR".*"reason":"Expired".*"code":410/);
  });

  it('makes no database smaller; defragmentation does, member by member', async () => {
    const before = await sizes(hosts[0]!);
    // Twenty deleted objects of 20 kB are free space inside it.
    const free = 400_000;
    expect(before.size - before.inUse).toBeGreaterThan(free);
    expect(await student.sh(etcdctlOn(hosts[0]!, 'defrag'))).toContain('Finished defragmenting etcd member[https://127.0.0.1:2379]');
    expect((await sizes(hosts[0]!)).size).toBeLessThan(before.size - free);
    expect((await sizes(hosts[1]!)).size).toBeGreaterThan(before.size - free / 2);
  });
});
