/** One worker per pod: its changes are worked off one after the other, never two at once; a pod is synced, then terminating, then gone, and never back. */
import type { Pod } from '#api';
import { RpcError, type Stop } from '#host';
import { podMachine, startActor, type PodEvent } from '#lifecycle';
import type { KubeletContext } from './context.ts';
import type { RuntimePod } from './cri-client.ts';
import type { Rejection } from './eviction/thresholds.ts';
import { gracePeriodOf, killPod } from './pod-kill.ts';
import type { PodRecord, PodSync } from './pod-sync.ts';

/** What the workers need. */
export interface PodWorkersOptions {
  readonly context: KubeletContext;
  readonly sync: PodSync;
  readonly report: (record: PodRecord, runtime: RuntimePod | undefined) => void;
  /** Nothing of the pod runs any more: its status is final, its files may go. Resolves when the API knows (or at once where it need not). */
  readonly onTerminated: (record: PodRecord, runtime: RuntimePod | undefined) => Promise<void>;
  /** The worker has ended; the pod may come anew under the same uid (a static pod moved back). */
  readonly onEnded: (uid: string) => void;
  readonly isTerminal: (pod: Pod) => boolean;
}

/** The workers of a kubelet. */
export interface PodWorkers {
  /** A pod as its source has it now. */
  update(pod: Pod): void;
  /** Its source has it no more: it is ended, with its own grace period unless `graceSeconds` is given. */
  remove(pod: Pod, graceSeconds?: number): void;
  /** Something of it has changed in the runtime or by a probe. */
  wake(uid: string): void;
  wakeAll(): void;
  /** Ends a pod for good: it fails with the reason given and its containers are stopped. */
  evict(uid: string, rejection: Rejection): void;
  readonly uids: ReadonlySet<string>;
}

interface Worker {
  readonly record: PodRecord;
  isRemoved: boolean;
  graceSeconds: number | undefined;
  isWorking: boolean;
  isDirty: boolean;
  isKilling: boolean;
  stopTimer: Stop;
  readonly actor: { send(event: PodEvent): void; stop(): void };
}

const RUNTIME_RETRY_MS = 1_000;

/** Makes the workers. */
export function createPodWorkers(options: PodWorkersOptions): PodWorkers {
  const { context } = options;
  const { clock, telemetry } = context.process;
  const workers = new Map<string, Worker>();
  const isTerminating = (worker: Worker): boolean => worker.isRemoved || worker.record.pod.metadata.deletionTimestamp !== undefined;
  const graceOf = (worker: Worker): number => worker.graceSeconds ?? gracePeriodOf(worker.record.pod);

  const terminate = async (worker: Worker, uid: string): Promise<void> => {
    const { record } = worker;
    worker.actor.send({ type: 'TERMINATE' });
    const runtime = await context.cri.pod(uid);
    options.report(record, runtime);
    worker.isKilling = true;
    if (runtime) await killPod(context, record.pod, runtime, graceOf(worker));
    worker.isKilling = false;
    await options.onTerminated(record, await context.cri.pod(uid));
    worker.actor.send({ type: 'STOPPED' });
    worker.actor.stop();
    workers.delete(uid);
    options.onEnded(uid);
  };

  /** A pod that has ended by itself: its sandbox is stopped, its containers are kept for their logs until it is deleted. */
  const settle = async (worker: Worker, uid: string): Promise<void> => {
    const runtime = await context.cri.pod(uid);
    if (runtime && runtime.sandboxes.some((sandbox) => sandbox.state === 'SANDBOX_READY'))
      await killPod(context, worker.record.pod, runtime, 0);
    options.report(worker.record, await context.cri.pod(uid));
  };

  const work = async (uid: string, worker: Worker): Promise<void> => {
    worker.isWorking = true;
    let retryMs: number | undefined;
    while (worker.isDirty && workers.get(uid) === worker) {
      worker.isDirty = false;
      worker.stopTimer();
      try {
        if (isTerminating(worker)) await terminate(worker, uid);
        else if (options.isTerminal(worker.record.pod)) await settle(worker, uid);
        else retryMs = await options.sync(worker.record);
      } catch (error) {
        // The runtime (or the API, while a token is asked for) was away: the state is looked at anew later.
        const text = error instanceof Error ? error.message : String(error);
        telemetry.log('error', `Error syncing pod, skipping: ${text}`, { podUID: uid });
        if (!(error instanceof RpcError)) telemetry.log('error', `unexpected: ${error instanceof Error ? (error.stack ?? text) : text}`);
        retryMs = RUNTIME_RETRY_MS;
      }
    }
    worker.isWorking = false;
    if (workers.get(uid) !== worker) return;
    worker.stopTimer = clock.after(retryMs ?? context.settings.syncFrequencyMs, () => wake(uid));
  };
  const wake = (uid: string): void => {
    const worker = workers.get(uid);
    if (!worker) return;
    worker.isDirty = true;
    if (!worker.isWorking) void work(uid, worker);
  };
  const workerOf = (pod: Pod): Worker => {
    const uid = pod.metadata.uid!;
    let worker = workers.get(uid);
    if (!worker) {
      const name = `pod/${pod.metadata.namespace}/${pod.metadata.name}`;
      const actor = startActor(podMachine, {
        clock,
        id: `pod/${uid}`,
        onState: (state) =>
          telemetry.lifecycle(name, state, { kind: 'pod', uid, namespace: pod.metadata.namespace, pod: pod.metadata.name }),
      });
      actor.send({ type: 'SCHEDULED' });
      worker = {
        record: { pod, waiting: new Map() },
        isRemoved: false,
        graceSeconds: undefined,
        isWorking: false,
        isDirty: false,
        isKilling: false,
        stopTimer: () => undefined,
        actor,
      };
      workers.set(uid, worker);
    }
    return worker;
  };
  /** A grace period that became shorter while containers are being ended counts at once. */
  const hurry = (worker: Worker): void => {
    if (!worker.isKilling) return;
    const seconds = graceOf(worker);
    void context.cri.pod(worker.record.pod.metadata.uid!).then(
      (runtime) =>
        Promise.all(
          (runtime?.containers ?? [])
            .filter((status) => status.state === 'CONTAINER_RUNNING')
            .map((status) => context.cri.stopContainer(status.id, seconds)),
        ),
      (error: unknown) => telemetry.log('error', `cannot shorten the grace period: ${String(error)}`),
    );
  };
  return {
    update(pod) {
      const worker = workerOf(pod);
      const before = graceOf(worker);
      worker.record.pod = pod;
      if (graceOf(worker) < before) hurry(worker);
      wake(pod.metadata.uid!);
    },
    remove(pod, graceSeconds) {
      const worker = workerOf(pod);
      const before = graceOf(worker);
      worker.isRemoved = true;
      if (graceSeconds !== undefined) worker.graceSeconds = graceSeconds;
      if (graceOf(worker) < before) hurry(worker);
      wake(pod.metadata.uid!);
    },
    wake,
    wakeAll() {
      for (const uid of workers.keys()) wake(uid);
    },
    evict(uid, rejection) {
      const worker = workers.get(uid);
      if (!worker || worker.record.rejected) return;
      worker.record.rejected = rejection;
      context.cri.pod(uid).then(
        (runtime) => {
          options.report(worker.record, runtime);
          wake(uid);
        },
        (error: unknown) => {
          // The runtime is away: the pod is looked at again with the next round.
          worker.record.rejected = undefined;
          telemetry.log('error', `Eviction manager: pod failed to evict: ${String(error)}`);
        },
      );
    },
    get uids() {
      return new Set(workers.keys());
    },
  };
}
