/** The status of a pod from its spec and what the runtime has of it (kubelet's generateAPIPodStatus). Pure. */
import type { Container, ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from '#api';
import { formatTime } from '#apimachinery';
import type { cri } from '#contracts';
import { LABEL_CONTAINER_NAME, type RuntimePod } from './cri-client.ts';
import type { Rejection } from './eviction/thresholds.ts';
import { isRestartable } from './pod-actions.ts';

/** Why a container waits, if it is not simply about to be created. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

/** What the status is made from. */
export interface StatusInput {
  readonly pod: Pod;
  readonly runtime: RuntimePod | undefined;
  /** By container name. */
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  readonly isReady: (container: Container, status: cri.ContainerStatus) => boolean;
  readonly isStarted: (container: Container, status: cri.ContainerStatus) => boolean;
  readonly terminationMessage: (status: cri.ContainerStatus) => string;
  readonly hostIp: string;
  readonly nowMs: number;
  /** The pod is being ended, or has been refused: phase and reason are given. */
  readonly rejected?: Rejection | undefined;
  /** Its volumes are ready and it has (had) a sandbox with network. */
  readonly previous: PodStatus | undefined;
}

function terminated(status: cri.ContainerStatus, message: string): ContainerState {
  const text = status.message || message;
  return {
    terminated: {
      containerID: `containerd://${status.id}`,
      exitCode: status.exitCode,
      finishedAt: formatTime(status.finishedAt),
      ...(text ? { message: text } : {}),
      reason: status.reason || (status.exitCode === 0 ? 'Completed' : 'Error'),
      startedAt: formatTime(status.startedAt),
    },
  };
}

function mountStatuses(container: Container): { volumeMounts?: ContainerStatus['volumeMounts'] } {
  if (!container.volumeMounts?.length) return {};
  return {
    volumeMounts: container.volumeMounts.map((mount) => ({
      mountPath: mount.mountPath,
      name: mount.name,
      ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: mount.recursiveReadOnly ?? 'Disabled' } : {}),
    })),
  };
}

function containerStatusOf(input: StatusInput, container: Container, isInit: boolean): ContainerStatus {
  const { pod, runtime, waiting } = input;
  const instances = (runtime?.containers ?? []).filter((status) => status.labels[LABEL_CONTAINER_NAME] === container.name);
  const latest = instances[0];
  const wait = waiting.get(container.name);
  const hasInits = (pod.spec?.initContainers?.length ?? 0) > 0;
  const defaultWaiting: ContainerState = { waiting: { reason: hasInits ? 'PodInitializing' : 'ContainerCreating' } };
  const stateOf = (status: cri.ContainerStatus): ContainerState => {
    if (status.state === 'CONTAINER_RUNNING') return { running: { startedAt: formatTime(status.startedAt) } };
    if (status.state === 'CONTAINER_EXITED') return terminated(status, input.terminationMessage(status));
    return { waiting: { reason: 'ContainerCreating' } };
  };
  const isTerminating = pod.metadata.deletionTimestamp !== undefined;
  let state = latest ? stateOf(latest) : defaultWaiting;
  let lastState: ContainerState =
    instances[1]?.state === 'CONTAINER_EXITED' ? terminated(instances[1], input.terminationMessage(instances[1])) : {};
  if (wait && latest?.state !== 'CONTAINER_RUNNING' && !isTerminating) {
    if (latest?.state === 'CONTAINER_EXITED') lastState = state;
    state = { waiting: { ...(wait.message ? { message: wait.message } : {}), reason: wait.reason } };
  }
  const isRunning = latest?.state === 'CONTAINER_RUNNING' && state.running !== undefined;
  const initSucceeded = isInit && !isRestartable(container) && latest?.state === 'CONTAINER_EXITED' && latest.exitCode === 0;
  const restartCount = latest?.metadata.attempt ?? 0;
  const requests = container.resources?.requests ?? container.resources?.limits;
  const hasResources = latest !== undefined && requests !== undefined && Object.keys(requests).length > 0;
  return {
    ...(hasResources ? { allocatedResources: requests } : {}),
    ...(latest ? { containerID: `containerd://${latest.id}` } : {}),
    image: latest?.image ?? container.image ?? '',
    imageID: latest?.imageRef ?? '',
    lastState,
    name: container.name,
    // An ordinary init container is ready when it has done its work, not while it works.
    ready: isInit && !isRestartable(container) ? initSucceeded : isRunning && input.isReady(container, latest),
    ...(latest ? { resources: container.resources ?? {} } : {}),
    restartCount,
    started: isRunning ? (isInit && !isRestartable(container) ? false : input.isStarted(container, latest)) : false,
    state,
    ...mountStatuses(container),
  };
}

/** An ephemeral container counts neither as started nor as ready. */
const ephemeralStatusOf =
  (input: StatusInput) =>
  (container: Container): ContainerStatus => {
    const { started: _started, ...status } = containerStatusOf(input, container, false);
    return { ...status, ready: false };
  };

function phaseOf(pod: Pod, inits: readonly ContainerStatus[], statuses: readonly ContainerStatus[]): string {
  const spec = pod.spec!;
  let pendingInit = 0;
  let failedInit = 0;
  for (const [at, status] of inits.entries()) {
    const container = spec.initContainers![at]!;
    if (isRestartable(container)) {
      if (!status.started) pendingInit++;
    } else if (status.state?.terminated) {
      if (status.state.terminated.exitCode !== 0 && spec.restartPolicy === 'Never') failedInit++;
      else if (status.state.terminated.exitCode !== 0) pendingInit++;
    } else if (status.state?.waiting && status.lastState?.terminated?.exitCode === 0) continue;
    else pendingInit++;
  }
  let [waiting, running, stopped, succeeded] = [0, 0, 0, 0];
  for (const status of statuses) {
    if (status.state?.running) running++;
    else if (status.state?.terminated) {
      stopped++;
      if (status.state.terminated.exitCode === 0) succeeded++;
    } else if (status.lastState?.terminated) stopped++;
    else waiting++;
  }
  if (failedInit > 0) return 'Failed';
  const started = running + stopped > 0;
  if (pendingInit > 0 && !started) return 'Pending';
  if (waiting > 0) return pendingInit > 0 || !started ? 'Pending' : 'Running';
  if (running > 0) return 'Running';
  if (stopped > 0) {
    if (spec.restartPolicy === 'Always') return 'Running';
    if (stopped === succeeded) return 'Succeeded';
    if (spec.restartPolicy === 'Never') return 'Failed';
    return 'Running';
  }
  return 'Pending';
}

const nameList = (names: readonly string[]): string => `[${names.join(' ')}]`;

function conditionsOf(
  pod: Pod,
  phase: string,
  inits: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  hasNetwork: boolean,
  nowText: string,
  previous: PodStatus | undefined,
): PodCondition[] {
  const incomplete = inits.filter((status, at) => (isRestartable(pod.spec!.initContainers![at]!) ? !status.started : !status.ready));
  const unready = statuses.filter((status) => !status.ready);
  const sidecarUnready = inits.filter((status, at) => isRestartable(pod.spec!.initContainers![at]!) && !status.ready);
  type Draft = { type: string; status: string; reason?: string; message?: string };
  const initialized: Draft =
    phase === 'Succeeded'
      ? { type: 'Initialized', status: 'True', reason: 'PodCompleted' }
      : incomplete.length && !statuses.some((status) => status.containerID)
        ? {
            type: 'Initialized',
            status: 'False',
            reason: 'ContainersNotInitialized',
            message: `containers with incomplete status: ${nameList(incomplete.map((status) => status.name))}`,
          }
        : { type: 'Initialized', status: 'True' };
  const notReady = (): Draft | undefined => {
    if (phase === 'Succeeded') return { type: '', status: 'False', reason: 'PodCompleted' };
    if (phase === 'Failed') return { type: '', status: 'False', reason: 'PodFailed' };
    const names = [...sidecarUnready, ...unready].map((status) => status.name);
    return names.length
      ? { type: '', status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: ${nameList(names)}` }
      : undefined;
  };
  const missingGates = (pod.spec?.readinessGates ?? []).filter(
    (gate) => previous?.conditions?.find((condition) => condition.type === gate.conditionType)?.status !== 'True',
  );
  const containersReady: Draft = { ...(notReady() ?? { status: 'True' }), type: 'ContainersReady' };
  let ready: Draft = { ...containersReady, type: 'Ready' };
  if (ready.status === 'True' && missingGates.length) {
    ready = {
      type: 'Ready',
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: missingGates
        .map((gate) => `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`)
        .join(', '),
    };
  }
  const drafts: Draft[] = [
    { type: 'PodReadyToStartContainers', status: hasNetwork ? 'True' : 'False' },
    initialized,
    ready,
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
  const own = drafts.map((draft): PodCondition => {
    const before = previous?.conditions?.find((condition) => condition.type === draft.type);
    const lastTransitionTime = before?.status === draft.status && before.lastTransitionTime ? before.lastTransitionTime : nowText;
    const { type, status, reason, message } = draft;
    return {
      lastProbeTime: null as never,
      lastTransitionTime,
      ...(message ? { message } : {}),
      ...(reason ? { reason } : {}),
      status,
      type,
    };
  });
  const others = (previous?.conditions ?? []).filter((condition) => !drafts.some((draft) => draft.type === condition.type));
  return [...own, ...others];
}

/** The condition of a pod the kubelet itself ends. */
function disruptionOf({ rejected, previous }: StatusInput, nowText: string): PodCondition[] {
  if (!rejected?.isDisruption || previous?.conditions?.some(({ type }) => type === 'DisruptionTarget')) return [];
  return [
    {
      lastProbeTime: null as never,
      lastTransitionTime: nowText,
      message: rejected.message,
      reason: 'TerminationByKubelet',
      status: 'True',
      type: 'DisruptionTarget',
    },
  ];
}

/** Makes the status. */
export function podStatusOf(input: StatusInput): PodStatus {
  const { pod, runtime, previous } = input;
  const nowText = formatTime(input.nowMs);
  const inits = (pod.spec?.initContainers ?? []).map((container) => containerStatusOf(input, container, true));
  const statuses = (pod.spec?.containers ?? []).map((container) => containerStatusOf(input, container, false));
  const ephemerals = ((pod.spec?.ephemeralContainers ?? []) as readonly Container[]).map(ephemeralStatusOf(input));
  const sandbox = runtime?.sandboxes.find((candidate) => candidate.state === 'SANDBOX_READY');
  const computed = input.rejected ? 'Failed' : phaseOf(pod, inits, statuses);
  // A pod that has ended stays ended, whatever the runtime still knows of it.
  const isFinal = previous?.phase === 'Succeeded' || previous?.phase === 'Failed';
  const phase = isFinal ? previous.phase! : computed;
  const podIp = pod.spec?.hostNetwork ? (runtime ? input.hostIp : undefined) : sandbox?.ip || previous?.podIP;
  const rejectedOnly = input.rejected && statuses.every((status) => !status.containerID);
  return {
    conditions: [...disruptionOf(input, nowText), ...conditionsOf(pod, phase, inits, statuses, sandbox !== undefined, nowText, previous)],
    ...(rejectedOnly ? {} : { containerStatuses: statuses }),
    ...(ephemerals.length ? { ephemeralContainerStatuses: ephemerals } : {}),
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    ...(inits.length && !rejectedOnly ? { initContainerStatuses: inits } : {}),
    ...(input.rejected ? { message: input.rejected.message } : previous?.message ? { message: previous.message } : {}),
    phase: phase as NonNullable<PodStatus['phase']>,
    ...(podIp ? { podIP: podIp, podIPs: [{ ip: podIp }] } : {}),
    ...(previous?.qosClass ? { qosClass: previous.qosClass } : {}),
    ...(input.rejected ? { reason: input.rejected.reason } : previous?.reason ? { reason: previous.reason } : {}),
    startTime: previous?.startTime ?? nowText,
  };
}
