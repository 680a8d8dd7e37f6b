/** What is to be done for a pod, from its spec and what the runtime has of it (kuberuntime's computePodActions). Pure. */
import type { Container, Pod } from '#api';
import { hashText } from '#host';
import type { cri } from '#contracts';
import { ANNOTATION_HASH, LABEL_CONTAINER_NAME, type RuntimePod } from './cri-client.ts';

/** Why a container is killed. */
export interface ContainerKill {
  readonly status: cri.ContainerStatus;
  readonly message: string;
  /** `LivenessProbe`, `StartupProbe` … */
  readonly reason: string;
}

/** The actions of one sync. */
export interface PodActions {
  /** Everything of the pod is stopped (its sandbox is gone or was changed). */
  readonly killPod: boolean;
  readonly createSandbox: boolean;
  readonly sandboxId: string | undefined;
  readonly attempt: number;
  /** At most one ordinary init container, and every restartable one whose turn has come. */
  readonly initContainersToStart: readonly Container[];
  readonly containersToStart: readonly Container[];
  readonly containersToKill: readonly ContainerKill[];
  /** Those that have never run: an ephemeral container is started once and never again. */
  readonly ephemeralContainersToStart: readonly Container[];
}

/** Results of probes by container id; undefined: not known yet. */
export interface ProbeResults {
  liveness(containerId: string): boolean | undefined;
  startup(containerId: string): boolean | undefined;
}

/** A hash of what makes a container another one: its image alone, as 1.33 does it for containers that run. */
export function containerHash(container: Container): string {
  return hashText(JSON.stringify({ name: container.name, image: container.image })).toString(16);
}

/** The newest instance of a container. */
export function newest(runtime: RuntimePod | undefined, name: string): cri.ContainerStatus | undefined {
  return runtime?.containers.find((status) => status.labels[LABEL_CONTAINER_NAME] === name);
}

/** Whether an init container is a sidecar. */
export const isRestartable = (container: Container): boolean => container.restartPolicy === 'Always';

/** Whether a container that is not running is to be started (again). */
export function shouldStart(pod: Pod, container: Container, status: cri.ContainerStatus | undefined): boolean {
  if (!status || status.state === 'CONTAINER_UNKNOWN') return true;
  if (status.state === 'CONTAINER_RUNNING' || status.state === 'CONTAINER_CREATED') return status.state === 'CONTAINER_CREATED';
  if (isRestartable(container)) return true;
  const policy = pod.spec?.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && status.exitCode !== 0);
}

interface InitProgress {
  readonly done: boolean;
  readonly failed: boolean;
  readonly toStart: Container[];
  readonly kills: ContainerKill[];
}

function initProgress(pod: Pod, runtime: RuntimePod | undefined, probes: ProbeResults): InitProgress {
  const toStart: Container[] = [];
  const kills: ContainerKill[] = [];
  for (const container of pod.spec?.initContainers ?? []) {
    const status = newest(runtime, container.name);
    if (isRestartable(container)) {
      if (status?.state !== 'CONTAINER_RUNNING') {
        toStart.push(container);
        return { done: false, failed: false, toStart, kills };
      }
      if (container.startupProbe && probes.startup(status.id) !== true) return { done: false, failed: false, toStart, kills };
      if (probes.liveness(status.id) === false)
        kills.push({ status, message: `Init container ${container.name} failed liveness probe`, reason: 'LivenessProbe' });
      continue;
    }
    if (status?.state === 'CONTAINER_EXITED' && status.exitCode === 0) continue;
    if (status?.state === 'CONTAINER_RUNNING') return { done: false, failed: false, toStart, kills };
    if (status?.state === 'CONTAINER_EXITED' && pod.spec?.restartPolicy === 'Never') return { done: false, failed: true, toStart, kills };
    toStart.push(container);
    return { done: false, failed: false, toStart, kills };
  }
  return { done: true, failed: false, toStart, kills };
}

/** Once an ordinary container has been started, the init containers are history (but sidecars go on). */
function initDone(pod: Pod, runtime: RuntimePod | undefined): boolean {
  return pod.spec!.containers.some((container) => newest(runtime, container.name) !== undefined);
}

/** Why a running container may not stay. */
function killOf(container: Container, status: cri.ContainerStatus, probes: ProbeResults): ContainerKill | undefined {
  if (status.annotations[ANNOTATION_HASH] !== containerHash(container)) {
    return { status, message: `Container ${container.name} definition changed, will be restarted`, reason: '' };
  }
  if (probes.liveness(status.id) === false)
    return { status, message: `Container ${container.name} failed liveness probe, will be restarted`, reason: 'LivenessProbe' };
  if (probes.startup(status.id) === false)
    return { status, message: `Container ${container.name} failed startup probe, will be restarted`, reason: 'StartupProbe' };
  return undefined;
}

/** Computes the actions. */
export function computePodActions(pod: Pod, runtime: RuntimePod | undefined, probes: ProbeResults): PodActions {
  const spec = pod.spec!;
  const latest = runtime?.sandboxes[0];
  const ready = (runtime?.sandboxes ?? []).filter((sandbox) => sandbox.state === 'SANDBOX_READY');
  const hostNetwork = spec.hostNetwork === true;
  const sandboxChanged =
    ready.length !== 1 || latest?.state !== 'SANDBOX_READY' || latest.hostNetwork !== hostNetwork || (!hostNetwork && !latest.ip);
  const attempt = latest ? latest.metadata.attempt + (sandboxChanged ? 1 : 0) : 0;
  const none: PodActions = {
    killPod: false,
    createSandbox: false,
    sandboxId: undefined,
    attempt,
    initContainersToStart: [],
    ephemeralContainersToStart: [],
    containersToStart: [],
    containersToKill: [],
  };
  if (sandboxChanged) {
    // In a new sandbox everything begins anew, except what has ended for good.
    const toStart = spec.containers.filter((container) => {
      const status = newest(runtime, container.name);
      if (!status || status.state !== 'CONTAINER_EXITED') return true;
      return spec.restartPolicy === 'Always' || (spec.restartPolicy !== 'Never' && status.exitCode !== 0);
    });
    if (toStart.length === 0) return { ...none, killPod: latest !== undefined };
    const inits = spec.initContainers ?? [];
    const initsToStart = inits.length ? [inits[0]!] : [];
    return {
      ...none,
      killPod: latest !== undefined,
      createSandbox: true,
      initContainersToStart: initsToStart,
      containersToStart: inits.length ? [] : toStart,
    };
  }
  const ephemeralContainersToStart = ((spec.ephemeralContainers ?? []) as readonly Container[]).filter(
    ({ name }) => newest(runtime, name) === undefined,
  );
  const current = { ...none, sandboxId: latest.id, ephemeralContainersToStart };
  const inSandbox: RuntimePod = { ...runtime!, containers: runtime!.containers.filter((status) => status.podSandboxId === latest.id) };
  const started = initDone(pod, inSandbox);
  const init = initProgress(pod, inSandbox, probes);
  if (!started && init.failed) return { ...current, killPod: true };
  if (!started && !init.done) return { ...current, initContainersToStart: init.toStart, containersToKill: init.kills };
  const sidecars = (spec.initContainers ?? []).filter(
    (container) => isRestartable(container) && newest(inSandbox, container.name)?.state !== 'CONTAINER_RUNNING',
  );
  const kills: ContainerKill[] = [...init.kills];
  const toStart: Container[] = [];
  let kept = 0;
  for (const container of spec.containers) {
    const status = newest(inSandbox, container.name);
    const kill = status?.state === 'CONTAINER_RUNNING' ? killOf(container, status, probes) : undefined;
    if (kill) {
      kills.push(kill);
      if (spec.restartPolicy !== 'Never') toStart.push(container);
      kept++;
    } else if (shouldStart(pod, container, status ?? newest(runtime, container.name))) toStart.push(container);
    else if (status?.state === 'CONTAINER_RUNNING') kept++;
  }
  if (kept === 0 && toStart.length === 0) return { ...current, killPod: true };
  return { ...current, containersToKill: kills, containersToStart: toStart, initContainersToStart: sidecars };
}
