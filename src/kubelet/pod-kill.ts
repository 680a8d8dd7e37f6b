/** Ending containers and pods: preStop, TERM, and KILL when the grace period is over; then the sandbox (kuberuntime's killPod). */
import type { Container, Pod } from '#api';
import type { cri } from '#contracts';
import { containerSubject } from './container-subject.ts';
import type { KubeletContext } from './context.ts';
import { LABEL_CONTAINER_NAME, type RuntimePod } from './cri-client.ts';
import { runHook } from './handlers.ts';

/** A preStop hook may use the grace period up; the process gets at least that long. */
const MINIMUM_GRACE_SECONDS = 2;

/** The seconds a pod's containers get to end. */
export function gracePeriodOf(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}

/** The spec of a container by name; of a pod only the runtime knows, nothing but the name. */
function containerOf(pod: Pod, name: string): Container {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const known = [...containers, ...initContainers, ...(ephemeralContainers as readonly Container[])].find(
    (container) => container.name === name,
  );
  return known ?? { name };
}

/** Ends one running container. `message` is the text of the Killing event. */
export async function killContainer(
  context: KubeletContext,
  pod: Pod,
  status: cri.ContainerStatus,
  message: string,
  graceSeconds: number,
  podIp: string,
): Promise<void> {
  const { cri, recorder, process } = context;
  const container = containerOf(pod, status.labels[LABEL_CONTAINER_NAME] ?? status.metadata.name);
  recorder.event(containerSubject(pod, container), 'Normal', 'Killing', message);
  let leftSeconds = graceSeconds;
  const hook = container.lifecycle?.preStop;
  if (hook && graceSeconds > 0) {
    const startedMs = process.clock.monotonicMs();
    // A hook that takes longer than the grace period is left to itself.
    const outcome = await Promise.race([
      runHook(context, hook, pod, container, status.id, podIp, graceSeconds),
      process.clock.sleep(graceSeconds * 1000).then(() => ({ ok: true, output: '' })),
    ]);
    if (!outcome.ok)
      recorder.event(containerSubject(pod, container), 'Warning', 'FailedPreStopHook', `PreStopHook failed: ${outcome.output}`);
    leftSeconds = Math.max(MINIMUM_GRACE_SECONDS, graceSeconds - Math.floor((process.clock.monotonicMs() - startedMs) / 1000));
  }
  await cri.stopContainer(status.id, leftSeconds);
}

/** Ends everything of a pod that runs, sidecars after the others, and then its sandboxes. */
export async function killPod(context: KubeletContext, pod: Pod, runtime: RuntimePod, graceSeconds: number): Promise<void> {
  const podIp = runtime.sandboxes[0]?.ip ?? '';
  const running = runtime.containers.filter((status) => status.state === 'CONTAINER_RUNNING');
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always').map((container) => container.name),
  );
  const isSidecar = (status: cri.ContainerStatus): boolean => sidecars.has(status.labels[LABEL_CONTAINER_NAME] ?? '');
  const startedMs = context.process.clock.monotonicMs();
  for (const group of [running.filter((status) => !isSidecar(status)), running.filter(isSidecar)]) {
    const left = Math.max(
      graceSeconds > 0 ? MINIMUM_GRACE_SECONDS : 0,
      graceSeconds - Math.floor((context.process.clock.monotonicMs() - startedMs) / 1000),
    );
    await Promise.all(
      group.map((status) =>
        killContainer(
          context,
          pod,
          status,
          `Stopping container ${status.labels[LABEL_CONTAINER_NAME] ?? status.metadata.name}`,
          left,
          podIp,
        ),
      ),
    );
  }
  for (const sandbox of runtime.sandboxes) if (sandbox.state === 'SANDBOX_READY') await context.cri.stopPodSandbox(sandbox.id);
}
