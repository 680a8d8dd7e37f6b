/**
 * The kubelet: pods from the API and from files, each with a worker of its own; the runtime's events; probes, statuses, the node.
 * Left out: image garbage collection, cgroups, TLS bootstrap by certificate request (the credentials are handed over).
 */
import type { Pod } from '#api';
import { isPodTerminal, podQosClass } from '#api';
import { milliValue, quantityValue } from '#apimachinery';
import { eventRecorder, klogLine, loadKubeconfig, restClient, type EventRecorder, type RestClient } from '#client';
import type { Process, Program } from '#host';
import { apiReader } from './api-reader.ts';
import { readSettings, type KubeletSettings } from './configuration.ts';
import { terminationMessagePathOf } from './container-config.ts';
import { removePodLogs } from './container-logs.ts';
import type { KubeletContext } from './context.ts';
import { ANNOTATION_TERMINATION_POLICY, criClient, LABEL_CONTAINER_NAME, type RuntimePod } from './cri-client.ts';
import { createEviction } from './eviction/index.ts';
import type { NodeFacts } from './field-values.ts';
import { createNodeReporter, type NodeReporter } from './node-reporter.ts';
import { KUBELET_VERSION } from './node-status.ts';
import { podStatusOf } from './pod-status.ts';
import { createPodSync, type PodRecord } from './pod-sync.ts';
import { createPodWorkers, type PodWorkers } from './pod-workers.ts';
import { createProbes, type Probes } from './probes.ts';
import { followRuntime } from './runtime-events.ts';
import { serveKubelet } from './server/index.ts';
import { createPodSources, type PodSources } from './pod-sources.ts';
import { isStaticPod } from './static-pods.ts';
import { createStatusManager, type StatusManager } from './status-manager.ts';
import { createVolumes } from './volumes/index.ts';

/** How often a pod worker looks whether its pod's volumes are unmounted (the volume manager's podAttachAndMountRetryInterval). */
const UNMOUNT_POLL_MS = 300;

const silentRecorder: EventRecorder = { event: () => undefined };

function createContext(process: Process, settings: KubeletSettings): KubeletContext {
  let client: RestClient | undefined;
  if (settings.kubeconfigPath) {
    const config = loadKubeconfig(process.files, settings.kubeconfigPath, process.crypto);
    client = restClient({
      network: process.network,
      clock: process.clock,
      files: process.files,
      config,
      userAgent: `kubelet/${KUBELET_VERSION} (linux/amd64) kubernetes/60a317e`,
    });
  }
  const recorder = client
    ? eventRecorder({ client, clock: process.clock, telemetry: process.telemetry, component: 'kubelet', host: settings.nodeName })
    : silentRecorder;
  const context = { process, settings, cri: criClient(process, settings.criPort), client, recorder };
  return { ...context, api: client && apiReader(process, client) };
}

/** The terminated message of a container: its file, or its last log lines where it asks for them and the file is empty. */
function terminationMessage(
  context: KubeletContext,
  uid: string,
  status: {
    labels: Readonly<Record<string, string>>;
    annotations: Readonly<Record<string, string>>;
    metadata: { attempt: number };
    exitCode: number;
    logPath: string;
  },
): string {
  const { files } = context.process;
  const path = terminationMessagePathOf(uid, status.labels[LABEL_CONTAINER_NAME] ?? '', status.metadata.attempt);
  const text = files.stat(path)?.kind === 'file' ? files.readText(path) : '';
  if (
    text ||
    status.exitCode === 0 ||
    status.annotations[ANNOTATION_TERMINATION_POLICY] !== 'FallbackToLogsOnError' ||
    !files.stat(status.logPath)
  )
    return text.slice(0, 4096);
  const lines = files.readText(status.logPath).trimEnd().split('\n').slice(-80);
  return lines
    .map((line) => `${line.split(' ').slice(3).join(' ')}\n`)
    .join('')
    .slice(-2048);
}

interface Parts {
  readonly context: KubeletContext;
  readonly probes: Probes;
  readonly statuses: StatusManager;
  readonly startedMs: number;
}

/** Computes and publishes the status of a pod. */
function reporter({ context, probes, statuses, startedMs }: Parts): (record: PodRecord, runtime: RuntimePod | undefined) => void {
  return ({ pod, waiting, rejected }, runtime) => {
    const uid = pod.metadata.uid!;
    const previous = statuses.get(uid) ?? pod.status;
    const before = (id: string) => previous?.containerStatuses?.find((status) => status.containerID === `containerd://${id}`);
    const nowMs = context.process.clock.wallMs();
    const isStarted: Parameters<typeof podStatusOf>[0]['isStarted'] = (container, status) =>
      !container.startupProbe || (probes.startup(status.id) ?? (status.startedAt < startedMs && before(status.id)?.started === true));
    const status = podStatusOf({
      pod,
      rejected,
      runtime,
      waiting,
      isStarted,
      isReady: (container, status) => {
        if (!isStarted(container, status)) return false;
        // What was ready before this kubelet started stays so until its first probe says otherwise.
        return (
          !container.readinessProbe || (probes.readiness(status.id) ?? (status.startedAt < startedMs && before(status.id)?.ready === true))
        );
      },
      terminationMessage: (status) => terminationMessage(context, uid, status),
      hostIp: context.settings.nodeIp,
      nowMs,
      previous: { ...previous, qosClass: previous?.qosClass ?? podQosClass(pod.spec) },
    });
    statuses.set(uid, status);
  };
}

function nodeFactsOf({ process, settings }: KubeletContext): (runtime: RuntimePod | undefined) => NodeFacts {
  const facts = process.kernel!.facts;
  return (runtime) => {
    const sandbox = runtime?.sandboxes.find((candidate) => candidate.state === 'SANDBOX_READY');
    const podIp = sandbox?.hostNetwork ? settings.nodeIp : sandbox?.ip;
    return {
      nodeName: settings.nodeName,
      hostIp: settings.nodeIp,
      podIps: podIp ? [podIp] : [],
      allocatable: {
        cpuMillis: milliValue(String(facts.cpus)),
        memoryBytes: quantityValue(String(facts.memoryBytes - 100 * 1024 * 1024)),
        storageBytes: Math.floor(facts.storageBytes * 0.9),
      },
    };
  };
}

async function run(process: Process, settings: KubeletSettings): Promise<number> {
  const context = createContext(process, settings);
  const { telemetry } = process;
  const terminated = new Promise<number>((resolve) => process.onSignal('TERM', () => resolve(0)));
  const volumes = createVolumes(context);
  const startedMs = process.clock.wallMs();
  const probes = createProbes(context, context.recorder, (uid) => workers.wake(uid));
  const statuses = createStatusManager({ context, apiPod: (uid) => sources.apiPod(uid) });
  const report = reporter({ context, probes, statuses, startedMs });
  const isTerminal = (pod: Pod): boolean => isPodTerminal({ ...pod, status: statuses.get(pod.metadata.uid!) ?? pod.status } as Pod);
  const eviction = createEviction({
    context,
    activePods: () => sources.pods().filter((pod) => !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined),
    evict: (pod, rejection) => workers.evict(pod.metadata.uid!, rejection),
    onChange: () => node.reportNow(),
  });
  const node: NodeReporter = createNodeReporter(context, () => workers.wakeAll(), eviction.conditions);
  const sync = createPodSync({
    context,
    volumes,
    probes,
    refusal: eviction.refusal,
    networkProblem: () => node.networkProblem(),
    facts: nodeFactsOf(context),
    report,
  });
  const workers: PodWorkers = createPodWorkers({
    context,
    sync,
    report,
    isTerminal,
    async onTerminated(record, runtime) {
      const { pod } = record;
      const uid = pod.metadata.uid!;
      probes.remove(uid);
      report(record, runtime);
      // The pod is kept until its volumes are seen to be unmounted, which the volume manager does in a loop of its own.
      if (pod.spec?.volumes?.length) await process.clock.sleep(UNMOUNT_POLL_MS);
      if (!isStaticPod(pod) && pod.metadata.deletionTimestamp !== undefined) {
        await statuses.flush(uid);
        await statuses.deletePod(pod);
      }
      for (const sandbox of runtime?.sandboxes ?? []) await context.cri.removePodSandbox(sandbox.id);
      volumes.tearDown(uid);
      removePodLogs(process.files, pod);
      statuses.forget(uid);
    },
    onEnded: (uid) => sources.ended(uid),
  });
  const sources: PodSources = createPodSources({ context, workers, statuses, nodeUid: () => node.nodeUid() });

  await node.observe();
  sources.start();
  followRuntime(context, (uid) => (uid === undefined ? workers.wakeAll() : workers.wake(uid)));
  node.start();
  eviction.start();
  await serveKubelet({ context, pods: () => sources.pods(), status: (uid) => statuses.get(uid) });
  telemetry.log('info', 'Started kubelet');
  telemetry.lifecycle('kubelet', 'running');
  return terminated;
}

/** The kubelet's program, with the real flags (`--config`, `--kubeconfig`, `--node-ip`, `--hostname-override` …). Ends with 1 where its configuration or credentials do not read, as the real one does. */
export const kubelet: Program = async (process) => {
  const fail = async (message: string): Promise<number> => {
    await process.stderr.write(
      `${klogLine('error', process.clock.wallMs(), process.pid, 'run.go:74', `"command failed" err=${JSON.stringify(message)}`)}\n`,
    );
    process.telemetry.log('error', message);
    return 1;
  };
  if (!process.kernel) return fail('failed to run Kubelet: must be run as root');
  let settings: KubeletSettings;
  try {
    settings = readSettings(process.argv, process.files, { hostname: process.hostname, address: process.kernel.facts.address });
  } catch (error) {
    return fail((error as Error).message);
  }
  if (settings.kubeconfigPath && !process.files.stat(settings.kubeconfigPath)) {
    return fail(
      `failed to run Kubelet: unable to load bootstrap kubeconfig: stat ${settings.bootstrapKubeconfigPath || settings.kubeconfigPath}: no such file or directory`,
    );
  }
  return run(process, settings);
};
