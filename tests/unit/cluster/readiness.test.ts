import { describe, expect, it } from 'vitest';
import { whatIsMissing, type Expected, type Observed } from '../../../src/cluster/readiness.ts';

const BOOTED_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
const after = new Date(BOOTED_MS + 5_000).toISOString();
const before = new Date(BOOTED_MS - 60_000).toISOString();
const expected: Expected = { nodes: ['control-plane', 'worker-1'], sinceWallMs: BOOTED_MS, hasControlPlane: true };

const node = (name: string, ready = 'True'): object => ({ metadata: { name }, status: { conditions: [{ type: 'Ready', status: ready }] } });
const lease = (name: string, renewTime = after): object => ({ metadata: { name }, spec: { renewTime } });
const pod = (name: string, app: string, nodeName: string, startedAt = after, ready = true): object => ({
  metadata: { name, labels: { app } },
  spec: { nodeName },
  status: { phase: 'Running', containerStatuses: [{ ready, state: { running: { startedAt } } }] },
});
const set = (name: string, more: object = {}): object => ({
  metadata: { name },
  spec: { selector: { matchLabels: { app: name } }, ...more },
});

/** A cluster in which nothing is missing, with changes. */
function observed(change: Record<string, object[]> = {}): Observed {
  return {
    nodes: [node('control-plane'), node('worker-1')],
    leases: [lease('control-plane'), lease('worker-1')],
    pods: [pod('proxy-a', 'kube-proxy', 'control-plane'), pod('proxy-b', 'kube-proxy', 'worker-1'), pod('dns', 'coredns', 'worker-1')],
    daemonSets: [set('kube-proxy')],
    deployments: [set('coredns', { replicas: 1 })],
    ...change,
  } as unknown as Observed;
}

describe('what is missing of a ready cluster', () => {
  it('is nothing when every node is Ready by a Lease of this boot and every pod was started since', () => {
    expect(whatIsMissing(observed(), expected)).toEqual([]);
  });

  it('is a node that has not registered, has not renewed its Lease since the boot, or is not Ready', () => {
    expect(whatIsMissing(observed({ nodes: [node('control-plane')] }), expected)).toEqual(['node worker-1 has not registered']);
    expect(whatIsMissing(observed({ leases: [lease('control-plane', before), lease('worker-1')] }), expected)).toEqual([
      'the kubelet of control-plane has not renewed its lease',
    ]);
    expect(whatIsMissing(observed({ nodes: [node('control-plane'), node('worker-1', 'Unknown')] }), expected)).toEqual([
      'node worker-1 is not Ready',
    ]);
  });

  it('is a pod whose container still tells of a life before the power cut', () => {
    const pods = [
      pod('proxy-a', 'kube-proxy', 'control-plane', before),
      pod('proxy-b', 'kube-proxy', 'worker-1'),
      pod('dns', 'coredns', 'worker-1'),
    ];
    expect(whatIsMissing(observed({ pods }), expected)).toEqual([
      'daemonset kube-proxy: 1 of 2 ready',
      '1 pods are still told of as they were before this boot',
    ]);
  });

  it('is not what runs on machines that are off', () => {
    const onlyOne = { ...expected, nodes: ['control-plane'] };
    const pods = [
      pod('proxy-a', 'kube-proxy', 'control-plane'),
      pod('proxy-b', 'kube-proxy', 'worker-1', before, false),
      pod('dns', 'coredns', 'control-plane'),
    ];
    expect(whatIsMissing(observed({ pods }), onlyOne)).toEqual([]);
  });

  it('is a static pod that is not ready, but no pod that nobody can place', () => {
    const mirror = pod('etcd', 'etcd', 'control-plane', after, false) as { metadata: Record<string, unknown> };
    mirror.metadata['annotations'] = { 'kubernetes.io/config.mirror': 'hash' };
    const pending = {
      metadata: { name: 'dns-2', labels: { app: 'coredns' } },
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
    };
    // The condition has to be true of something: a pod that is unschedulable says so with this reason.
    const pods = [...observed().pods, mirror, pending];
    expect(whatIsMissing(observed({ pods: pods as object[] }), expected)).toEqual(['static pod etcd is not ready']);
  });
});
