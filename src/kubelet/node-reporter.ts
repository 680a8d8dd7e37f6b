/** Registers the node, reports its status every 10 s (a heartbeat alone only every 5 min) and renews its Lease every 10 s (KEP-589). */
import type { Lease, Node } from '#api';
import { findCondition, formatMicroTime, isAlreadyExists, isNotFound, StatusError } from '#apimachinery';
import { resources } from '#client';
import type { cri } from '#contracts';
import type { KubeletContext } from './context.ts';
import { differsBeyondHeartbeat, initialNode, networkProblemOf, nodeStatusOf, type NodeObservation } from './node-status.ts';

/** What the rest of the kubelet asks of the reporter. */
export interface NodeReporter {
  /** Runs until the process ends. */
  start(): void;
  /** Why pods with a network of their own cannot start; undefined: they can. */
  networkProblem(): string | undefined;
  nodeUid(): string | undefined;
  /** Reports the status without waiting for the next round. */
  reportNow(): void;
  /** Looks at the runtime at once. */
  observe(): Promise<NodeObservation>;
}

const LEASE_NAMESPACE = 'kube-node-lease';
const REGISTER_RETRY_MAX_MS = 7_000;
/** As the kubelet's updateRuntimeUp; more often until the network is there for the first time, so that the first pods start soon. */
const RUNTIME_CHECK_MS = 5_000;
const FIRST_RUNTIME_CHECK_MS = 500;
const TRANSITION_EVENTS: readonly (readonly [string, string, string])[] = [
  ['MemoryPressure', 'False', 'NodeHasSufficientMemory'],
  ['MemoryPressure', 'True', 'NodeHasInsufficientMemory'],
  ['DiskPressure', 'False', 'NodeHasNoDiskPressure'],
  ['DiskPressure', 'True', 'NodeHasDiskPressure'],
  ['PIDPressure', 'False', 'NodeHasSufficientPID'],
  ['Ready', 'True', 'NodeReady'],
  ['Ready', 'False', 'NodeNotReady'],
];

/** Makes the reporter; `onNetworkReady` is called when pods with a network of their own may start, `pressures` gives the conditions of pressure in force. */
export function createNodeReporter(context: KubeletContext, onNetworkReady: () => void, pressures: () => readonly string[]): NodeReporter {
  const { process, settings, cri, client, recorder } = context;
  const { clock, telemetry } = process;
  const facts = process.kernel!.facts;
  const { nodeName } = settings;
  let runtime: cri.StatusResponse | undefined;
  let uid: string | undefined;
  let lastReportMs = -Infinity;
  const recorded = new Map<string, string>();
  const nodeSubject = { reference: { kind: 'Node', name: nodeName, uid: nodeName, apiVersion: 'v1' } };

  const checkRuntime = async (): Promise<void> => {
    const wasReady = runtime !== undefined && networkProblemOf(runtime) === undefined;
    runtime = await cri.status();
    if (!wasReady && networkProblemOf(runtime) === undefined) onNetworkReady();
  };
  const observe = async (): Promise<NodeObservation> => {
    try {
      await checkRuntime();
      const [version, images] = await Promise.all([cri.version(), cri.listImages()]);
      return { nowMs: clock.wallMs(), runtime, runtimeVersion: version.runtimeVersion.replace(/^v/, ''), images, pressures: pressures() };
    } catch (error) {
      telemetry.log('error', `Container runtime sanity check failed: ${error instanceof Error ? error.message : String(error)}`);
      runtime = undefined;
      return { nowMs: clock.wallMs(), runtime, runtimeVersion: 'Unknown', images: [], pressures: pressures() };
    }
  };
  const recordTransitions = (node: Pick<Node, 'status'>): void => {
    for (const [type, status, reason] of TRANSITION_EVENTS) {
      if (findCondition(node.status?.conditions, type)?.status !== status || recorded.get(type) === status) continue;
      // A node that is not ready yet when it is registered is no news.
      if (recorded.has(type) || !(type === 'Ready' && status === 'False'))
        recorder.event(nodeSubject, 'Normal', reason, `Node ${nodeName} status is now: ${reason}`);
      recorded.set(type, status);
    }
  };
  const register = async (): Promise<void> => {
    for (let delayMs = 200; ; delayMs = Math.min(delayMs * 2, REGISTER_RETRY_MAX_MS)) {
      const observation = await observe();
      const node = initialNode(facts, settings, nodeStatusOf(facts, settings, observation, undefined));
      try {
        let known: Node;
        try {
          known = await client!.create(resources.nodes, node);
          telemetry.log('info', `Successfully registered node`, { node: nodeName });
        } catch (error) {
          if (!(error instanceof StatusError) || !isAlreadyExists(error)) throw error;
          known = await client!.get(resources.nodes, nodeName);
          telemetry.log('info', `Node was previously registered`, { node: nodeName });
        }
        uid = known.metadata.uid;
        recordTransitions(known);
        recorder.event(nodeSubject, 'Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods');
        return;
      } catch (error) {
        telemetry.log('warning', `Unable to register node with API server: ${error instanceof Error ? error.message : String(error)}`);
        await clock.sleep(delayMs);
      }
    }
  };
  const report = async (): Promise<void> => {
    const observation = await observe();
    const known = await client!.get(resources.nodes, nodeName);
    uid = known.metadata.uid;
    const status = nodeStatusOf(facts, settings, observation, known.status);
    const isDue = clock.monotonicMs() - lastReportMs >= settings.nodeStatusReportFrequencyMs;
    if (!isDue && !differsBeyondHeartbeat(known.status, status)) return;
    const updated = await client!.updateStatus(resources.nodes, { ...known, status });
    lastReportMs = clock.monotonicMs();
    recordTransitions(updated);
  };
  const renew = async (): Promise<void> => {
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds: settings.leaseDurationSeconds,
      renewTime: formatMicroTime(clock.wallMs()),
    };
    try {
      const lease = await client!.get(resources.leases, nodeName, LEASE_NAMESPACE);
      await client!.update(resources.leases, { ...lease, spec: { ...lease.spec, ...spec } });
    } catch (error) {
      if (!(error instanceof StatusError) || !isNotFound(error)) throw error;
      const owner = uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }] } : {};
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: nodeName, namespace: LEASE_NAMESPACE, ...owner },
        spec,
      };
      await client!.create(resources.leases, lease);
    }
  };
  /** Every `periodMs`, one at a time; failures are logged and the next period tries again. */
  const repeat = async (what: string, periodMs: number, work: () => Promise<void>): Promise<never> => {
    for (;;) {
      const startedMs = clock.monotonicMs();
      try {
        await work();
      } catch (error) {
        telemetry.log('error', `${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await clock.sleep(Math.max(1, periodMs - (clock.monotonicMs() - startedMs)));
    }
  };
  /** The runtime's readiness is looked at more often than the status is reported, so that pods start as soon as they can; a change is reported at once. */
  const watchRuntime = async (): Promise<never> => {
    let wasEverReady = false;
    for (;;) {
      const before = JSON.stringify(runtime);
      try {
        await checkRuntime();
      } catch (error) {
        telemetry.log('error', `Container runtime sanity check failed: ${error instanceof Error ? error.message : String(error)}`);
        runtime = undefined;
      }
      wasEverReady ||= runtime !== undefined && networkProblemOf(runtime) === undefined;
      if (client && uid && before !== JSON.stringify(runtime)) {
        await report().catch((error: unknown) =>
          telemetry.log('error', `Error updating node status, will retry: ${error instanceof Error ? error.message : String(error)}`),
        );
      }
      await clock.sleep(wasEverReady ? RUNTIME_CHECK_MS : FIRST_RUNTIME_CHECK_MS);
    }
  };
  return {
    observe,
    networkProblem: () => (runtime ? networkProblemOf(runtime) : 'container runtime is down'),
    nodeUid: () => uid,
    reportNow() {
      if (!client || !uid) return;
      report().catch((error: unknown) =>
        telemetry.log('error', `Error updating node status, will retry: ${error instanceof Error ? error.message : String(error)}`),
      );
    },
    start() {
      void watchRuntime();
      if (!client) return;
      recorder.event(nodeSubject, 'Normal', 'Starting', 'Starting kubelet.');
      const run = async (): Promise<void> => {
        await register();
        void repeat('Failed to update lease', (settings.leaseDurationSeconds * 1000) / 4, renew);
        await repeat('Error updating node status, will retry', settings.nodeStatusUpdateFrequencyMs, report);
      };
      void run();
    },
  };
}
