/** One sync of one pod: from what the runtime has to what the spec wants, in the kubelet's order. Everything it needs to remember is in the pod's record. */
import type { Container, Pod } from '#api';
import { RpcError, type Span } from '#host';
import type { Rejection } from './eviction/thresholds.ts';
import { removeContainerLog } from './container-logs.ts';
import { createContainerStarter, type ContainerStarter } from './container-start.ts';
import { sandboxConfigOf } from './container-config.ts';
import type { KubeletContext } from './context.ts';
import { LABEL_CONTAINER_NAME, rpcText, type RuntimePod } from './cri-client.ts';
import type { NodeFacts } from './field-values.ts';
import { computePodActions, newest } from './pod-actions.ts';
import { killContainer, killPod } from './pod-kill.ts';
import type { WaitingReason } from './pod-status.ts';
import type { Probes } from './probes.ts';
import { MountError, type Volumes } from './volumes/index.ts';

/** What a worker remembers of its pod between syncs. */
export interface PodRecord {
  pod: Pod;
  readonly waiting: Map<string, WaitingReason>;
  /** Set once it is refused or evicted: it has failed for good. */
  rejected?: Rejection | undefined;
  /** It has been let in; what the node is short of later does not refuse it any more. */
  isAdmitted?: boolean;
  /** While volumes cannot be set up: how long to wait, and until when. */
  mountBackOff?: { readonly delayMs: number; readonly untilMs: number } | undefined;
}

/** What a sync needs beside the context. */
export interface PodSyncOptions {
  readonly context: KubeletContext;
  readonly volumes: Volumes;
  readonly probes: Probes;
  /** Why a pod that has never run here may not start; undefined: it may. */
  readonly refusal: (pod: Pod) => Rejection | undefined;
  /** Undefined: the network is ready; else the runtime's message. */
  readonly networkProblem: () => string | undefined;
  readonly facts: (runtime: RuntimePod | undefined) => NodeFacts;
  /** Publishes the status as it stands, in the middle of a sync. */
  readonly report: (record: PodRecord, runtime: RuntimePod | undefined) => void;
}

/** The sync function. Answers in how many milliseconds to come back at the latest (undefined: with the next resync). Rejects with RpcError when the runtime cannot be reached. */
export type PodSync = (record: PodRecord) => Promise<number | undefined>;

const NETWORK_RETRY_MS = 5_000;
/** Between attempts at the volumes of a pod, doubling (the volume manager's exponential back-off). */
const MOUNT_RETRY_MS = 500;
const MOUNT_RETRY_MAX_MS = 122_000;
const SANDBOX_RETRY_MS = 10_000;
/** Dead instances of a container that are kept for its last state and `logs --previous`. */
const DEAD_CONTAINERS_KEPT = 1;

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/** Removes old instances of containers and old sandboxes that nothing refers to. */
async function removeDead(context: KubeletContext, pod: Pod, runtime: RuntimePod): Promise<void> {
  const seen = new Map<string, number>();
  const kept = new Set<string>();
  for (const status of runtime.containers) {
    const name = status.labels[LABEL_CONTAINER_NAME] ?? '';
    if (status.state !== 'CONTAINER_EXITED') {
      kept.add(status.podSandboxId);
      continue;
    }
    const dead = (seen.get(name) ?? 0) + 1;
    seen.set(name, dead);
    if (dead > DEAD_CONTAINERS_KEPT) {
      await context.cri.removeContainer(status.id);
      removeContainerLog(context.process.files, pod, name, status.id, status.logPath);
    } else kept.add(status.podSandboxId);
  }
  for (const sandbox of runtime.sandboxes.slice(1))
    if (!kept.has(sandbox.id) && sandbox.state === 'SANDBOX_NOTREADY') await context.cri.removePodSandbox(sandbox.id);
}

/** Bringing a pod up is a span; syncs that find everything in order are none. */
const beginSpan = ({ process }: KubeletContext, { metadata }: Pod): Span =>
  process.telemetry.span('syncPod', {
    'k8s.pod.name': metadata.name,
    'k8s.pod.uid': metadata.uid ?? '',
    'k8s.namespace.name': metadata.namespace ?? '',
  });

/** Runs a sandbox; a failure that is the pod's own is an event and undefined. */
async function createSandbox({ cri, recorder, settings, process }: KubeletContext, pod: Pod, attempt: number): Promise<string | undefined> {
  try {
    return await cri.runPodSandbox(sandboxConfigOf(pod, attempt, settings, process.files));
  } catch (error) {
    if (!(error instanceof RpcError) || error.code === 'Unavailable') throw error;
    recorder.event(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${rpcText(error)}`);
    return undefined;
  }
}

/** Makes the sync function of a kubelet. */
export function createPodSync(options: PodSyncOptions): PodSync {
  const { context, volumes, probes } = options;
  const { cri, recorder, settings } = context;
  const starter: ContainerStarter = createContainerStarter(context, volumes);

  const startAll = async (
    record: PodRecord,
    containers: readonly Container[],
    sandboxId: string,
    runtime: RuntimePod | undefined,
  ): Promise<number | undefined> => {
    let retryMs: number | undefined;
    for (const container of containers) {
      const outcome = await starter.start(record.pod, container, sandboxId, runtime, options.facts(runtime));
      if (outcome.started) record.waiting.delete(container.name);
      else {
        record.waiting.set(container.name, outcome.waiting);
        retryMs = earlier(retryMs, outcome.retryMs);
        options.report(record, await cri.pod(record.pod.metadata.uid!));
      }
    }
    return retryMs;
  };

  /** Answers in how long to try again; undefined: all volumes are there. */
  const setUpVolumes = async (record: PodRecord, facts: NodeFacts): Promise<number | undefined> => {
    const now = context.process.clock.wallMs();
    const before = record.mountBackOff;
    if (before && now < before.untilMs) return before.untilMs - now;
    try {
      await volumes.setUp(record.pod, facts);
      record.mountBackOff = undefined;
      return undefined;
    } catch (error) {
      if (!(error instanceof MountError)) throw error;
      recorder.event(record.pod, 'Warning', 'FailedMount', error.message);
      const delayMs = before ? Math.min(before.delayMs * 2, MOUNT_RETRY_MAX_MS) : MOUNT_RETRY_MS;
      record.mountBackOff = { delayMs, untilMs: now + delayMs };
      return delayMs;
    }
  };

  return async (record) => {
    const { pod } = record;
    const uid = pod.metadata.uid!;
    let runtime = await cri.pod(uid);
    if (!record.isAdmitted) {
      const refusal = runtime ? undefined : options.refusal(pod);
      if (refusal) {
        recorder.event(pod, 'Warning', refusal.reason, refusal.message);
        record.rejected = { ...refusal, message: `Pod was rejected: ${refusal.message}` };
        options.report(record, runtime);
        return undefined;
      }
      record.isAdmitted = true;
    }
    const problem = pod.spec?.hostNetwork ? undefined : options.networkProblem();
    if (problem) {
      recorder.event(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${problem}`);
      options.report(record, runtime);
      return NETWORK_RETRY_MS;
    }
    const mountRetryMs = await setUpVolumes(record, options.facts(runtime));
    if (mountRetryMs !== undefined) {
      options.report(record, runtime);
      return mountRetryMs;
    }
    const actions = computePodActions(pod, runtime, probes);
    const podIp = runtime?.sandboxes[0]?.ip || (pod.spec?.hostNetwork ? settings.nodeIp : '');
    if (actions.killPod && runtime) {
      if (actions.createSandbox) recorder.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
      await killPod(context, pod, runtime, pod.spec?.terminationGracePeriodSeconds ?? 30);
      // The dead sandboxes keep their shims and addresses until they are stopped.
      for (const sandbox of runtime.sandboxes) await cri.stopPodSandbox(sandbox.id);
    } else {
      const kill = actions.containersToKill.map(({ status, message }) =>
        killContainer(context, pod, status, message, pod.spec?.terminationGracePeriodSeconds ?? 30, podIp),
      );
      await Promise.all(kill);
    }
    let { sandboxId } = actions;
    const span = actions.createSandbox ? beginSpan(context, pod) : undefined;
    if (actions.createSandbox) {
      sandboxId = await createSandbox(context, pod, actions.attempt);
      if (!sandboxId) {
        options.report(record, await cri.pod(uid));
        return SANDBOX_RETRY_MS;
      }
      runtime = await cri.pod(uid);
      options.report(record, runtime);
    }
    let retryMs: number | undefined;
    if (sandboxId) {
      if (actions.containersToKill.length) runtime = await cri.pod(uid);
      for (const group of [actions.ephemeralContainersToStart, actions.initContainersToStart, actions.containersToStart])
        retryMs = earlier(retryMs, await startAll(record, group, sandboxId, runtime));
    }
    runtime = await cri.pod(uid);
    for (const name of [...record.waiting.keys()]) if (newest(runtime, name)?.state === 'CONTAINER_RUNNING') record.waiting.delete(name);
    const ip = runtime?.sandboxes[0]?.ip || (pod.spec?.hostNetwork ? settings.nodeIp : '');
    probes.update(pod, runtime, ip);
    options.report(record, runtime);
    if (runtime) await removeDead(context, pod, runtime);
    span?.end();
    return retryMs;
  };
}
