/**
 * InterPodAffinity: pods near or away from other pods, counted per domain of a topology key. Also existing pods' required
 * anti-affinity keeps new ones away, and their preferences score.
 */
import type { Pod } from '#api';
import { selectorFromLabelSelector, type LabelSelector } from '#apimachinery';
import { MAX_NODE_SCORE, unschedulable, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

type PodAffinity = NonNullable<NonNullable<NonNullable<Pod['spec']>['affinity']>['podAffinity']>;
type Term = NonNullable<PodAffinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];

const NAME = 'InterPodAffinity';
/** Weight of the required affinity of existing pods in scores (hardPodAffinityWeight). */
const HARD_AFFINITY_WEIGHT = 1;

/** Whether a term of `owner` selects `other`. Namespace selectors other than the empty one are left out. */
function selects(term: Term, owner: Pod, other: Pod): boolean {
  const namespaces = term.namespaces?.length ? term.namespaces : term.namespaceSelector ? undefined : [owner.metadata.namespace ?? ''];
  return (
    (!namespaces || namespaces.includes(other.metadata.namespace ?? '')) &&
    selectorFromLabelSelector(term.labelSelector as LabelSelector | undefined).matches(other.metadata.labels)
  );
}

const requiredAffinity = (pod: Pod): readonly Term[] =>
  pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
const requiredAntiAffinity = (pod: Pod): readonly Term[] =>
  pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];

/** `key=value` of the domain a node belongs to. */
const domainOf = (node: NodeInfo, key: string): string | undefined => {
  const value = node.node.metadata.labels?.[key];
  return value === undefined ? undefined : `${key}=${value}`;
};

interface Counts {
  /** Domains where an existing pod's anti-affinity forbids this pod. */
  readonly forbidden: ReadonlySet<string>;
  /** Domains with pods that this pod wants to be away from. */
  readonly avoided: ReadonlySet<string>;
  /** For each required affinity term the domains with a pod that matches all terms. */
  readonly wanted: readonly ReadonlySet<string>[];
}

function countsOf(pod: Pod, nodes: readonly NodeInfo[]): Counts {
  const forbidden = new Set<string>();
  const avoided = new Set<string>();
  const affinity = requiredAffinity(pod);
  const wanted = affinity.map(() => new Set<string>());
  for (const node of nodes) {
    for (const other of node.pods) {
      const put = (set: Set<string>, term: Term): void => {
        const domain = domainOf(node, term.topologyKey);
        if (domain !== undefined) set.add(domain);
      };
      for (const term of requiredAntiAffinity(other)) if (selects(term, other, pod)) put(forbidden, term);
      for (const term of requiredAntiAffinity(pod)) if (selects(term, pod, other)) put(avoided, term);
      if (affinity.length && affinity.every((term) => selects(term, pod, other))) affinity.forEach((term, at) => put(wanted[at]!, term));
    }
  }
  return { forbidden, avoided, wanted };
}

function satisfiesAffinity(pod: Pod, node: NodeInfo, { wanted }: Counts): boolean {
  const terms = requiredAffinity(pod);
  const domains = terms.map((term) => domainOf(node, term.topologyKey));
  if (domains.includes(undefined)) return false;
  if (terms.every((_term, at) => wanted[at]!.has(domains[at]!))) return true;
  // The first of a group that wants to be together: nobody is there yet, and it matches its own terms.
  return wanted.every((set) => set.size === 0) && terms.every((term) => selects(term, pod, pod));
}

function preferences(pod: Pod): { term: Term; weight: number }[] {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return [
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
      term: podAffinityTerm,
      weight,
    })),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
      term: podAffinityTerm,
      weight: -weight,
    })),
  ];
}

function scoresByDomain(pod: Pod, nodes: readonly NodeInfo[]): Map<string, number> {
  const scores = new Map<string, number>();
  const own = preferences(pod);
  for (const node of nodes) {
    for (const other of node.pods) {
      const add = (term: Term, weight: number): void => {
        const domain = domainOf(node, term.topologyKey);
        if (domain !== undefined) scores.set(domain, (scores.get(domain) ?? 0) + weight);
      };
      for (const { term, weight } of own) if (selects(term, pod, other)) add(term, weight);
      for (const { term, weight } of preferences(other)) if (selects(term, other, pod)) add(term, weight);
      for (const term of requiredAffinity(other)) if (selects(term, other, pod)) add(term, HARD_AFFINITY_WEIGHT);
    }
  }
  return scores;
}

/** The plugin. */
export function interPodAffinity(): Plugin {
  return {
    name: NAME,
    interests: [
      { resource: 'AssignedPod', actions: ['Add', 'Update', 'Delete'] },
      { resource: 'Node', actions: ['Add', 'Update'] },
    ],
    preFilter(state, pod, nodes) {
      state.set(`${NAME}/filter`, countsOf(pod, nodes));
      return undefined;
    },
    filter(state, pod, node) {
      const counts = state.get(`${NAME}/filter`) as Counts;
      if (requiredAffinity(pod).length && !satisfiesAffinity(pod, node, counts))
        return { code: 'UnschedulableAndUnresolvable', reasons: ["node(s) didn't match pod affinity rules"] };
      if (requiredAntiAffinity(pod).some((term) => counts.avoided.has(domainOf(node, term.topologyKey) ?? '')))
        return unschedulable("node(s) didn't match pod anti-affinity rules");
      const labels = Object.entries(node.node.metadata.labels ?? {});
      if (counts.forbidden.size && labels.some(([key, value]) => counts.forbidden.has(`${key}=${value}`)))
        return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
      return undefined;
    },
    preScore(state, pod, nodes) {
      const scores = scoresByDomain(pod, nodes);
      if (!scores.size) return { code: 'Skip', reasons: [] };
      state.set(`${NAME}/score`, scores);
      return undefined;
    },
    score(state, _pod, node) {
      const scores = state.get(`${NAME}/score`) as Map<string, number>;
      return Object.entries(node.node.metadata.labels ?? {}).reduce((sum, [key, value]) => sum + (scores.get(`${key}=${value}`) ?? 0), 0);
    },
    normalizeScore(_state, _pod, scores) {
      const values = [...scores.values()];
      const [min, max] = [Math.min(...values), Math.max(...values)];
      for (const [node, score] of scores) scores.set(node, max === min ? 0 : Math.floor((MAX_NODE_SCORE * (score - min)) / (max - min)));
    },
  };
}
