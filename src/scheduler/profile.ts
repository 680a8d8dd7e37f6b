/** A scheduling profile: the enabled plugins sorted by extension point, and how each point is run (framework runtime). */
import type { Pod } from '#api';
import {
  MAX_NODE_SCORE,
  type CycleState,
  type EventInterest,
  type Handle,
  type Plugin,
  type PluginRegistration,
  type PluginStatus,
  type QueuedPod,
} from './framework.ts';
import type { NodeInfo } from './node-info.ts';

/** One node's score with the weighted share of each plugin, for "why this node". */
export interface NodeScore {
  readonly name: string;
  readonly total: number;
  readonly byPlugin: Readonly<Record<string, number>>;
}

/** What filtering found. */
export interface FilterOutcome {
  readonly feasible: readonly NodeInfo[];
  readonly rejected: ReadonlyMap<string, PluginStatus>;
  /** Set where preFilter already decided. */
  readonly preFilterMessage: string;
  readonly rejectedBy: ReadonlySet<string>;
}

/** The plugins of a scheduler name at work. */
export interface Profile {
  readonly schedulerName: string;
  compare(a: QueuedPod, b: QueuedPod): number;
  preEnqueue(pod: Pod): PluginStatus | undefined;
  interestsOf(plugin: string): readonly EventInterest[];
  /** preFilter and filter over all nodes. */
  filter(state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): FilterOutcome;
  fits(pod: Pod, node: NodeInfo, nodes: readonly NodeInfo[]): boolean;
  /** preScore, score, normalizeScore and weights; in the order of the nodes. */
  score(state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): NodeScore[];
  postFilter(
    state: CycleState,
    pod: Pod,
    rejected: ReadonlyMap<string, PluginStatus>,
  ): Promise<{ nominatedNodeName?: string; message: string }>;
  reserve(state: CycleState, pod: Pod, nodeName: string): PluginStatus | undefined;
  unreserve(state: CycleState, pod: Pod, nodeName: string): void;
  permit(state: CycleState, pod: Pod, nodeName: string): PluginStatus | undefined;
  bind(state: CycleState, pod: Pod, nodeName: string): Promise<PluginStatus | undefined>;
}

const named = (plugin: Plugin, status: PluginStatus): PluginStatus => ({ ...status, plugin: plugin.name });

function filterNode(filters: readonly Plugin[], state: CycleState, pod: Pod, node: NodeInfo): PluginStatus | undefined {
  for (const plugin of filters) {
    const status = plugin.filter!(state, pod, node);
    if (status) return named(plugin, status);
  }
  return undefined;
}

function runFilters(enabled: readonly Plugin[], state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): FilterOutcome {
  const rejected = new Map<string, PluginStatus>();
  const rejectedBy = new Set<string>();
  const fail = (status: PluginStatus): FilterOutcome => {
    for (const node of nodes) rejected.set(node.name, status);
    return { feasible: [], rejected, preFilterMessage: status.reasons.join(', '), rejectedBy: new Set([status.plugin ?? '']) };
  };
  let allowed: Set<string> | undefined;
  const restricting: string[] = [];
  for (const plugin of enabled) {
    const result = plugin.preFilter?.(state, pod, nodes);
    if (result?.status) return fail(named(plugin, result.status));
    if (!result?.nodeNames) continue;
    restricting.push(plugin.name);
    const names = result.nodeNames;
    allowed = new Set([...names].filter((name) => !allowed || allowed.has(name)));
  }
  const filters = enabled.filter((plugin) => plugin.filter);
  const feasible: NodeInfo[] = [];
  for (const node of nodes) {
    const status: PluginStatus | undefined =
      allowed && !allowed.has(node.name)
        ? {
            code: 'UnschedulableAndUnresolvable',
            reasons: [`node(s) didn't satisfy plugin(s) [${restricting.join(' ')}]`],
            plugin: restricting[0] ?? '',
          }
        : filterNode(filters, state, pod, node);
    if (!status) feasible.push(node);
    else {
      rejected.set(node.name, status);
      rejectedBy.add(status.plugin ?? '');
    }
  }
  return { feasible, rejected, preFilterMessage: '', rejectedBy };
}

function runScores(
  enabled: readonly Plugin[],
  weights: ReadonlyMap<string, number>,
  state: CycleState,
  pod: Pod,
  nodes: readonly NodeInfo[],
): NodeScore[] {
  const totals = nodes.map(({ name }) => ({ name, total: 0, byPlugin: {} as Record<string, number> }));
  for (const plugin of enabled) {
    if (!plugin.score || plugin.preScore?.(state, pod, nodes)?.code === 'Skip') continue;
    const scores = new Map(nodes.map((node) => [node.name, plugin.score!(state, pod, node)]));
    plugin.normalizeScore?.(state, pod, scores);
    for (const total of totals) {
      const score = scores.get(total.name)!;
      if (score < 0 || score > MAX_NODE_SCORE)
        throw new Error(
          `plugin "${plugin.name}" returns an invalid score ${score}, it should in the range of [0, ${MAX_NODE_SCORE}] after normalizing`,
        );
      const weighted = score * (weights.get(plugin.name) ?? 1);
      total.byPlugin[plugin.name] = weighted;
      total.total += weighted;
    }
  }
  return totals;
}

/** Builds the plugins of a profile. Throws an Error where no plugin, or more than one, sorts the queue or none binds. */
export function createProfile(schedulerName: string, registry: readonly PluginRegistration[], handle: Omit<Handle, 'fits'>): Profile {
  const weights = new Map(registry.map(({ name, weight = 1 }) => [name, weight]));
  const fits = (pod: Pod, node: NodeInfo, nodes: readonly NodeInfo[]): boolean => {
    const state: CycleState = new Map();
    const outcome = runFilters(enabled, state, pod, nodes);
    return outcome.feasible.some(({ name }) => name === node.name);
  };
  const enabled = registry.map(({ build }) => build({ ...handle, fits }));
  const sorters = enabled.filter((plugin) => plugin.compare);
  if (sorters.length !== 1)
    throw new Error(`only one queue sort plugin required for profile with scheduler name "${schedulerName}", but got ${sorters.length}`);
  if (!enabled.some((plugin) => plugin.bind))
    throw new Error(`at least one bind plugin is needed for profile with scheduler name "${schedulerName}"`);
  const firstOf = (run: (plugin: Plugin) => PluginStatus | undefined): PluginStatus | undefined => {
    for (const plugin of enabled) {
      const status = run(plugin);
      if (status) return named(plugin, status);
    }
    return undefined;
  };
  return {
    schedulerName,
    compare: (a, b) => sorters[0]!.compare!(a, b),
    preEnqueue: (pod) => firstOf((plugin) => plugin.preEnqueue?.(pod)),
    interestsOf: (name) => enabled.find((plugin) => plugin.name === name)?.interests ?? [],
    filter: (state, pod, nodes) => runFilters(enabled, state, pod, nodes),
    fits,
    score: (state, pod, nodes) => runScores(enabled, weights, state, pod, nodes),
    async postFilter(state, pod, rejected) {
      let message = '';
      for (const plugin of enabled) {
        const result = await plugin.postFilter?.(state, pod, rejected);
        if (result?.nominatedNodeName) return result;
        if (result) message = result.message;
      }
      return { message };
    },
    reserve: (state, pod, nodeName) => firstOf((plugin) => plugin.reserve?.(state, pod, nodeName)),
    unreserve: (state, pod, nodeName) => [...enabled].reverse().forEach((plugin) => plugin.unreserve?.(state, pod, nodeName)),
    permit: (state, pod, nodeName) => firstOf((plugin) => plugin.permit?.(state, pod, nodeName)),
    async bind(state, pod, nodeName) {
      for (const plugin of enabled) {
        const status = await plugin.preBind?.(state, pod, nodeName);
        if (status) return named(plugin, status);
      }
      for (const plugin of enabled) {
        const status = await plugin.bind?.(state, pod, nodeName);
        if (status?.code === 'Skip') continue;
        if (status) return named(plugin, status);
        if (plugin.bind) break;
      }
      for (const plugin of enabled) plugin.postBind?.(state, pod, nodeName);
      return undefined;
    },
  };
}
