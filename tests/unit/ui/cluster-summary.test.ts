import { describe, expect, test } from 'vitest';
import { DEFAULT_SPEC, type ComponentInfo, type MachineInfo, type MachineRole } from '#lab';
import {
  bootWaits,
  differsOnlyInFigures,
  etcdLeader,
  faultsOf,
  happenings,
  healthyBackends,
  readyNodes,
  topologyText,
} from '../../../src/ui/cluster-summary.ts';
import { machineRows } from '../../../src/ui/map/machine-rows.ts';
import type { Told } from '../../../src/ui/timeline.ts';
import { actsNow, componentWords, lookOf } from '../../../src/ui/state-words.ts';

function machine(name: string, role: MachineRole, components: readonly ComponentInfo[] = [], more: Partial<MachineInfo> = {}): MachineInfo {
  return { name, roles: [role], power: 'on', state: 'running', address: '10.0.0.1', zone: 'zone-a', components, ...more };
}
const running = (name: string, more: Partial<ComponentInfo> = {}): ComponentInfo => ({ name, state: 'running', ...more });
const etcd = (role: 'leader' | 'follower', term: number, state = 'running'): ComponentInfo => ({
  name: 'etcd',
  state,
  raft: { role, term, commit: 9, applied: 9 },
});
const texts = (told: readonly Told[]): string[] => told.map(({ text }) => text);
const plane = ['kube-apiserver', 'kube-scheduler', 'kube-controller-manager'].map((name) => running(name));

describe('the cluster in a sentence', () => {
  test('names its shape', () => {
    expect(topologyText({ ...DEFAULT_SPEC, controlPlanes: 3, workers: 1 })).toBe('3 control planes, stacked etcd, 1 worker');
    expect(topologyText({ ...DEFAULT_SPEC, topology: 'external', etcdMembers: 5, workers: 0 })).toBe(
      '1 control plane, 5 etcd hosts, 0 workers',
    );
  });

  test('tells figures that move from what happens', () => {
    const before = machine('a', 'etcd', [etcd('follower', 3), running('kubelet')]);
    const grown: ComponentInfo = { ...etcd('follower', 3), raft: { role: 'follower', term: 3, commit: 10, applied: 10 } };
    expect(differsOnlyInFigures(before, machine('a', 'etcd', [grown, running('kubelet')]))).toBe(true);
    for (const after of [
      machine('a', 'etcd', [etcd('leader', 3), running('kubelet')]),
      machine('a', 'etcd', [etcd('follower', 4), running('kubelet')]),
      machine('a', 'etcd', [etcd('follower', 3, 'frozen'), running('kubelet')]),
      machine('a', 'etcd', [etcd('follower', 3), running('kubelet', { leader: true })]),
      machine('a', 'etcd', [etcd('follower', 3)]),
      machine('a', 'etcd', [etcd('follower', 3), running('kubelet')], { state: 'frozen' }),
    ])
      expect(differsOnlyInFigures(before, after)).toBe(false);
    expect(differsOnlyInFigures(undefined, before)).toBe(false);
  });

  test('believes the leader of the newest term, and none that is off, frozen or dead', () => {
    expect(etcdLeader([machine('a', 'etcd', [etcd('leader', 3)]), machine('b', 'etcd', [etcd('leader', 4)])])).toEqual({
      machine: 'b',
      term: 4,
    });
    expect(etcdLeader([machine('a', 'etcd', [etcd('leader', 3)]), machine('b', 'etcd', [etcd('leader', 4, 'frozen')])])).toEqual({
      machine: 'a',
      term: 3,
    });
    expect(etcdLeader([machine('a', 'etcd', [etcd('leader', 3)], { state: 'down' })])).toBeUndefined();
    expect(etcdLeader([machine('a', 'etcd', [etcd('follower', 3)])])).toBeUndefined();
  });

  test('counts API servers that serve', () => {
    const dead = machine('c', 'control-plane', [{ name: 'kube-apiserver', state: 'back-off' }]);
    const off = machine('d', 'control-plane', plane, { power: 'off', state: 'off' });
    expect(healthyBackends([machine('a', 'control-plane', plane), dead, off, machine('w', 'worker')])).toEqual({ healthy: 1, all: 3 });
  });

  test('counts nodes whose Ready condition is True; Unknown is not ready', () => {
    const node = (name: string, status: 'True' | 'Unknown') => ({
      metadata: { name },
      status: { conditions: [{ type: 'Ready', status }] },
    });
    expect(readyNodes([node('a', 'True'), node('b', 'Unknown'), { metadata: { name: 'c' } }])).toEqual({ ready: 1, all: 3 });
  });

  test('names every fault once: a machine that is off stands for all that ran on it', () => {
    const off = machine('w', 'worker', [{ name: 'kubelet', state: 'failed' }], { power: 'off', state: 'off' });
    expect(faultsOf([machine('a', 'control-plane', [{ name: 'etcd', state: 'frozen' }, running('kubelet')]), off])).toEqual([
      'etcd on a: frozen',
      'w is off',
    ]);
  });

  test('says what a boot waits for, from below to above', () => {
    const booting = machine('a', 'control-plane', [], { state: 'booting' });
    expect(bootWaits([booting], 'stacked', [])).toEqual(['a (booting)']);
    const half = machine('a', 'control-plane', [...plane.slice(1), { name: 'kube-apiserver', state: 'starting' }]);
    expect(bootWaits([half], 'external', [])).toEqual(['kube-apiserver on a (starting)']);
    const whole = machine('w', 'worker', [running('kubelet'), running('containerd')]);
    expect(bootWaits([whole], 'stacked', [{ metadata: { name: 'w' } }])).toEqual(['node w to be Ready']);
    expect(bootWaits([machine('w', 'worker', [], { power: 'off', state: 'off' }), whole], 'stacked', [])).toEqual([
      'nodes, add-ons and kubectl',
    ]);
  });
});

describe('what happened', () => {
  test('is told of machines, components, elections and leases', () => {
    const before = machine('a', 'control-plane', [etcd('follower', 3), running('kube-scheduler', { leader: false })]);
    const after = machine('a', 'control-plane', [etcd('leader', 4), running('kube-scheduler', { leader: true })]);
    expect(texts(happenings(before, after))).toEqual([
      'etcd on a is elected leader of term 4',
      'kube-scheduler on a is active: it holds the lease',
    ]);
    expect(texts(happenings(before, { ...before, power: 'off', state: 'off', components: [] }))).toEqual(['a is off']);
    expect(texts(happenings(before, { ...before, components: [etcd('follower', 3, 'failed')] }))).toEqual(['etcd on a is failed']);
  });

  test('is a fault where power or a freeze is in it, and none while a machine boots', () => {
    const states = (before: MachineInfo['state'], after: MachineInfo['state']) =>
      happenings(machine('a', 'worker', [], { state: before }), machine('a', 'worker', [], { state: after })).map(({ lane }) => lane);
    expect([states('booting', 'running'), states('off', 'booting'), states('running', 'frozen')]).toEqual([
      ['component'],
      ['fault'],
      ['fault'],
    ]);
  });

  test('is nothing when nothing changed but the log', () => {
    const before = machine('a', 'etcd', [etcd('leader', 3)]);
    const after = machine('a', 'etcd', [{ ...etcd('leader', 3), raft: { role: 'leader', term: 3, commit: 10, applied: 10 } }]);
    expect(texts(happenings(before, after))).toEqual([]);
    expect(texts(happenings(undefined, after))).toEqual([]);
  });
});

describe('states', () => {
  test('have a word each, nested ones that of their parent, unknown ones their own', () => {
    expect(lookOf('frozen.running')).toMatchObject({ word: 'frozen', tone: 'frozen' });
    expect(lookOf('back-off')).toMatchObject({ word: 'back-off', tone: 'failed' });
    expect(lookOf('pulling')).toMatchObject({ word: 'pulling' });
  });

  test('a lease holder is active, the others stand by, and a frozen leader does not act', () => {
    expect(componentWords(running('kube-scheduler', { leader: true }))).toBe('active');
    expect(componentWords(running('kube-controller-manager', { leader: false }))).toBe('standby');
    expect(componentWords(running('kube-scheduler'))).toBe('running');
    expect(actsNow(etcd('leader', 2))).toBe(true);
    expect(actsNow(etcd('leader', 2, 'frozen'))).toBe(false);
  });
});

test('machines stand in rows by role and are counted as people count', () => {
  const rows = machineRows([
    machine('worker-10', 'worker'),
    machine('worker-2', 'worker'),
    machine('control-plane', 'control-plane'),
    machine('load-balancer', 'load-balancer'),
  ]);
  expect(rows.map(({ role, machines }) => [role, ...machines.map(({ name }) => name)])).toEqual([
    ['control-plane', 'control-plane'],
    ['worker', 'worker-2', 'worker-10'],
  ]);
});
