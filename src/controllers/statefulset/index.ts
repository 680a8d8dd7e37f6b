/** statefulset-controller: pods with lasting names, hosts and claims, made in order, deleted in reverse, rolled from the highest down. */
import type { Pod, StatefulSet } from '#api';
import {
  deepEqual,
  isAlreadyExists,
  isConflict,
  isNotFound,
  objectKey,
  selectorFromLabelSelector,
  type LabelSelector,
} from '#apimachinery';
import { defineController, resources, watchObjects, type EventRecorder, type RestClient } from '#client';
import { createExpectations } from '../expectations.ts';
import { claim, watchOwnedPods } from '../pod-control.ts';
import type { ManagerController } from '../settings.ts';
import { planStatefulSet, statusOf } from './plan.ts';
import { claimsOf, ordinalRange, podOf, REVISION } from './pods.ts';
import { keepRevisions, revisionResource, type Revisions } from './revisions.ts';

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function createClaims(client: RestClient, events: EventRecorder, set: StatefulSet, pod: string): Promise<void> {
  for (const wanted of claimsOf(set, pod)) {
    const { name, namespace } = wanted.metadata;
    const subject = `Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name}`;
    try {
      await client.get(resources.persistentvolumeclaims, name, namespace);
      continue;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    try {
      await client.create(resources.persistentvolumeclaims, wanted);
      events.event(set, 'Normal', 'SuccessfulCreate', `create ${subject} success`);
    } catch (error) {
      if (isAlreadyExists(error)) continue;
      events.event(set, 'Warning', 'FailedCreate', `create ${subject} failed error: ${textOf(error)}`);
      throw error;
    }
  }
}

/** Makes a pod with its claims, of the revision its ordinal is due. */
async function createPod(
  client: RestClient,
  events: EventRecorder,
  set: StatefulSet,
  ordinal: number,
  revisions: Revisions,
): Promise<void> {
  const partition = set.spec?.updateStrategy?.type === 'OnDelete' ? 0 : (set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  const isOld = ordinal < ordinalRange(set).start + partition;
  const pod = podOf(set, ordinal, isOld ? revisions.current : revisions.update, isOld ? revisions.currentName : revisions.updateName);
  await createClaims(client, events, set, pod.metadata.name);
  const subject = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  try {
    await client.create(resources.pods, pod);
    events.event(set, 'Normal', 'SuccessfulCreate', `create ${subject} successful`);
  } catch (error) {
    if (isAlreadyExists(error)) return;
    events.event(set, 'Warning', 'FailedCreate', `create ${subject} failed error: ${textOf(error)}`);
    throw error;
  }
}

async function deletePod(client: RestClient, events: EventRecorder, set: StatefulSet, { metadata }: Pod): Promise<void> {
  const subject = `Pod ${metadata.name} in StatefulSet ${set.metadata.name}`;
  try {
    await client.delete(resources.pods, metadata.name, metadata.namespace);
    events.event(set, 'Normal', 'SuccessfulDelete', `delete ${subject} successful`);
  } catch (error) {
    if (isNotFound(error)) return;
    events.event(set, 'Warning', 'FailedDelete', `delete ${subject} failed error: ${textOf(error)}`);
    throw error;
  }
}

/** The controller. */
export const statefulsetController: ManagerController = defineController({
  name: 'statefulset-controller',
  workers: 5,
  build({ client, informers, clock, events }) {
    const sets = informers.informer(resources.statefulsets);
    const pods = informers.informer(resources.pods);
    const revisions = informers.informer(revisionResource);
    const expectations = createExpectations(clock);
    const selectorOf = (set: StatefulSet) => selectorFromLabelSelector(set.spec?.selector as LabelSelector | undefined);
    const adopters = (pod: Pod): string[] =>
      sets.lister
        .inNamespace(pod.metadata.namespace ?? '')
        .filter((set) => selectorOf(set).matches(pod.metadata.labels))
        .map(objectKey);
    return {
      watches: [watchObjects(sets), watchOwnedPods(pods, 'StatefulSet', expectations, adopters)],
      async reconcile(key) {
        const set = sets.lister.get(key);
        if (!set) return expectations.forget(key);
        if (set.metadata.deletionTimestamp) return undefined;
        const owned = await claim(client, pods, set, selectorOf(set), pods.lister.inNamespace(set.metadata.namespace ?? ''));
        const inUse = new Set(owned.map(({ metadata }) => metadata.labels?.[REVISION] ?? ''));
        const known = await keepRevisions(client, revisions, set, inUse);
        const nowMs = clock.wallMs();
        const plan = planStatefulSet(set, owned, known.updateName, nowMs);
        const mayAct = expectations.areMet(key);
        if (mayAct) {
          expectations.expectCreations(key, plan.create.length);
          for (const ordinal of plan.create) {
            try {
              await createPod(client, events, set, ordinal, known);
            } catch (error) {
              expectations.forget(key);
              throw error;
            }
          }
          await Promise.all(plan.remove.map((pod) => deletePod(client, events, set, pod)));
        }
        const status = statusOf(set, owned, known, nowMs);
        if (!deepEqual(status, set.status ?? {})) {
          await client.updateStatus(resources.statefulsets, { ...set, status }).catch((error: unknown) => {
            // The watch brings the newer version, and with it another pass.
            if (!isConflict(error) && !isNotFound(error)) throw error;
          });
        }
        return plan.waitMs === undefined ? undefined : { requeueAfterMs: plan.waitMs };
      },
    };
  },
});
