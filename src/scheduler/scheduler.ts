/** The scheduler at work: informers feed cache and queue, one loop takes pods from the queue to nodes (kube-scheduler's eventhandlers.go and Run). */
import type { Node, Pod } from '#api';
import { deepEqual, objectKey } from '#apimachinery';
import { informerFactory, resources, seriesEventRecorder, type InformerFactory, type RestClient } from '#client';
import type { Clock, Random, Telemetry } from '#host';
import { isTerminal, schedulerCache, type SchedulerCache } from './cache.ts';
import { plugins } from './plugins/index.ts';
import { createProfile } from './profile.ts';
import { schedulingQueue, type SchedulingQueue } from './queue.ts';
import { storageOf } from './storage.ts';
import { scheduleOne, type SchedulerState } from './scheduling-cycle.ts';

/** What a scheduler stands on. */
export interface SchedulerOptions {
  readonly client: RestClient;
  /** Sends the events; default `client`. */
  readonly eventClient?: RestClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly hostname: string;
  /** Pods with another spec.schedulerName are left alone. */
  readonly schedulerName?: string;
}

const SECONDS_BUCKETS: readonly number[] = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

function watchPods(informers: InformerFactory, schedulerName: string, cache: SchedulerCache, queue: SchedulingQueue): void {
  const isOurs = (pod: Pod): boolean => (pod.spec?.schedulerName || 'default-scheduler') === schedulerName && !isTerminal(pod);
  const isAssigned = (pod: Pod): boolean => Boolean(pod.spec?.nodeName);
  const assign = (pod: Pod): void => {
    cache.setPod(pod);
    queue.moveOn({ resource: 'AssignedPod', action: 'Add', object: pod });
  };
  informers.informer(resources.pods).addHandler({
    added(pod) {
      if (isAssigned(pod)) assign(pod);
      else if (isOurs(pod) && !pod.metadata.deletionTimestamp) queue.add(pod);
    },
    updated(pod, old) {
      if (isAssigned(pod)) {
        if (!isAssigned(old)) {
          queue.remove(old);
          return assign(pod);
        }
        cache.setPod(pod);
        // A pod that has ended gives its room back, as a deletion does.
        if (isTerminal(pod) && !isTerminal(old)) queue.moveOn({ resource: 'AssignedPod', action: 'Delete', old, object: pod });
        else if (!deepEqual(pod.metadata.labels, old.metadata.labels) || !deepEqual(pod.spec, old.spec))
          queue.moveOn({ resource: 'AssignedPod', action: 'Update', old, object: pod });
        return;
      }
      if (!isOurs(pod) || pod.metadata.deletionTimestamp) return queue.remove(pod);
      if (pod.metadata.resourceVersion !== old.metadata.resourceVersion && !cache.isAssumed(pod)) queue.update(pod, old);
    },
    deleted(pod) {
      if (!isAssigned(pod)) return queue.remove(pod);
      cache.removePod(pod);
      queue.moveOn({ resource: 'AssignedPod', action: 'Delete', object: pod });
    },
  });
}

/** Whether a change of a node can matter to a pod: not its heartbeat, but what plugins look at. */
function changedForScheduling(node: Node, old: Node): boolean {
  return (
    !deepEqual(node.spec, old.spec) ||
    !deepEqual(node.metadata.labels, old.metadata.labels) ||
    !deepEqual(node.status?.allocatable, old.status?.allocatable) ||
    !deepEqual(node.metadata.annotations, old.metadata.annotations)
  );
}

function watchNodes(informers: InformerFactory, cache: SchedulerCache, queue: SchedulingQueue): void {
  informers.informer(resources.nodes).addHandler({
    added(node) {
      cache.setNode(node);
      queue.moveOn({ resource: 'Node', action: 'Add', object: node });
    },
    updated(node, old) {
      cache.setNode(node);
      if (changedForScheduling(node, old)) queue.moveOn({ resource: 'Node', action: 'Update', old, object: node });
    },
    deleted(node) {
      cache.removeNode(node.metadata.name);
      queue.moveOn({ resource: 'Node', action: 'Delete', object: node });
    },
  });
}

/** Starts scheduling until the signal aborts. Resolves when informers have synced and the loop runs. */
export async function startScheduler(options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, telemetry, schedulerName = 'default-scheduler' } = options;
  const informers = informerFactory({ client, clock, random, telemetry });
  const cache = schedulerCache();
  const events = seriesEventRecorder({
    client: options.eventClient ?? client,
    clock,
    telemetry,
    component: schedulerName,
    host: options.hostname,
  });
  const pods = informers.informer(resources.pods).lister;
  const profile = createProfile(schedulerName, plugins, {
    client,
    nodes: () => cache.nodes(),
    services: informers.informer(resources.services).lister,
    replicasets: informers.informer(resources.replicasets).lister,
    storage: storageOf(informers, clock, (event) => queue.moveOn(event)),
    preempted: (victim, by, nodeName) =>
      events.event(victim, by, 'Normal', 'Preempted', 'Preempting', `Preempted by pod ${by.metadata.uid ?? ''} on node ${nodeName}`),
  });
  const depth = telemetry.metrics.gauge('scheduler_pending_pods', 'Number of pending pods, by the queue type.', ['queue']);
  const queue = schedulingQueue({
    clock,
    compare: (a, b) => profile.compare(a, b),
    preEnqueue: (pod) => profile.preEnqueue(pod),
    interestsOf: (plugin) => profile.interestsOf(plugin),
    onDepth: (name, count) => depth.set(count, name),
  });
  const state: SchedulerState = {
    client,
    clock,
    random,
    telemetry,
    events,
    cache,
    queue,
    profile,
    currentPod: (pod) => {
      const current = pods.get(objectKey(pod));
      return current?.metadata.uid === pod.metadata.uid ? current : undefined;
    },
    metrics: {
      attempts: telemetry.metrics.counter(
        'scheduler_schedule_attempts_total',
        "Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
        ['result', 'profile'],
      ),
      duration: telemetry.metrics.histogram(
        'scheduler_scheduling_attempt_duration_seconds',
        'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
        SECONDS_BUCKETS,
        ['result', 'profile'],
      ),
      e2e: telemetry.metrics.histogram(
        'scheduler_pod_scheduling_sli_duration_seconds',
        'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue and might involve multiple scheduling attempts.',
        SECONDS_BUCKETS,
        ['attempts'],
      ),
    },
  };
  watchNodes(informers, cache, queue);
  watchPods(informers, schedulerName, cache, queue);
  informers.start(signal);
  signal.addEventListener('abort', () => queue.close(), { once: true });
  await informers.synced();
  void (async () => {
    for (let queued = await queue.pop(); queued && !signal.aborted; queued = await queue.pop()) await scheduleOne(state, queued);
  })();
}
