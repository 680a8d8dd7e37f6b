/** How workload controllers make, delete, adopt and release pods (controller.PodControlInterface and PodControllerRefManager). */
import type { Pod, PodTemplateSpec } from '#api';
import { controllerOf, isNotFound, newControllerRef, objectKey, parseTime, type KubeObject, type Selector } from '#apimachinery';
import { resources, type EventRecorder, type Informer, type RestClient, type Watch } from '#client';
import type { Expectations } from './expectations.ts';

/** A pod of a template, owned by `owner`. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = `${owner.metadata.name}-`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: prefix,
      namespace: owner.metadata.namespace ?? '',
      ...(labels ? { labels: { ...(labels as Record<string, string>) } } : {}),
      ...(annotations ? { annotations: { ...(annotations as Record<string, string>) } } : {}),
      ...(finalizers ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [newControllerRef(owner)],
    },
    spec: structuredClone(template.spec!),
  };
}

/** What making and deleting pods needs. */
export interface PodControl {
  readonly client: RestClient;
  readonly events: EventRecorder;
  readonly expectations: Expectations;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Makes a pod and tells of it; rejects, having told, where the API server refuses. */
export async function createPod(control: PodControl, owner: KubeObject, pod: Pod): Promise<void> {
  try {
    const created = await control.client.create(resources.pods, pod);
    control.events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
  } catch (error) {
    control.expectations.created(objectKey(owner));
    control.events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${textOf(error)}`);
    throw error;
  }
}

/** Deletes a pod and tells of it; one that is gone already is no failure. */
export async function deletePod(control: PodControl, owner: KubeObject, pod: Pod): Promise<void> {
  try {
    await control.client.delete(resources.pods, pod.metadata.name, pod.metadata.namespace);
    control.events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  } catch (error) {
    control.expectations.deleted(objectKey(owner), pod.metadata.name);
    if (isNotFound(error)) return;
    control.events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${textOf(error)}`);
    throw error;
  }
}

/** Runs `count` creations in batches of 1, 2, 4 …, stopping after a batch with a failure: a template that is refused is refused once, not 500 times. */
export async function slowStart(count: number, create: (index: number) => Promise<void>): Promise<{ created: number; error: unknown }> {
  let created = 0;
  for (let batch = Math.min(count, 1); batch > 0; batch = Math.min(2 * batch, count - created)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, (_unused, at) => create(created + at)));
    const failed = results.find((result) => result.status === 'rejected');
    created += results.filter((result) => result.status === 'fulfilled').length;
    if (failed) return { created, error: failed.reason };
  }
  return { created, error: undefined };
}

/** Makes `count` pods of an owner under expectations. */
export async function createPods(control: PodControl, owner: KubeObject, count: number, podOf: (index: number) => Pod): Promise<unknown> {
  const key = objectKey(owner);
  control.expectations.expectCreations(key, count);
  let tried = 0;
  const { error } = await slowStart(count, (index) => {
    tried++;
    return createPod(control, owner, podOf(index));
  });
  // What was not even tried will not be seen.
  for (; tried < count; tried++) control.expectations.created(key);
  return error;
}

/** Deletes pods of an owner under expectations; answers the first failure. */
export async function deletePods(control: PodControl, owner: KubeObject, pods: readonly Pod[]): Promise<unknown> {
  control.expectations.expectDeletions(
    objectKey(owner),
    pods.map(({ metadata }) => metadata.name),
  );
  const results = await Promise.allSettled(pods.map((pod) => deletePod(control, owner, pod)));
  const failed = results.find((result) => result.status === 'rejected');
  return failed?.status === 'rejected' ? failed.reason : undefined;
}

/**
 * The objects an owner controls: those with its reference and matching labels; matching orphans are adopted, owned ones that
 * no longer match are released. Rejects as the client does.
 */
export async function claim<T extends KubeObject>(
  client: RestClient,
  informer: Pick<Informer<T>, 'resource'>,
  owner: KubeObject,
  selector: Selector,
  candidates: readonly T[],
): Promise<T[]> {
  const claimed: T[] = [];
  for (const candidate of candidates) {
    const reference = controllerOf(candidate);
    const matches = selector.matches(candidate.metadata.labels);
    if (reference) {
      if (reference.uid !== owner.metadata.uid) continue;
      if (matches) claimed.push(candidate);
      else if (!owner.metadata.deletionTimestamp && !candidate.metadata.deletionTimestamp) {
        const ownerReferences = (candidate.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
        await patchOwners(client, informer, candidate, ownerReferences);
      }
    } else if (matches && !owner.metadata.deletionTimestamp && !candidate.metadata.deletionTimestamp) {
      const ownerReferences = [...(candidate.metadata.ownerReferences ?? []), newControllerRef(owner)];
      const adopted = await patchOwners(client, informer, candidate, ownerReferences);
      if (adopted) claimed.push(adopted);
    }
  }
  return claimed;
}

async function patchOwners<T extends KubeObject>(
  client: RestClient,
  informer: Pick<Informer<T>, 'resource'>,
  object: T,
  ownerReferences: readonly unknown[],
): Promise<T | undefined> {
  try {
    return await client.patch<T>(informer.resource, object.metadata.name, object.metadata.namespace, 'merge', {
      metadata: { uid: object.metadata.uid, ownerReferences: ownerReferences.length ? ownerReferences : null },
    });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Watches pods for their controllers of one kind: the owner's key is queued, expectations are met. `orphanOwners` answers the
 * keys that might adopt a pod without controller.
 */
export function watchOwnedPods(
  informer: Informer<Pod>,
  ownerKind: string,
  expectations: Expectations,
  orphanOwners: (pod: Pod) => Iterable<string>,
): Watch {
  const ownerKey = (pod: Pod): string | undefined => {
    const reference = controllerOf(pod);
    return reference?.kind === ownerKind ? `${pod.metadata.namespace ?? ''}/${reference.name}` : undefined;
  };
  return {
    informer,
    connect(queue) {
      const deleted = (pod: Pod): void => {
        const key = ownerKey(pod);
        if (!key) return;
        expectations.deleted(key, pod.metadata.name);
        queue.add(key);
      };
      informer.addHandler({
        added(pod) {
          if (pod.metadata.deletionTimestamp) return deleted(pod);
          const key = ownerKey(pod);
          if (key) {
            expectations.created(key);
            queue.add(key);
          } else if (!controllerOf(pod)) for (const orphanKey of orphanOwners(pod)) queue.add(orphanKey);
        },
        updated(pod, old) {
          if (pod.metadata.deletionTimestamp && !old.metadata.deletionTimestamp) return deleted(pod);
          const key = ownerKey(pod);
          const oldKey = ownerKey(old);
          if (oldKey && oldKey !== key) queue.add(oldKey);
          if (key) queue.add(key);
          else if (!controllerOf(pod)) for (const orphanKey of orphanOwners(pod)) queue.add(orphanKey);
        },
        deleted,
      });
    },
  };
}

/** Whether a pod counts: it has not ended and is not going. */
export function isPodActive(pod: Pod): boolean {
  return pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && !pod.metadata.deletionTimestamp;
}

const readyCondition = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === 'Ready');

/** Milliseconds until a ready pod has been ready for `minReadySeconds`; 0 available now, undefined not ready. */
export function untilAvailableMs(pod: Pod, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = readyCondition(pod);
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  const since = ready.lastTransitionTime as string | undefined;
  if (!since) return undefined;
  return Math.max(0, parseTime(since) + minReadySeconds * 1000 - nowMs);
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const restartsOf = (pod: Pod): number => (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
const deletionCost = (pod: Pod): number => Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0;

/** Order in which pods go first when there are too many (ActivePodsWithRanks). `together`: related pods on the same node. */
export function byDispensability(together: (pod: Pod) => number): (a: Pod, b: Pod) => number {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return (a, b) => {
    const assigned = Number(Boolean(a.spec?.nodeName)) - Number(Boolean(b.spec?.nodeName));
    if (assigned) return assigned;
    const phase = (phaseRank[a.status?.phase ?? 'Pending'] ?? 0) - (phaseRank[b.status?.phase ?? 'Pending'] ?? 0);
    if (phase) return phase;
    const ready = Number(readyCondition(a)?.status === 'True') - Number(readyCondition(b)?.status === 'True');
    if (ready) return ready;
    const cost = deletionCost(a) - deletionCost(b);
    if (cost) return cost;
    const doubled = together(b) - together(a);
    if (doubled) return doubled;
    // The one that became ready, or was made, later goes first.
    const [readyA, readyB] = [text(readyCondition(a)?.lastTransitionTime), text(readyCondition(b)?.lastTransitionTime)];
    if (readyCondition(a)?.status === 'True' && readyA !== readyB) return readyA > readyB ? -1 : 1;
    const restarts = restartsOf(b) - restartsOf(a);
    if (restarts) return restarts;
    const [madeA, madeB] = [text(a.metadata.creationTimestamp), text(b.metadata.creationTimestamp)];
    return madeA === madeB ? (a.metadata.name < b.metadata.name ? -1 : 1) : madeA > madeB ? -1 : 1;
  };
}
