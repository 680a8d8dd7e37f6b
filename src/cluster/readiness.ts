/**
 * When a cluster counts as ready: every Node that is on is Ready by a Lease renewed since this boot, and what kubeadm installs is available
 * with containers started since then. Seen through informers, as anybody else would see it.
 */
import type { DaemonSet, Deployment, Lease, Node, Pod } from '#api';
import { createInformer, resources, type Informer, type RestClient } from '#client';
import type { KubeObject } from '#apimachinery';
import type { Process } from '#host';

/** What readiness is judged by. */
export interface Expected {
  readonly nodes: readonly string[];
  readonly sinceWallMs: number;
  readonly hasControlPlane: boolean;
}

/** What the cluster looks like. */
export interface Observed {
  readonly nodes: readonly Node[];
  readonly leases: readonly Lease[];
  readonly pods: readonly Pod[];
  readonly deployments: readonly Deployment[];
  readonly daemonSets: readonly DaemonSet[];
}

/** Lab time a boot may take before it is called stuck in a named state. */
export const READY_DEADLINE_MS = 10 * 60 * 1_000;

const isTrue = (conditions: readonly { type: string; status: string }[] | undefined, type: string): boolean =>
  conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

const startedSince = (pod: Pod, sinceMs: number): boolean =>
  (pod.status?.containerStatuses ?? []).length > 0 &&
  pod.status!.containerStatuses!.every((status) => status.ready && Date.parse(status.state?.running?.startedAt ?? '') >= sinceMs - 1_000);

/** Whether its status still tells of containers that ended with the power. */
const runsSinceBefore = (pod: Pod, sinceMs: number): boolean =>
  (pod.status?.containerStatuses ?? []).some((status) => Date.parse(status.state?.running?.startedAt ?? '') < sinceMs - 1_000);

const belongsTo = (pod: Pod, owner: DaemonSet | Deployment): boolean =>
  pod.metadata.namespace === owner.metadata.namespace &&
  Object.entries(owner.spec?.selector?.matchLabels ?? { '': '' }).every(([key, value]) => pod.metadata.labels?.[key] === value);

/** What is still waited for, a phrase each; empty when the cluster is ready. Pure. */
export function whatIsMissing(observed: Observed, expected: Expected): string[] {
  const { nodes, leases, pods, deployments, daemonSets } = observed;
  const missing: string[] = [];
  for (const name of expected.nodes) {
    const node = nodes.find((candidate) => candidate.metadata.name === name);
    const renewed = Date.parse(leases.find((lease) => lease.metadata.name === name)?.spec?.renewTime ?? '');
    if (!node) missing.push(`node ${name} has not registered`);
    else if (!(renewed >= expected.sinceWallMs)) missing.push(`the kubelet of ${name} has not renewed its lease`);
    else if (!isTrue(node.status?.conditions, 'Ready')) missing.push(`node ${name} is not Ready`);
  }
  const placeable = pods.filter(
    (pod) => !pod.metadata.deletionTimestamp && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed',
  );
  const isOnHere = (pod: Pod): boolean => expected.nodes.includes(pod.spec?.nodeName ?? '');
  for (const set of daemonSets) {
    const own = placeable.filter((pod) => isOnHere(pod) && belongsTo(pod, set));
    const ready = own.filter((pod) => startedSince(pod, expected.sinceWallMs)).length;
    if (ready < expected.nodes.length) missing.push(`daemonset ${set.metadata.name}: ${ready} of ${expected.nodes.length} ready`);
  }
  for (const deployment of deployments) {
    const own = placeable.filter((pod) => belongsTo(pod, deployment));
    const ready = own.filter((pod) => isOnHere(pod) && startedSince(pod, expected.sinceWallMs)).length;
    const wanted = deployment.spec?.replicas ?? 1;
    // A pod that fits nowhere, or sits on a machine that is off until it is evicted, is not waited for.
    const excused = own.filter(
      (pod) =>
        (pod.spec?.nodeName !== undefined && !isOnHere(pod)) ||
        pod.status?.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'Unschedulable'),
    ).length;
    if (ready < Math.max(0, wanted - excused) || own.length < wanted)
      missing.push(`deployment ${deployment.metadata.name}: ${ready} of ${wanted} ready`);
  }
  for (const pod of placeable)
    if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] && isOnHere(pod) && !startedSince(pod, expected.sinceWallMs))
      missing.push(`static pod ${pod.metadata.name} is not ready`);
  const stale = placeable.filter((pod) => isOnHere(pod) && runsSinceBefore(pod, expected.sinceWallMs)).length;
  if (stale > 0) missing.push(`${stale} pods are still told of as they were before this boot`);
  return missing;
}

/** Resolves when nothing is missing. Rejects with a sentence that names the state: no control plane, or what was still missing at the deadline. */
export function awaitClusterReady(process: Process, client: RestClient, expected: Expected): Promise<void> {
  if (!expected.hasControlPlane) return Promise.reject(new Error('no control plane is switched on'));
  const { clock, random, telemetry } = process;
  const aborter = new AbortController();
  const options = { client, clock, random, telemetry };
  const inSystem = { ...options, namespace: 'kube-system' };
  const informers = {
    nodes: createInformer(resources.nodes, options),
    leases: createInformer(resources.leases, { ...options, namespace: 'kube-node-lease' }),
    pods: createInformer(resources.pods, options),
    deployments: createInformer(resources.deployments, inSystem),
    daemonSets: createInformer(resources.daemonsets, inSystem),
  };
  return new Promise((resolve, reject) => {
    let missing: string[] = ['the API server does not answer'];
    telemetry.lifecycle('cluster', 'starting', { waitingFor: missing });
    const all = Object.values(informers) as unknown as (Informer<KubeObject> & { run(signal: AbortSignal): void })[];
    const stop = clock.after(READY_DEADLINE_MS, () => {
      aborter.abort();
      reject(new Error(`the cluster is not ready: ${missing.join('; ')}`));
    });
    const look = (): void => {
      if (aborter.signal.aborted || !all.every((informer) => informer.hasSynced)) return;
      missing = whatIsMissing(
        {
          nodes: informers.nodes.lister.list(),
          leases: informers.leases.lister.list(),
          pods: informers.pods.lister.list(),
          deployments: informers.deployments.lister.list(),
          daemonSets: informers.daemonSets.lister.list(),
        },
        expected,
      );
      telemetry.lifecycle('cluster', missing.length > 0 ? 'starting' : 'ready', { waitingFor: missing });
      if (missing.length > 0) return;
      stop();
      aborter.abort();
      resolve();
    };
    for (const informer of all) {
      informer.addHandler({ added: look, updated: look, deleted: look });
      informer.run(aborter.signal);
    }
  });
}
