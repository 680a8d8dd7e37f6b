import { expect, it } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim } from '#api';
import { claimWithVolume, reservedVolume, volumeFor } from '../../../src/controllers/persistentvolume/matching.ts';

const volume = (name: string, storage: string, spec: object = {}): PersistentVolume =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: 'normal', hostPath: { path: '/d' }, ...spec },
    status: { phase: 'Available' },
  }) as PersistentVolume;
const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'c', namespace: 'default', uid: 'u' },
  spec: { storageClassName: 'normal', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
};

it('a claim gets the smallest volume that is large enough, of its class and modes', () => {
  const volumes = [
    volume('small', '1Gi'),
    volume('large', '9Gi'),
    volume('fitting', '3Gi'),
    volume('other-class', '2Gi', { storageClassName: 'fast' }),
    volume('other-mode', '2Gi', { accessModes: ['ReadOnlyMany'] }),
  ];
  expect(volumeFor(claim, volumes)?.metadata.name).toBe('fitting');
  expect(volumeFor(claim, [volume('small', '1Gi')])).toBeUndefined();
});
it('a volume reserved for a claim is its own, and one reserved for another is not', () => {
  const forUs = volume('ours', '1Gi', { claimRef: { namespace: 'default', name: 'c' } });
  const forOther = volume('theirs', '3Gi', { claimRef: { namespace: 'default', name: 'x' } });
  expect(volumeFor(claim, [forOther, forUs])?.metadata.name).toBe('ours');
  expect(volumeFor(claim, [forOther])).toBeUndefined();
});
it('binding names each in the other and says who bound them', () => {
  const free = volume('free', '3Gi');
  expect(reservedVolume(free, claim)).toMatchObject({
    metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
    spec: { claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'c', uid: 'u' } },
  });
  expect(claimWithVolume(claim, free)).toMatchObject({
    metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' } },
    spec: { volumeName: 'free' },
  });
});
