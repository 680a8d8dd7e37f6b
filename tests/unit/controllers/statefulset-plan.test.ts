import { describe, expect, it } from 'vitest';
import type { Pod, StatefulSet } from '#api';
import { planStatefulSet, statusOf } from '../../../src/controllers/statefulset/plan.ts';
import { claimsOf, podOf } from '../../../src/controllers/statefulset/pods.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const NEW = 'db-new';
const OLD = 'db-old';

const setOf = (spec: object = {}): StatefulSet =>
  ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default', uid: 'u', generation: 2 },
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: 'redis' }] } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
      ...spec,
    },
  }) as StatefulSet;
const podNamed = (ordinal: number, state: 'ready' | 'starting' | 'going' | 'failed' = 'ready', revision = NEW): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `db-${ordinal}`,
    namespace: 'default',
    labels: { 'controller-revision-hash': revision },
    ...(state === 'going' ? { deletionTimestamp: '2026-01-01T00:09:00Z' } : {}),
  },
  status: {
    phase: state === 'failed' ? 'Failed' : 'Running',
    conditions: [{ type: 'Ready', status: state === 'ready' ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  },
});
const stepOf = (set: StatefulSet, ...pods: Pod[]): { create: readonly number[]; remove: string[] } => {
  const { create, remove } = planStatefulSet(set, pods, NEW, NOW);
  return { create, remove: remove.map(({ metadata }) => metadata.name) };
};
const nothing = { create: [], remove: [] };

describe('a StatefulSet that keeps order', () => {
  it('makes the next pod only when all before it are ready', () => {
    expect(stepOf(setOf())).toEqual({ create: [0], remove: [] });
    expect(stepOf(setOf(), podNamed(0, 'starting'))).toEqual(nothing);
    expect(stepOf(setOf(), podNamed(0))).toEqual({ create: [1], remove: [] });
    expect(stepOf(setOf(), podNamed(0), podNamed(2))).toEqual({ create: [1], remove: [] });
  });
  it('replaces a pod that failed, and waits for one that is going', () => {
    expect(stepOf(setOf(), podNamed(0, 'failed'))).toEqual({ create: [], remove: ['db-0'] });
    expect(stepOf(setOf(), podNamed(0, 'going'))).toEqual(nothing);
  });
  it('deletes from the highest down, one at a time', () => {
    const set = setOf({ replicas: 1 });
    expect(stepOf(set, podNamed(0), podNamed(1), podNamed(2))).toEqual({ create: [], remove: ['db-2'] });
    expect(stepOf(set, podNamed(0), podNamed(1), podNamed(2, 'going'))).toEqual(nothing);
  });
  it('rolls from the highest down to the partition, each after the one above is ready', () => {
    const old = (ordinal: number): Pod => podNamed(ordinal, 'ready', OLD);
    expect(stepOf(setOf(), old(0), old(1), old(2))).toEqual({ create: [], remove: ['db-2'] });
    expect(stepOf(setOf(), old(0), old(1), podNamed(2))).toEqual({ create: [], remove: ['db-1'] });
    const partitioned = setOf({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    expect(stepOf(partitioned, old(0), old(1), podNamed(2))).toEqual(nothing);
    expect(stepOf(setOf({ updateStrategy: { type: 'OnDelete' } }), old(0), old(1), old(2))).toEqual(nothing);
  });
  it('counts from the ordinal it is told', () => {
    expect(stepOf(setOf({ replicas: 1, ordinals: { start: 5 } }))).toEqual({ create: [5], remove: [] });
  });
});

describe('a parallel StatefulSet', () => {
  it('makes and deletes all at once', () => {
    expect(stepOf(setOf({ podManagementPolicy: 'Parallel' }), podNamed(1, 'starting'))).toEqual({ create: [0, 2], remove: [] });
    expect(stepOf(setOf({ podManagementPolicy: 'Parallel', replicas: 0 }), podNamed(1), podNamed(2)).remove).toEqual(['db-2', 'db-1']);
  });
});

it('a pod of a StatefulSet has its name as host, its number, its revision, and its claims as volumes', () => {
  const set = setOf();
  const pod = podOf(set, 1, set.spec!.template as never, NEW);
  expect(pod.metadata).toMatchObject({
    name: 'db-1',
    labels: {
      app: 'db',
      'statefulset.kubernetes.io/pod-name': 'db-1',
      'apps.kubernetes.io/pod-index': '1',
      'controller-revision-hash': NEW,
    },
  });
  expect(pod.spec).toMatchObject({
    hostname: 'db-1',
    subdomain: 'db',
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-1' } }],
  });
  expect(claimsOf(set, 'db-1')[0]!.metadata).toMatchObject({ name: 'data-db-1', labels: { app: 'db' } });
});

it('a roll is over, and the update the current revision, when every pod has it and is ready', () => {
  const names = { currentName: OLD, updateName: NEW };
  expect(statusOf(setOf(), [podNamed(0, 'ready', OLD), podNamed(1)], names, NOW)).toMatchObject({
    currentRevision: OLD,
    updateRevision: NEW,
    updatedReplicas: 1,
    currentReplicas: 1,
    readyReplicas: 2,
  });
  expect(statusOf(setOf(), [podNamed(0), podNamed(1)], names, NOW)).toMatchObject({ currentRevision: NEW, currentReplicas: 2 });
});
