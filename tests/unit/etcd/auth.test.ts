/** Users, roles and permissions: what they cover, and that they outlive restarts and travel in snapshots, while tokens do not. */
import { describe, expect, it } from 'vitest';
import { createEtcdClient, type EtcdClient } from '#etcd/client';
import type { etcd } from '#contracts';
import { isCovered } from '../../../src/etcd/auth/permissions.ts';
import { SimpleTokens } from '../../../src/etcd/auth/simple-tokens.ts';
import { addressOf, createEtcdCluster, memberName, type EtcdCluster } from './etcd-cluster.ts';

describe('permissions together', () => {
  const permissions: etcd.Permission[] = [
    { type: 'READ', key: 'a', rangeEnd: 'c' },
    { type: 'READWRITE', key: 'b', rangeEnd: 'e' },
    { type: 'WRITE', key: 'k' },
    { type: 'READ', key: 'x', rangeEnd: '\0' },
  ];

  it.each([
    ['READ', 'a', undefined, true],
    ['READ', 'a', 'e', true],
    ['READ', 'a', 'f', false],
    ['READ', 'e', undefined, false],
    ['WRITE', 'a', undefined, false],
    ['WRITE', 'b', 'e', true],
    ['WRITE', 'k', undefined, true],
    ['WRITE', 'k', 'l', false],
    ['READ', 'k', undefined, false],
    ['READ', 'y', 'z', true],
    ['READ', 'x', '\0', true],
    ['READ', 'w', '\0', false],
    ['READ', 'a', '\0', false],
  ] as const)('allow %s from %s to %s: %s', (access, key, rangeEnd, isAllowed) => {
    expect(isCovered(permissions, access, key, rangeEnd)).toBe(isAllowed);
  });
});

describe('a token', () => {
  it('lives five minutes after its last use', () => {
    let nowMs = 0;
    const tokens = new SimpleTokens({ monotonicMs: () => nowMs } as never);
    tokens.changed({ authenticate: { name: 'alice', token: 't' } });
    nowMs = 299_000;
    expect(tokens.userOf('t')).toBe('alice');
    nowMs += 299_000;
    expect(tokens.userOf('t')).toBe('alice');
    nowMs += 300_000;
    expect(tokens.userOf('t')).toBeUndefined();
  });

  it('ends with its user, with the password and with authentication', () => {
    const tokens = new SimpleTokens({ monotonicMs: () => 0 } as never);
    const logIn = (): void => tokens.changed({ authenticate: { name: 'alice', token: 't' } });
    for (const change of [
      { userDelete: { name: 'alice' } },
      { userChangePassword: { name: 'alice', password: undefined } },
      { disable: {} },
    ]) {
      logIn();
      tokens.changed({ userDelete: { name: 'bob' } });
      expect(tokens.userOf('t')).toBe('alice');
      tokens.changed(change);
      expect(tokens.userOf('t')).toBeUndefined();
    }
  });
});

function clientOf({ workstation }: EtcdCluster, member: number, user: { name: string; password: string }): EtcdClient {
  const { network, clock, random } = workstation;
  const endpoints = [`http://${addressOf(member)}:2379`];
  return createEtcdClient({ network, clock, random: random.fork(`${member} ${user.name}`), endpoints, dialTimeoutMs: 2_000, user });
}

async function authenticated(cluster: EtcdCluster): Promise<void> {
  const client = cluster.client(1);
  const ask = (method: string, request: Record<string, unknown>): Promise<unknown> => cluster.settle(client.auth(method, request));
  await ask('UserAdd', { name: 'root', password: 'secret' });
  await ask('UserGrantRole', { user: 'root', role: 'root' });
  await ask('UserAdd', { name: 'alice', password: 'pw' });
  await ask('RoleAdd', { name: 'app' });
  await ask('RoleGrantPermission', { name: 'app', perm: { type: 'READWRITE', key: 'app/', rangeEnd: 'app0' } });
  await ask('UserGrantRole', { user: 'alice', role: 'app' });
  await ask('AuthEnable', {});
}

describe('authentication of a cluster', () => {
  it('is still on after all members have restarted, and who was logged in logs in again by itself', async () => {
    const cluster = await createEtcdCluster(3, 'auth restarts');
    await cluster.leader();
    await authenticated(cluster);
    const alice = clientOf(cluster, 2, { name: 'alice', password: 'pw' });
    await cluster.settle(alice.put({ key: 'app/one', value: '1' }));
    for (const at of [1, 2, 3]) cluster.simulation.powerOff(memberName(at));
    for (const at of [1, 2, 3]) await cluster.start(at);
    await cluster.leader();
    await expect(cluster.settle(cluster.client(1).put({ key: 'app/one', value: 'x' }))).rejects.toThrow('etcdserver: user name is empty');
    const put = (): Promise<unknown> => alice.put({ key: 'app/one', value: '2' }, { timeoutMs: 2_000 }).catch((error: unknown) => error);
    // The first call may meet the connection of the life before.
    for (let outcome = await cluster.settle(put()); outcome instanceof Error; outcome = await cluster.settle(put())) {
      expect(outcome.message).not.toMatch(/^etcdserver: (invalid auth token|permission denied)/);
    }
    expect((await cluster.settle(alice.range({ key: 'app/one' }))).kvs[0]?.value).toBe('2');
    await expect(cluster.settle(alice.range({ key: 'other' }))).rejects.toThrow('etcdserver: permission denied');
  });

  it('travels in the snapshot that a member gets which was away for long', async () => {
    const cluster = await createEtcdCluster(3, 'auth snapshot', ['--snapshot-count=20', '--experimental-snapshot-catchup-entries=5']);
    const leader = await cluster.leader();
    const away = [1, 2, 3].find((at) => at !== leader && at !== 1)!;
    cluster.simulation.powerOff(memberName(away));
    await authenticated(cluster);
    const root = clientOf(cluster, leader, { name: 'root', password: 'secret' });
    for (let at = 0; at < 60; at++) await cluster.settle(root.put({ key: `key ${at}`, value: 'v' }));
    await cluster.start(away);
    await cluster.simulation.run(3_000);
    await expect(cluster.settle(cluster.client(away).range({ key: 'key 1' }))).rejects.toThrow('etcdserver: user name is empty');
    const there = clientOf(cluster, away, { name: 'root', password: 'secret' });
    expect((await cluster.settle(there.range({ key: 'key 59' }))).count).toBe(1);
    expect(await cluster.settle(there.auth('UserList', {}))).toMatchObject({ users: ['alice', 'root'] });
  });

  it('lets leases run out though nobody is logged in', async () => {
    const cluster = await createEtcdCluster(1, 'auth leases');
    await cluster.leader();
    const { id } = await cluster.settle(cluster.client(1).leaseGrant({ ttl: 5 }));
    await cluster.settle(cluster.client(1).put({ key: 'app/tied', value: 'v', lease: id }));
    await authenticated(cluster);
    await cluster.simulation.run(8_000);
    const root = clientOf(cluster, 1, { name: 'root', password: 'secret' });
    expect((await cluster.settle(root.range({ key: 'app/tied' }))).count).toBe(0);
  });

  it('never shows a password: what is in the log and in snapshots is salted and hashed', async () => {
    const cluster = await createEtcdCluster(1, 'auth secrets');
    await cluster.leader();
    await authenticated(cluster);
    const root = clientOf(cluster, 1, { name: 'root', password: 'secret' });
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const { blob } of root.snapshot()) pieces.push(blob);
    })();
    await cluster.settle(reading);
    const text = pieces.join('');
    expect(text).toContain('"name":"alice"');
    expect(text).not.toContain('secret');
    expect(text).not.toMatch(/"pw"/);
  });
});
