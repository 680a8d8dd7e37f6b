/**
 * PodTopologySpread: spreads the pods a constraint selects over zones, nodes or other domains; hard constraints (DoNotSchedule)
 * filter, soft ones (ScheduleAnyway) score. Pods without constraints get the cluster's default: soft, by host name and zone.
 */
import type { Node, Pod } from '#api';
import { selectorFromLabelSelector, selectorFromMap, controllerOf, type LabelSelector, type Selector } from '#apimachinery';
import { findUntoleratedTaint, matchesNodeAffinity } from '#client';
import { MAX_NODE_SCORE, unresolvable, unschedulable, type CycleState, type Handle, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

interface Constraint {
  readonly maxSkew: number;
  readonly key: string;
  readonly selector: Selector;
  readonly minDomains: number;
  readonly honorAffinity: boolean;
  readonly honorTaints: boolean;
}
interface Counted {
  readonly constraint: Constraint;
  /** Matching pods per value of the topology key, over eligible nodes. */
  readonly counts: ReadonlyMap<string, number>;
}

const NAME = 'PodTopologySpread';
const HOSTNAME = 'kubernetes.io/hostname';
const DEFAULT_CONSTRAINTS = [
  { maxSkew: 3, key: HOSTNAME },
  { maxSkew: 5, key: 'topology.kubernetes.io/zone' },
] as const;

function selectorOf(pod: Pod, labelSelector: LabelSelector | undefined, matchLabelKeys: readonly string[]): Selector {
  const labels = pod.metadata.labels ?? {};
  const expressions = matchLabelKeys.filter((key) => key in labels).map((key) => ({ key, operator: 'In', values: [labels[key]!] }));
  return selectorFromLabelSelector(
    labelSelector && { ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...expressions] },
  );
}

function constraintsOf(pod: Pod, whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'): Constraint[] {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => ({
      maxSkew: constraint.maxSkew,
      key: constraint.topologyKey,
      selector: selectorOf(pod, constraint.labelSelector as LabelSelector | undefined, constraint.matchLabelKeys ?? []),
      minDomains: constraint.minDomains ?? 1,
      honorAffinity: (constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor',
      honorTaints: constraint.nodeTaintsPolicy === 'Honor',
    }));
}

/** The cluster's default constraints, where the pod belongs to a Service or a ReplicaSet. */
function defaultConstraints(pod: Pod, handle: Handle): Constraint[] {
  const namespace = pod.metadata.namespace ?? '';
  const labels: Record<string, string> = {};
  for (const service of handle.services.inNamespace(namespace)) {
    const selector = service.spec?.selector as Record<string, string> | undefined;
    if (selector && Object.keys(selector).length && selectorFromMap(selector).matches(pod.metadata.labels)) Object.assign(labels, selector);
  }
  const owner = controllerOf(pod);
  const replicaset = owner?.kind === 'ReplicaSet' ? handle.replicasets.get(`${namespace}/${owner.name}`) : undefined;
  const selector = replicaset?.spec?.selector as LabelSelector | undefined;
  if (!selector && !Object.keys(labels).length) return [];
  const merged = selectorFromLabelSelector({
    matchLabels: { ...labels, ...selector?.matchLabels },
    matchExpressions: selector?.matchExpressions ?? [],
  });
  return DEFAULT_CONSTRAINTS.map((constraint) => ({
    ...constraint,
    selector: merged,
    minDomains: 1,
    honorAffinity: true,
    honorTaints: false,
  }));
}

const eligible = (constraint: Constraint, pod: Pod, node: Node): boolean =>
  constraint.key in (node.metadata.labels ?? {}) &&
  (!constraint.honorAffinity || matchesNodeAffinity(pod, node)) &&
  (!constraint.honorTaints || !findUntoleratedTaint(node.spec?.taints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute']));

const matching = (constraint: Constraint, pod: Pod, node: NodeInfo): number =>
  node.pods.filter(
    (other) =>
      !other.metadata.deletionTimestamp &&
      other.metadata.namespace === pod.metadata.namespace &&
      constraint.selector.matches(other.metadata.labels),
  ).length;

function countOver(constraint: Constraint, pod: Pod, nodes: readonly NodeInfo[]): Counted {
  const counts = new Map<string, number>();
  for (const info of nodes) {
    if (!eligible(constraint, pod, info.node)) continue;
    const value = info.node.metadata.labels![constraint.key]!;
    counts.set(value, (counts.get(value) ?? 0) + matching(constraint, pod, info));
  }
  return { constraint, counts };
}

/** Least number of matching pods in a domain; 0 while there are fewer domains than asked for. */
function minimumOf({ constraint, counts }: Counted): number {
  return counts.size < constraint.minDomains ? 0 : Math.min(...counts.values());
}

/** The plugin. */
export function podTopologySpread(handle: Handle): Plugin {
  const hardOf = (state: CycleState): Counted[] => state.get(`${NAME}/filter`) as Counted[];
  const softOf = (state: CycleState): Counted[] => state.get(`${NAME}/score`) as Counted[];
  return {
    name: NAME,
    interests: [
      { resource: 'AssignedPod', actions: ['Add', 'Update', 'Delete'] },
      { resource: 'Node', actions: ['Add', 'Update', 'Delete'] },
    ],
    preFilter(state, pod, nodes) {
      state.set(
        `${NAME}/filter`,
        constraintsOf(pod, 'DoNotSchedule').map((constraint) => countOver(constraint, pod, nodes)),
      );
      return undefined;
    },
    filter(state, pod, { node }) {
      for (const counted of hardOf(state)) {
        const { constraint, counts } = counted;
        const value = node.metadata.labels?.[constraint.key];
        if (value === undefined) return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");
        const self = constraint.selector.matches(pod.metadata.labels) ? 1 : 0;
        if ((counts.get(value) ?? 0) + self - minimumOf(counted) > constraint.maxSkew)
          return unschedulable("node(s) didn't match pod topology spread constraints");
      }
      return undefined;
    },
    preScore(state, pod, nodes) {
      const own = constraintsOf(pod, 'ScheduleAnyway');
      const constraints = pod.spec?.topologySpreadConstraints?.length ? own : defaultConstraints(pod, handle);
      if (!constraints.length) return { code: 'Skip', reasons: [] };
      state.set(
        `${NAME}/score`,
        constraints.map((constraint) => countOver(constraint, pod, nodes)),
      );
      return undefined;
    },
    score(state, pod, info) {
      let score = 0;
      for (const { constraint, counts } of softOf(state)) {
        const value = info.node.metadata.labels?.[constraint.key];
        if (value === undefined) continue;
        const pods = constraint.key === HOSTNAME ? matching(constraint, pod, info) : (counts.get(value) ?? 0);
        score += pods * Math.log(counts.size + 2) + (constraint.maxSkew - 1);
      }
      return Math.round(score);
    },
    /** Fewer matching pods score higher. */
    normalizeScore(_state, _pod, scores) {
      const values = [...scores.values()];
      const [min, max] = [Math.min(...values), Math.max(...values)];
      for (const [node, score] of scores)
        scores.set(node, max === 0 ? MAX_NODE_SCORE : Math.floor((MAX_NODE_SCORE * (max + min - score)) / max));
    },
  };
}
