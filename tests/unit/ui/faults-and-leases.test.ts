import { describe, expect, test } from 'vitest';
import type { LabFault } from '#lab';
import { linkBetween, linkFaultWords, partitionGroups, toldFaults } from '../../../src/ui/fault-words.ts';
import { electionLease, leaseSentence, nodeLease, type LeaseObject } from '../../../src/ui/leases.ts';
import { faultChanges, placeOf, SPAN_MS } from '../../../src/ui/timeline.ts';
import { evenNotice, losses, machineCosts, memberCount, quorumFacts } from '../../../src/ui/topology.ts';

const machines = ['a', 'b', 'c', 'd'];
const cut = (from: string, to: string): LabFault => ({ kind: 'link', from, to, fault: { down: true } });
const both = (from: string, to: string): LabFault[] => [cut(from, to), cut(to, from)];
const slow = (from: string, to: string, latencyMs = 200): LabFault => ({ kind: 'link', from, to, fault: { latencyMs } });

describe('faults in words', () => {
  test('names what is wrong with a link', () => {
    expect(linkFaultWords({ down: true, latencyMs: 9 })).toBe('cut');
    expect(linkFaultWords({ latencyMs: 300, jitterMs: 50, loss: 0.3 })).toBe('+300 ms, 30 % lost');
    expect(linkBetween([slow('a', 'b'), cut('b', 'a')], 'a', 'b')).toEqual({ down: true });
    expect(linkBetween([slow('a', 'b')], 'a', 'c')).toBeUndefined();
  });

  test('sees no partition while any way around is left', () => {
    expect(partitionGroups(machines, [...both('a', 'b'), ...both('a', 'c')])).toHaveLength(1);
    expect(partitionGroups(machines, [...both('a', 'b'), ...both('a', 'c'), ...both('a', 'd')])).toEqual([['b', 'c', 'd'], ['a']]);
    expect(partitionGroups([], [])).toEqual([]);
  });

  test('counts an isolated machine once, and heals it by its own links only', () => {
    const told = toldFaults(machines, [...both('a', 'b'), ...both('a', 'c'), ...both('a', 'd'), slow('b', 'c')]);
    expect(told.map(({ text }) => text)).toEqual(['a is isolated', 'b → c: +200 ms']);
    expect(told[0]?.links).toHaveLength(6);
  });

  test('counts a link once when both directions have the same fault, twice when they differ', () => {
    expect(toldFaults(machines, [slow('a', 'b'), slow('b', 'a')]).map(({ text }) => text)).toEqual(['a ↔ b: +200 ms']);
    expect(toldFaults(machines, [slow('a', 'b'), slow('b', 'a', 9)]).map(({ text }) => text)).toEqual(['a → b: +200 ms', 'b → a: +9 ms']);
  });

  test('tells of groups that are cut off together, and of disks', () => {
    const split = ['a', 'b'].flatMap((near) => ['c', 'd'].flatMap((far) => both(near, far)));
    expect(toldFaults([...machines, 'e'], [...split, ...both('a', 'e'), ...both('b', 'e')]).map(({ text }) => text)).toEqual([
      'a, b are partitioned from the rest',
    ]);
    expect(toldFaults(machines, [{ kind: 'disk', machine: 'd', fault: 'full' }])).toEqual([
      { key: 'disk/d', text: 'd: disk full', links: [], disk: 'd' },
    ]);
  });
});

describe('leases', () => {
  const at = Date.UTC(2026, 0, 5, 10, 0, 20);
  const lease = (namespace: string, name: string, holderIdentity: string, seconds: number, renewTime?: string): [string, LeaseObject] => [
    `${namespace}/${name}`,
    { metadata: { namespace, name }, spec: { holderIdentity, leaseDurationSeconds: seconds, renewTime } },
  ];
  const leases = new Map([
    lease('kube-system', 'kube-scheduler', 'control-plane-2_4f', 15, '2026-01-05T10:00:16.500000Z'),
    lease('kube-system', 'kube-controller-manager', '', 15),
    lease('kube-node-lease', 'worker-1', 'worker-1', 40, '2026-01-05T09:59:00.000000Z'),
  ]);

  test('count down from their renewal by the lab clock, for the machine of the holder', () => {
    expect(electionLease(leases, 'kube-scheduler', at)).toMatchObject({ machine: 'control-plane-2', ageMs: 3_500, leftMs: 11_500 });
    expect(electionLease(leases, 'kube-controller-manager', at)).toBeUndefined();
    expect(electionLease(leases, 'kubelet', at)).toBeUndefined();
  });

  test('run out and say so', () => {
    const run = nodeLease(leases, 'worker-1', at);
    expect(run && leaseSentence(run)).toBe('renewed 80 s ago, it has run out');
    const held = electionLease(leases, 'kube-scheduler', at);
    expect(held && leaseSentence(held)).toBe('renewed 3 s ago, runs out in 12 s unless renewed');
  });
});

describe('what a topology costs and survives', () => {
  const stacked = (controlPlanes: number, workers = 3) => ({ topology: 'stacked' as const, controlPlanes, etcdMembers: 3, workers });
  const external = (controlPlanes: number, etcdMembers: number) => ({
    topology: 'external' as const,
    controlPlanes,
    etcdMembers,
    workers: 2,
  });

  test.each([
    [1, 1, 0],
    [2, 2, 0],
    [3, 2, 1],
    [4, 3, 1],
    [5, 3, 2],
  ])('%i members have a quorum of %i and may lose %i', (members, quorum, mayLose) => {
    expect(quorumFacts(members)).toEqual({ members, quorum, mayLose });
  });

  test('counts machines and members by topology', () => {
    expect(machineCosts(stacked(3))).toEqual({ all: 7, parts: '1 load balancer, 3 control planes, 3 workers' });
    expect(machineCosts(external(2, 3))).toEqual({ all: 8, parts: '1 load balancer, 2 control planes, 3 etcd hosts, 2 workers' });
    expect([memberCount(stacked(5)), memberCount(external(1, 3))]).toEqual([5, 3]);
  });

  test('says why even numbers do not help', () => {
    expect(evenNotice(stacked(4))).toContain('4 etcd members may lose 1, just as 3 may: their quorum is 3');
    expect([evenNotice(stacked(3)), evenNotice(external(2, 3))]).toEqual([undefined, undefined]);
  });

  test.each([
    ['one of three stacked control planes', stacked(3), 'one control plane', true],
    ['one of two stacked control planes', stacked(2), 'one control plane', false],
    ['the only control plane', stacked(1), 'one control plane', false],
    ['one of two control planes with external etcd', external(2, 3), 'one control plane', true],
    ['one of three etcd hosts', external(2, 3), 'one etcd host', true],
    ['one of two etcd hosts', external(2, 2), 'one etcd host', false],
    ['the load balancer', stacked(5), 'the load balancer', false],
  ])('knows whether kubectl goes on without %s', (_what, shape, of, isSurvived) => {
    expect(losses(shape).find((loss) => loss.of === of)?.isSurvived).toBe(isSurvived);
  });
});

describe('the strip of what happened', () => {
  test('places what is young enough, from its beginning to now', () => {
    expect([0, SPAN_MS / 2, SPAN_MS].map((ageMs) => placeOf(1_000_000 - ageMs, 1_000_000))).toEqual([1, 0.5, 0]);
    expect([placeOf(1_000_001, 1_000_000), placeOf(999_999 - SPAN_MS, 1_000_000)]).toEqual([undefined, undefined]);
  });

  test('tells which faults came and which are gone', () => {
    expect(faultChanges(['a is isolated', 'b: disk full'], ['b: disk full', 'c: disk slow'])).toEqual([
      { lane: 'fault', text: 'c: disk slow' },
      { lane: 'fault', text: 'no longer: a is isolated' },
    ]);
  });
});
