// What `kubectl get pods` shows, by the rules of the server's pod printer (printers/internalversion printPod).
import { humanDuration, isConditionTrue, maybeParseTime, type TableRowCondition } from '#apimachinery';
import type { Column } from '../kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { ContainerStatus, Pod } from '../types.ts';

/** READY, STATUS and RESTARTS of a pod. */
export interface PodSummary {
  readyContainers: number;
  totalContainers: number;
  /** STATUS: Running, Init:0/1, CrashLoopBackOff, Terminating … */
  reason: string;
  restarts: number;
  /** When a container ended last, milliseconds; undefined if none did. */
  lastRestartMs: number | undefined;
}

interface Restarts {
  count: number;
  lastMs: number | undefined;
}

function addRestarts(sum: Restarts, status: ContainerStatus): void {
  sum.count += status.restartCount;
  const ended = maybeParseTime(status.lastState?.terminated?.finishedAt);
  if (ended !== undefined && (sum.lastMs === undefined || ended > sum.lastMs)) sum.lastMs = ended;
}

function terminatedReason(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

interface InitProgress {
  /** The reason of the first init container that is not done; undefined when all are. */
  reason: string | undefined;
  ready: number;
  all: Restarts;
  sidecars: Restarts;
}

function initProgress(pod: Pod): InitProgress {
  const progress: InitProgress = {
    reason: undefined,
    ready: 0,
    all: { count: 0, lastMs: undefined },
    sidecars: { count: 0, lastMs: undefined },
  };
  const specs = pod.spec?.initContainers ?? [];
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = specs.find((spec) => spec.name === status.name)?.restartPolicy === 'Always';
    addRestarts(progress.all, status);
    if (isSidecar) addRestarts(progress.sidecars, status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (isSidecar && status.started) {
      if (status.ready) progress.ready++;
      continue;
    }
    if (terminated) progress.reason = `Init:${terminatedReason(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') progress.reason = `Init:${waiting.reason}`;
    else progress.reason = `Init:${index}/${specs.length}`;
    break;
  }
  return progress;
}

function reasonBeforeContainers(pod: Pod): string {
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.reason === 'SchedulingGated') return 'SchedulingGated';
  return pod.status?.reason || pod.status?.phase || '';
}

/** READY, STATUS and RESTARTS of a pod as the server's printer counts them. */
export function podSummary(pod: Pod): PodSummary {
  const init = initProgress(pod);
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always').length;
  let reason = init.reason ?? reasonBeforeContainers(pod);
  let readyContainers = init.ready;
  let restarts = init.all;
  if (init.reason === undefined || isConditionTrue(pod.status?.conditions, 'Initialized')) {
    restarts = { ...init.sidecars };
    let hasRunning = false;
    for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
      addRestarts(restarts, status);
      const { waiting, terminated, running } = status.state ?? {};
      if (waiting?.reason) reason = waiting.reason;
      else if (terminated) reason = terminatedReason(terminated);
      else if (status.ready && running) {
        hasRunning = true;
        readyContainers++;
      }
    }
    if (reason === 'Completed' && hasRunning) reason = isConditionTrue(pod.status?.conditions, 'Ready') ? 'Running' : 'NotReady';
  }
  const phase = pod.status?.phase;
  if (pod.metadata.deletionTimestamp && pod.status?.reason === 'NodeLost') reason = 'Unknown';
  else if (pod.metadata.deletionTimestamp && phase !== 'Succeeded' && phase !== 'Failed') reason = 'Terminating';
  const totalContainers = (pod.spec?.containers.length ?? 0) + sidecars;
  return { readyContainers, totalContainers, reason, restarts: restarts.count, lastRestartMs: restarts.lastMs };
}

function restartsCell(pod: Pod, nowMs: number): string {
  const { restarts, lastRestartMs } = podSummary(pod);
  return restarts && lastRestartMs !== undefined ? `${restarts} (${humanDuration(nowMs - lastRestartMs)} ago)` : String(restarts);
}

function readinessGatesCell(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (!gates.length) return '<none>';
  return `${gates.filter((gate) => isConditionTrue(pod.status?.conditions, gate.conditionType)).length}/${gates.length}`;
}

/** The columns of pods. */
export const podColumns: readonly Column<Pod>[] = [
  nameColumn(),
  textColumn('Ready', 'Containers that are ready, of all.', (pod) => {
    const { readyContainers, totalContainers } = podSummary(pod);
    return `${readyContainers}/${totalContainers}`;
  }),
  textColumn('Status', 'State of the pod and its containers in one word.', (pod) => podSummary(pod).reason),
  textColumn('Restarts', 'How often containers were restarted, and when last.', restartsCell),
  ageColumn(),
  textColumn('IP', 'Address of the pod.', (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>', 1),
  textColumn('Node', 'Node it is bound to.', (pod) => pod.spec?.nodeName || '<none>', 1),
  textColumn('Nominated Node', 'Node where room is being made for it.', (pod) => pod.status?.nominatedNodeName || '<none>', 1),
  textColumn('Readiness Gates', 'Readiness gates that are met, of all.', readinessGatesCell, 1),
];

/** Rows of ended pods say so, and kubectl can leave them out. */
export function podRowConditions(pod: Pod): TableRowCondition[] {
  if (pod.status?.phase === 'Succeeded')
    return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }];
  if (pod.status?.phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
  return [];
}
