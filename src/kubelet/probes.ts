/** Probe workers: one per container instance and kind of probe, with thresholds, delays and periods as the kubelet's prober has them. */
import type { Container, Pod, Probe } from '#api';
import type { EventRecorder } from '#client';
import type { Random, Stop } from '#host';
import { containerSubject } from './container-subject.ts';
import type { KubeletContext } from './context.ts';
import type { RuntimePod } from './cri-client.ts';
import { runProbe, type KeptClients } from './handlers.ts';
import { isRestartable, newest, type ProbeResults } from './pod-actions.ts';

type ProbeKind = 'startup' | 'readiness' | 'liveness';

const FIELDS = { startup: 'startupProbe', readiness: 'readinessProbe', liveness: 'livenessProbe' } as const;
const TITLES = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' } as const;

interface Worker {
  readonly uid: string;
  readonly containerId: string;
  readonly stop: Stop;
}

/** Probes of all pods of a kubelet. */
export interface Probes extends ProbeResults {
  readiness(containerId: string): boolean | undefined;
  /** Starts workers for what runs of a pod and stops those of what is gone. */
  update(pod: Pod, runtime: RuntimePod | undefined, podIp: string): void;
  remove(uid: string): void;
}

/** What a worker stands on. */
interface WorkerParts {
  readonly context: KubeletContext;
  readonly recorder: EventRecorder;
  readonly onChange: (uid: string) => void;
  readonly results: Record<ProbeKind, Map<string, boolean>>;
  readonly jitter: Random;
  readonly kind: ProbeKind;
  readonly pod: Pod;
  readonly container: Container;
  readonly containerId: string;
  readonly startedAt: number;
  readonly probe: Probe;
  readonly podIp: string;
}

/** Starts the worker of one probe of one container instance. */
function startWorker({
  context,
  recorder,
  onChange,
  results,
  jitter,
  kind,
  pod,
  container,
  containerId,
  startedAt,
  probe,
  podIp,
}: WorkerParts): Worker {
  const { clock } = context.process;
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  const successThreshold = probe.successThreshold ?? 1;
  const failureThreshold = probe.failureThreshold ?? 3;
  let successes = 0;
  let failures = 0;
  let isProbing = false;
  let isStopped = false;
  const kept: KeptClients = new Map();
  const set = (value: boolean): void => {
    if (results[kind].get(containerId) === value) return;
    results[kind].set(containerId, value);
    onChange(pod.metadata.uid!);
  };
  const tick = async (): Promise<void> => {
    if (isProbing || isStopped) return;
    if (clock.wallMs() - startedAt < (probe.initialDelaySeconds ?? 0) * 1000) return;
    const isStarted = !container.startupProbe || results.startup.get(containerId) === true;
    if (kind === 'startup' ? results.startup.get(containerId) === true : !isStarted) return;
    isProbing = true;
    const outcome = await runProbe(context, probe, container, containerId, podIp, kept);
    isProbing = false;
    if (isStopped) return;
    if (outcome.ok) {
      failures = 0;
      if (++successes >= successThreshold) set(true);
      return;
    }
    successes = 0;
    recorder.event(containerSubject(pod, container), 'Warning', 'Unhealthy', `${TITLES[kind]} probe failed: ${outcome.output}`);
    if (++failures >= failureThreshold) set(false);
  };
  if (kind === 'readiness') results.readiness.set(containerId, false);
  // As the kubelet spreads probes after its own restart, so that they do not all come at once; the first one of a fresh container comes at once.
  const firstMs = clock.wallMs() - startedAt > periodMs ? jitter.below(periodMs) : 0;
  let stopEvery: Stop = () => undefined;
  const stopFirst = clock.after(firstMs, () => {
    void tick();
    stopEvery = clock.every(periodMs, () => void tick());
  });
  const stop = (): void => {
    isStopped = true;
    stopFirst();
    stopEvery();
    for (const client of kept.values()) client.close();
    results[kind].delete(containerId);
  };
  return { uid: pod.metadata.uid!, containerId, stop };
}

/** Makes the prober; `onChange` hears the uid of a pod one of whose results changed. */
export function createProbes(context: KubeletContext, recorder: EventRecorder, onChange: (uid: string) => void): Probes {
  const { random } = context.process;
  const results: Record<ProbeKind, Map<string, boolean>> = { startup: new Map(), readiness: new Map(), liveness: new Map() };
  const workers = new Map<string, Worker>();
  const jitter = random.fork('probes');

  const start = (
    kind: ProbeKind,
    pod: Pod,
    container: Container,
    containerId: string,
    startedAt: number,
    probe: Probe,
    podIp: string,
  ): Worker => startWorker({ context, recorder, onChange, results, jitter, kind, pod, container, containerId, startedAt, probe, podIp });

  return {
    liveness: (containerId) => results.liveness.get(containerId),
    startup: (containerId) => results.startup.get(containerId),
    readiness: (containerId) => results.readiness.get(containerId),
    update(pod, runtime, podIp) {
      const uid = pod.metadata.uid!;
      const wanted = new Set<string>();
      const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isRestartable)];
      for (const container of containers) {
        const status = newest(runtime, container.name);
        if (status?.state !== 'CONTAINER_RUNNING') continue;
        for (const kind of ['startup', 'readiness', 'liveness'] as const) {
          const probe = container[FIELDS[kind]];
          if (!probe) continue;
          const key = `${kind}/${status.id}`;
          wanted.add(key);
          if (!workers.has(key)) workers.set(key, start(kind, pod, container, status.id, status.startedAt, probe, podIp));
        }
      }
      for (const [key, worker] of workers) {
        if (worker.uid !== uid || wanted.has(key)) continue;
        worker.stop();
        workers.delete(key);
      }
    },
    remove(uid) {
      for (const [key, worker] of workers) {
        if (worker.uid !== uid) continue;
        worker.stop();
        workers.delete(key);
      }
    },
  };
}
