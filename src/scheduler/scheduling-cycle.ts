/**
 * One pod's way to a node: the scheduling cycle (filter, score, choose, assume; synchronous, one pod at a time) and the binding
 * cycle (beside the next pod's cycle). kube-scheduler's schedule_one.go.
 */
import type { Node, Pod } from '#api';
import { formatTime } from '#apimachinery';
import { resources, type RestClient, type SeriesEventRecorder } from '#client';
import type { Clock, Histogram, Counter, Random, Telemetry } from '#host';
import type { SchedulerCache } from './cache.ts';
import { fitMessage } from './fit-message.ts';
import type { CycleState, PluginStatus, QueuedPod } from './framework.ts';
import type { NodeScore, Profile } from './profile.ts';
import type { SchedulingQueue } from './queue.ts';

/** What a cycle works with. */
export interface SchedulerState {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly events: SeriesEventRecorder;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly profile: Profile;
  /** The newest version of a pod, undefined once it is deleted. */
  readonly currentPod: (pod: Pod) => Pod | undefined;
  readonly metrics: { readonly attempts: Counter; readonly duration: Histogram; readonly e2e: Histogram };
}

/** Where a pod goes, or why it goes nowhere. */
export type Decision =
  | { readonly nodeName: string; readonly scores: readonly NodeScore[]; readonly rejected: ReadonlyMap<string, PluginStatus> }
  | {
      readonly nodeName: undefined;
      readonly rejected: ReadonlyMap<string, PluginStatus>;
      readonly preFilterMessage: string;
      readonly rejectedBy: ReadonlySet<string>;
    };

/** Chooses the node with the highest score; of equal ones any, each with the same chance. */
export function selectHost(scores: readonly NodeScore[], random: Random): string {
  let best = scores[0]!;
  let ties = 1;
  for (const score of scores.slice(1)) {
    if (score.total > best.total) {
      best = score;
      ties = 1;
    } else if (score.total === best.total) {
      ties++;
      if (random.below(ties) === 0) best = score;
    }
  }
  return best.name;
}

/** Filters, scores and chooses. Pure but for the choice among equals. */
export function decide(
  profile: Profile,
  state: CycleState,
  pod: Pod,
  nodes: ReturnType<SchedulerCache['nodes']>,
  random: Random,
): Decision {
  const outcome = profile.filter(state, pod, nodes);
  if (!outcome.feasible.length)
    return { nodeName: undefined, rejected: outcome.rejected, preFilterMessage: outcome.preFilterMessage, rejectedBy: outcome.rejectedBy };
  // With one node left there is nothing to compare.
  const scores =
    outcome.feasible.length === 1
      ? [{ name: outcome.feasible[0]!.name, total: 0, byPlugin: {} }]
      : profile.score(state, pod, outcome.feasible);
  return { nodeName: selectHost(scores, random), scores, rejected: outcome.rejected };
}

const explain = (decision: Decision): string =>
  JSON.stringify({
    ...(decision.nodeName === undefined ? {} : { node: decision.nodeName, scores: decision.scores }),
    rejected: Object.fromEntries([...decision.rejected].map(([node, { plugin, reasons }]) => [node, { plugin, reasons }])),
  });

/** Writes the PodScheduled condition and the nominated node; what is already there is not written again. */
async function patchCondition(
  scheduler: SchedulerState,
  pod: Pod,
  reason: string,
  message: string,
  nominatedNodeName: string | undefined,
): Promise<void> {
  const old = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const isSame = old?.status === 'False' && old.reason === reason && old.message === message;
  const isNominated = nominatedNodeName !== undefined && nominatedNodeName !== pod.status?.nominatedNodeName;
  if (isSame && !isNominated) return;
  const lastTransitionTime = old?.status === 'False' ? old.lastTransitionTime : formatTime(scheduler.clock.wallMs());
  const condition = { type: 'PodScheduled', status: 'False', reason, message, lastProbeTime: null, lastTransitionTime };
  const status = { conditions: [condition], ...(isNominated ? { nominatedNodeName } : {}) };
  await scheduler.client.patch(
    resources.pods,
    pod.metadata.name,
    pod.metadata.namespace,
    'strategic',
    { status },
    { subresource: 'status' },
  );
}

async function handleFailure(
  scheduler: SchedulerState,
  queued: QueuedPod,
  reason: 'Unschedulable' | 'SchedulerError',
  message: string,
  rejectedBy: ReadonlySet<string>,
  nominatedNodeName?: string,
): Promise<void> {
  const { queue, events, telemetry } = scheduler;
  const pod = scheduler.currentPod(queued.pod);
  if (!pod || pod.spec?.nodeName) return queue.done(queued.pod);
  queue.addUnschedulable({ ...queued, pod }, rejectedBy);
  events.event(pod, undefined, 'Warning', 'FailedScheduling', 'Scheduling', message);
  try {
    await patchCondition(scheduler, pod, reason, message, nominatedNodeName);
  } catch (error) {
    telemetry.log(
      'error',
      `Error updating pod pod="${pod.metadata.namespace}/${pod.metadata.name}" err="${error instanceof Error ? error.message : String(error)}"`,
    );
  }
}

async function bindingCycle(scheduler: SchedulerState, state: CycleState, queued: QueuedPod, assumed: Pod, node: Node): Promise<void> {
  const { profile, cache, queue, events, clock, metrics } = scheduler;
  const nodeName = node.metadata.name;
  const failed = await profile.bind(state, queued.pod, nodeName);
  if (failed) {
    profile.unreserve(state, queued.pod, nodeName);
    cache.forget(assumed);
    queue.moveOn({ resource: 'AssignedPod', action: 'Delete', object: assumed });
    metrics.attempts.add(1, 'error', profile.schedulerName);
    return handleFailure(
      scheduler,
      queued,
      'SchedulerError',
      `running Bind plugin "${failed.plugin}": ${failed.reasons.join(', ')}`,
      new Set(),
    );
  }
  queue.done(queued.pod);
  metrics.attempts.add(1, 'scheduled', profile.schedulerName);
  metrics.e2e.observe((clock.monotonicMs() - queued.initialMs) / 1000, String(queued.attempts));
  const { namespace, name } = queued.pod.metadata;
  events.event(queued.pod, undefined, 'Normal', 'Scheduled', 'Binding', `Successfully assigned ${namespace ?? ''}/${name} to ${nodeName}`);
}

async function unschedulablePod(
  scheduler: SchedulerState,
  state: CycleState,
  queued: QueuedPod,
  decision: Extract<Decision, { nodeName: undefined }>,
): Promise<void> {
  const nodes = scheduler.cache.nodes().length;
  scheduler.metrics.attempts.add(1, 'unschedulable', scheduler.profile.schedulerName);
  if (nodes === 0)
    return handleFailure(
      scheduler,
      queued,
      'Unschedulable',
      'no nodes available to schedule pods',
      new Set(['NodeName', 'NodeUnschedulable', 'TaintToleration', 'NodeAffinity', 'NodeResourcesFit']),
    );
  const freed = await scheduler.profile.postFilter(state, queued.pod, decision.rejected);
  const message = fitMessage(nodes, decision.rejected, decision.preFilterMessage, freed.message);
  const rejectedBy = new Set([...decision.rejectedBy, ...(freed.nominatedNodeName ? ['DefaultPreemption'] : [])]);
  return handleFailure(scheduler, queued, 'Unschedulable', message, rejectedBy, freed.nominatedNodeName);
}

/** Schedules one pod: resolves when its scheduling cycle is over; binding goes on beside. */
export async function scheduleOne(scheduler: SchedulerState, queued: QueuedPod): Promise<void> {
  const { cache, queue, profile, telemetry, clock, metrics } = scheduler;
  const pod = scheduler.currentPod(queued.pod);
  if (!pod || pod.metadata.deletionTimestamp || pod.spec?.nodeName || cache.isAssumed(pod)) return queue.done(queued.pod);
  const key = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  const span = telemetry.span('schedule', {
    'k8s.pod.name': pod.metadata.name,
    'k8s.pod.uid': pod.metadata.uid ?? '',
    'k8s.namespace.name': pod.metadata.namespace ?? '',
  });
  const startedMs = clock.monotonicMs();
  const current: QueuedPod = { ...queued, pod };
  const state: CycleState = new Map();
  try {
    const decision = decide(profile, state, pod, cache.nodes(), scheduler.random);
    metrics.duration.observe(
      (clock.monotonicMs() - startedMs) / 1000,
      decision.nodeName ? 'scheduled' : 'unschedulable',
      profile.schedulerName,
    );
    span.end({ 'scheduler.decision': explain(decision) });
    if (decision.nodeName === undefined) return await unschedulablePod(scheduler, state, current, decision);
    const node = cache.nodes().find(({ name }) => name === decision.nodeName)!.node;
    const assumed: Pod = { ...pod, spec: { ...pod.spec!, nodeName: decision.nodeName } };
    cache.assume(assumed, decision.nodeName);
    const refused = profile.reserve(state, pod, decision.nodeName) ?? profile.permit(state, pod, decision.nodeName);
    if (refused) {
      profile.unreserve(state, pod, decision.nodeName);
      cache.forget(assumed);
      return await handleFailure(
        scheduler,
        current,
        'Unschedulable',
        fitMessage(1, new Map([[decision.nodeName, refused]])),
        new Set([refused.plugin ?? '']),
      );
    }
    bindingCycle(scheduler, state, current, assumed, node).catch((error: unknown) =>
      telemetry.log('error', `binding cycle of pod "${key}" failed: ${String(error)}`),
    );
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    telemetry.log('error', `Error scheduling pod; retrying pod="${key}" err="${text}"`);
    metrics.attempts.add(1, 'error', profile.schedulerName);
    await handleFailure(scheduler, current, 'SchedulerError', text, new Set());
  }
}
