/** The decisions of the DaemonSet controller: which nodes should run its pod, and which pods to make and to delete. Pure. */
import type { DaemonSet, Node, Pod, PodTemplateSpec, Toleration } from '#api';
import { isPercent, scaledValue, type IntOrString } from '#apimachinery';
import { findUntoleratedTaint, matchesNodeAffinity } from '#client';
import { isPodActive, podFromTemplate, untilAvailableMs } from './pod-control.ts';

export const REVISION_HASH = 'controller-revision-hash';
export const GENERATION = 'pod-template-generation';

/** Tolerations every DaemonSet pod gets: it stays on nodes in trouble and comes to cordoned ones. */
export function daemonTolerations(template: PodTemplateSpec): Toleration[] {
  const taint = (name: string, effect: string): Toleration => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: effect as 'NoSchedule',
  });
  const added = [
    taint('not-ready', 'NoExecute'),
    taint('unreachable', 'NoExecute'),
    taint('disk-pressure', 'NoSchedule'),
    taint('memory-pressure', 'NoSchedule'),
    taint('pid-pressure', 'NoSchedule'),
    taint('unschedulable', 'NoSchedule'),
  ];
  if (template.spec?.hostNetwork) added.push(taint('network-unavailable', 'NoSchedule'));
  const own = (template.spec?.tolerations ?? []) as Toleration[];
  return [
    ...own,
    ...added.filter(
      ({ key, effect }) =>
        !own.some((toleration) => toleration.key === key && toleration.effect === effect && toleration.operator === 'Exists'),
    ),
  ];
}

/** The pod of a DaemonSet for a node: bound to it by node affinity, so that the scheduler still checks that it fits. */
export function daemonPod(daemonset: DaemonSet, nodeName: string, hash: string): Pod {
  const template = daemonset.spec!.template as PodTemplateSpec;
  const pod = podFromTemplate(template, daemonset);
  const spec = pod.spec!;
  const nodeTerm = [{ key: 'metadata.name', operator: 'In' as const, values: [nodeName] }];
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms?.length
    ? required.nodeSelectorTerms.map((term) => ({ ...term, matchFields: nodeTerm }))
    : [{ matchFields: nodeTerm }];
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: { ...spec.affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  };
  spec.tolerations = daemonTolerations(template);
  const generation = daemonset.metadata.annotations?.['deprecated.daemonset.template.generation'];
  pod.metadata.labels = { ...pod.metadata.labels, [REVISION_HASH]: hash, ...(generation ? { [GENERATION]: generation } : {}) };
  return pod;
}

/** Whether a node should get a pod, and whether one that is there may stay. */
export function nodeShouldRun(daemonset: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const template = daemonset.spec!.template as PodTemplateSpec;
  const pod = { ...podFromTemplate(template, daemonset) };
  const named = template.spec?.nodeName;
  if ((named && named !== node.metadata.name) || !matchesNodeAffinity(pod, node)) return { run: false, stay: false };
  const tolerations = daemonTolerations(template);
  const taints = node.spec?.taints;
  if (findUntoleratedTaint(taints, tolerations, ['NoExecute'])) return { run: false, stay: false };
  return { run: !findUntoleratedTaint(taints, tolerations, ['NoSchedule']), stay: true };
}

/** The node a pod is on or meant for. */
export function targetNodeOf(pod: Pod): string {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  for (const term of pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []) {
    const field = term.matchFields?.find(({ key }) => key === 'metadata.name');
    if (field?.values?.[0]) return field.values[0];
  }
  return '';
}

/** Pods of a DaemonSet by the node they belong to. */
export function byNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const grouped = new Map<string, Pod[]>();
  for (const pod of pods) grouped.set(targetNodeOf(pod), [...(grouped.get(targetNodeOf(pod)) ?? []), pod]);
  return grouped;
}

/** What to do so that each node that should has one pod. */
export interface DaemonPlan {
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Pods of `remove` that have failed, for the event. */
  readonly failed: readonly Pod[];
}

/** Compares nodes with pods. */
export function planDaemons(daemonset: DaemonSet, nodes: readonly Node[], pods: readonly Pod[]): DaemonPlan {
  const grouped = byNode(pods);
  const create: string[] = [];
  const remove: Pod[] = [];
  const failed: Pod[] = [];
  for (const node of nodes) {
    const { run, stay } = nodeShouldRun(daemonset, node);
    const own = grouped.get(node.metadata.name) ?? [];
    const living: Pod[] = [];
    for (const pod of own) {
      if (pod.metadata.deletionTimestamp) continue;
      if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') {
        remove.push(pod);
        if (pod.status.phase === 'Failed') failed.push(pod);
      } else living.push(pod);
    }
    if (run && own.length === 0) create.push(node.metadata.name);
    else if (!stay) remove.push(...living);
    // Two on one node: the older one stays.
    else
      remove.push(
        ...living.sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1)).slice(1),
      );
  }
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  for (const [name, own] of grouped)
    if (!known.has(name)) remove.push(...own.filter((pod) => !pod.spec?.nodeName && !pod.metadata.deletionTimestamp));
  return { create, remove, failed };
}

const countOf = (value: IntOrString | undefined, total: number): number =>
  value === undefined ? 1 : typeof value === 'number' || isPercent(value) ? scaledValue(value, total, true) : 1;

/** Old pods a rolling update may delete now: all that are not available, and available ones as far as maxUnavailable allows. */
export function planRollingUpdate(daemonset: DaemonSet, nodes: readonly Node[], pods: readonly Pod[], hash: string, nowMs: number): Pod[] {
  if (daemonset.spec?.updateStrategy?.type === 'OnDelete') return [];
  const wanted = nodes.filter((node) => nodeShouldRun(daemonset, node).run);
  const maxUnavailable = Math.max(
    1,
    countOf(daemonset.spec?.updateStrategy?.rollingUpdate?.maxUnavailable as IntOrString | undefined, wanted.length),
  );
  const minReadySeconds = daemonset.spec?.minReadySeconds ?? 0;
  const grouped = byNode(pods.filter(isPodActive));
  let unavailable = 0;
  const broken: Pod[] = [];
  const working: Pod[] = [];
  for (const node of wanted) {
    const pod = grouped.get(node.metadata.name)?.[0];
    const isAvailable = pod && untilAvailableMs(pod, minReadySeconds, nowMs) === 0;
    if (!isAvailable) unavailable++;
    if (!pod || pod.metadata.labels?.[REVISION_HASH] === hash) continue;
    (isAvailable ? working : broken).push(pod);
  }
  return [...broken, ...working.slice(0, Math.max(0, maxUnavailable - unavailable))];
}

/** The status of a DaemonSet. */
export function daemonsetStatus(
  daemonset: DaemonSet,
  nodes: readonly Node[],
  pods: readonly Pod[],
  hash: string,
  nowMs: number,
): NonNullable<DaemonSet['status']> {
  const grouped = byNode(pods);
  let [desired, current, misscheduled, ready, updated, available] = [0, 0, 0, 0, 0, 0];
  for (const node of nodes) {
    const own = grouped.get(node.metadata.name) ?? [];
    if (!nodeShouldRun(daemonset, node).run) {
      if (own.length && !nodeShouldRun(daemonset, node).stay) misscheduled++;
      continue;
    }
    desired++;
    const oldest = [...own].sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1))[0];
    if (!oldest) continue;
    current++;
    const wait = untilAvailableMs(oldest, daemonset.spec?.minReadySeconds ?? 0, nowMs);
    if (wait !== undefined) ready++;
    if (wait === 0) available++;
    if (oldest.metadata.labels?.[REVISION_HASH] === hash) updated++;
  }
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    observedGeneration: daemonset.metadata.generation ?? 0,
    ...(updated ? { updatedNumberScheduled: updated } : {}),
    ...(available ? { numberAvailable: available } : {}),
    ...(desired - available ? { numberUnavailable: desired - available } : {}),
  };
}
