/** Starting one container: back-off, image, configuration, create, start, postStart; each failure is an event and a waiting reason (kuberuntime's startContainer). */
import type { Container, Pod } from '#api';
import { formatDuration } from '#apimachinery';
import { RpcError } from '#host';
import { keyedBackOff, type KeyedBackOff } from './back-off.ts';
import { containerConfigOf } from './container-config.ts';
import { podLogDirectory } from './container-logs.ts';
import { containerSubject } from './container-subject.ts';
import { formatPod, type KubeletContext } from './context.ts';
import { rpcText, type RuntimePod } from './cri-client.ts';
import { ContainerConfigError } from './environment.ts';
import type { NodeFacts } from './field-values.ts';
import { runHook } from './handlers.ts';
import { createImages, ImageError } from './images.ts';
import { containerHash, newest } from './pod-actions.ts';
import type { WaitingReason } from './pod-status.ts';
import { MountError, type Volumes } from './volumes/index.ts';

/** The outcome of one start: started, or why not and when to try again. */
export type StartOutcome =
  { readonly started: true } | { readonly started: false; readonly waiting: WaitingReason; readonly retryMs: number };

/** Starts containers. */
export interface ContainerStarter {
  start(pod: Pod, container: Container, sandboxId: string, runtime: RuntimePod | undefined, facts: NodeFacts): Promise<StartOutcome>;
  readonly backOff: KeyedBackOff;
}

const INITIAL_BACK_OFF_MS = 10_000;
const MAX_BACK_OFF_MS = 300_000;
/** After a failure that has no back-off of its own the worker tries again after that long, as with its next sync. */
const RETRY_MS = 10_000;

/** The starter of a kubelet. */
export function createContainerStarter(context: KubeletContext, volumes: Volumes): ContainerStarter {
  const { cri, recorder, process } = context;
  const backOff = keyedBackOff(process.clock, INITIAL_BACK_OFF_MS, MAX_BACK_OFF_MS);
  const images = createImages(context);
  const start = async (
    pod: Pod,
    container: Container,
    sandboxId: string,
    runtime: RuntimePod | undefined,
    facts: NodeFacts,
  ): Promise<StartOutcome> => {
    const subject = containerSubject(pod, container);
    const waitingFor = (reason: string, message: string, retryMs = RETRY_MS): StartOutcome => ({
      started: false,
      waiting: { reason, message },
      retryMs,
    });
    const failed = (reason: string, message: string): StartOutcome => {
      recorder.event(subject, 'Warning', 'Failed', `Error: ${message}`);
      return waitingFor(reason, message);
    };
    const last = newest(runtime, container.name);
    const key = `${pod.metadata.uid}/${container.name}/${containerHash(container)}`;
    if (last?.state === 'CONTAINER_EXITED') {
      const waitMs = backOff.remainingMs(key, last.finishedAt);
      if (waitMs > 0) {
        recorder.event(subject, 'Warning', 'BackOff', `Back-off restarting failed container ${container.name} in pod ${formatPod(pod)}`);
        return waitingFor(
          'CrashLoopBackOff',
          `back-off ${formatDuration(backOff.delayMs(key))} restarting failed container=${container.name} pod=${formatPod(pod)}`,
          waitMs,
        );
      }
      backOff.next(key);
    }
    const attempt = last ? last.metadata.attempt + 1 : 0;
    let containerId: string;
    try {
      const image = await images.ensure(pod, container, subject);
      const config = await containerConfigOf(pod, container, attempt, image, context, volumes, facts);
      containerId = await cri.createContainer(sandboxId, config);
      recorder.event(subject, 'Normal', 'Created', `Created container: ${container.name}`);
    } catch (error) {
      if (error instanceof ImageError) {
        if (error.reason !== 'ErrImagePull') recorder.event(subject, 'Warning', 'Failed', `Error: ${error.reason}`);
        return waitingFor(error.reason, error.message, error.retryMs);
      }
      if (error instanceof ContainerConfigError || error instanceof MountError) return failed('CreateContainerConfigError', error.message);
      if (error instanceof RpcError) return failed('CreateContainerError', rpcText(error, true));
      return failed('CreateContainerConfigError', error instanceof Error ? error.message : String(error));
    }
    try {
      await cri.startContainer(containerId);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return failed('RunContainerError', rpcText(error, true));
    }
    recorder.event(subject, 'Normal', 'Started', `Started container ${container.name}`);
    linkLog(pod, container.name, containerId, attempt);
    const hook = container.lifecycle?.postStart;
    if (!hook) return { started: true };
    const outcome = await runHook(context, hook, pod, container, containerId, facts.podIps[0] ?? '', MAX_BACK_OFF_MS / 1000);
    if (outcome.ok) return { started: true };
    recorder.event(subject, 'Warning', 'FailedPostStartHook', `PostStartHook failed: ${outcome.output}`);
    recorder.event(subject, 'Normal', 'Killing', 'FailedPostStartHook');
    await cri.stopContainer(containerId, pod.spec?.terminationGracePeriodSeconds ?? 30);
    return waitingFor('PostStartHookError', outcome.output);
  };
  /** /var/log/containers has a link for each container, which log collectors follow. */
  const linkLog = (pod: Pod, name: string, containerId: string, attempt: number): void => {
    const { files } = process;
    const { namespace } = pod.metadata;
    const link = `/var/log/containers/${pod.metadata.name}_${namespace}_${name}-${containerId}.log`;
    files.makeDirectory('/var/log/containers', { recursive: true });
    if (!files.stat(link, { follow: false })) files.symlink(`${podLogDirectory(pod)}/${name}/${attempt}.log`, link);
  };
  return { start, backOff };
}
