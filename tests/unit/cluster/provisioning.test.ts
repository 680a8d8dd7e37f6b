import { describe, expect, it } from 'vitest';
import { createCrypto, seededRandom } from '#host';
import { DEFAULT_SPEC, planMachines, type ClusterSpec } from '#lab';
import { plannedCluster, type Provisioning } from '../../../src/cluster/provisioning.ts';

const CREATED_MS = Date.UTC(2026, 0, 5, 9, 0, 0);

const provisioningOf = (spec: Partial<ClusterSpec>): Provisioning => {
  const whole = { ...DEFAULT_SPEC, ...spec };
  return { spec: whole, machines: planMachines(whole), createdWallMs: CREATED_MS };
};

describe('a planned cluster', () => {
  it('has etcd beside each API server when stacked, on hosts of its own when external', () => {
    const stacked = plannedCluster('seed', provisioningOf({ controlPlanes: 3 }));
    expect(stacked.configuration.etcd).toEqual({ kind: 'local' });
    expect(stacked.etcdHosts).toEqual(stacked.controlPlanes);
    const external = plannedCluster('seed', provisioningOf({ topology: 'external', controlPlanes: 2, etcdMembers: 3 }));
    expect(external.etcdHosts.map(({ name }) => name)).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
    expect(external.configuration.etcd).toEqual({
      kind: 'external',
      endpoints: ['https://10.0.0.31:2379', 'https://10.0.0.32:2379', 'https://10.0.0.33:2379'],
    });
  });

  it('is reached through the load balancer', () => {
    expect(plannedCluster('seed', provisioningOf({})).configuration.controlPlaneEndpoint).toBe('10.0.0.10:6443');
  });

  it('has the same authorities on every machine of a seed, and others for another seed', () => {
    const crypto = createCrypto(seededRandom('test'));
    const ca = (seed: string): string => crypto.certificatesToPem([plannedCluster(seed, provisioningOf({})).pki.ca.certificate]);
    expect(ca('seed')).toBe(ca('seed'));
    expect(ca('another')).not.toBe(ca('seed'));
  });

  it('hands heartbeat, election and quota of the spec to etcd, and lets extra arguments win', () => {
    const etcd = plannedCluster('seed', provisioningOf({ extraArgs: { etcd: { 'election-timeout': '2000', 'snapshot-count': '100' } } }))
      .configuration.extraArgs?.etcd;
    expect(etcd).toMatchObject({ 'heartbeat-interval': '100', 'election-timeout': '2000', 'snapshot-count': '100' });
  });
});
