/**
 * garbage-collector-controller: objects whose owners are gone go too; foreground deletion waits for dependents, orphaning cuts
 * them loose. It watches every resource that can be deleted, and reads ownership from an index instead of keeping a graph.
 */
import { isConflict, isNotFound, objectKey, type KubeObject, type OwnerReference } from '#apimachinery';
import {
  defineController,
  preferredResources,
  type Informer,
  type ReconcileResult,
  type RestClient,
  type Resource,
  type WorkQueue,
} from '#client';
import { FOREGROUND, isDeletingDependents, isOrphaning, ORPHAN, planCollection, type OwnerState } from './garbage-collector-plan.ts';
import type { ManagerContext, ManagerController } from './settings.ts';

const OWNER_INDEX = 'ownerReferences.uid';
const RESYNC_MS = 30_000;

interface Monitored {
  readonly resource: Resource<KubeObject>;
  readonly informer: Informer<KubeObject>;
}

const monitorKey = ({ group, plural }: { group: string; plural: string }): string => `${group}/${plural}`;

/** Every monitored resource and what is asked of them together. */
function monitors(context: ManagerContext) {
  const monitored = new Map<string, Monitored>();
  const keyOf = (resource: Resource<KubeObject>, object: KubeObject): string => `${monitorKey(resource)} ${objectKey(object)}`;
  const dependentsOf = (uid: string): { resource: Resource<KubeObject>; object: KubeObject }[] =>
    [...monitored.values()].flatMap(({ resource, informer }) =>
      informer.lister.byIndex(OWNER_INDEX, uid).map((object) => ({ resource, object })),
    );
  const watch = (resource: Resource<KubeObject>, queue: WorkQueue): void => {
    const informer = context.informers.informer(resource);
    monitored.set(monitorKey(resource), { resource, informer });
    informer.addIndex(OWNER_INDEX, (object) => (object.metadata.ownerReferences ?? []).map(({ uid }) => uid));
    const addIfConcerned = (object: KubeObject): void => {
      if (object.metadata.ownerReferences?.length || isOrphaning(object) || isDeletingDependents(object))
        queue.add(keyOf(resource, object));
    };
    informer.addHandler({
      added: addIfConcerned,
      updated(object, old) {
        addIfConcerned(object);
        if (isDeletingDependents(object) && !isDeletingDependents(old))
          for (const dependent of dependentsOf(object.metadata.uid ?? '')) queue.add(keyOf(dependent.resource, dependent.object));
      },
      deleted(object) {
        for (const dependent of dependentsOf(object.metadata.uid ?? '')) queue.add(keyOf(dependent.resource, dependent.object));
        // An owner that waited for this one may now be complete.
        for (const owner of object.metadata.ownerReferences ?? []) {
          const found = ownerOf(owner, object.metadata.namespace);
          if (found?.object && isDeletingDependents(found.object)) queue.add(keyOf(found.monitor.resource, found.object));
        }
      },
    });
  };
  /** A resource whose definition has gone. */
  const unwatch = (resource: Resource<KubeObject>): void => {
    monitored.delete(monitorKey(resource));
    context.informers.forget(resource);
  };
  const ownerOf = (
    owner: OwnerReference,
    namespace: string | undefined,
  ): { monitor: Monitored; object: KubeObject | undefined } | undefined => {
    const slash = owner.apiVersion.indexOf('/');
    const group = slash < 0 ? '' : owner.apiVersion.slice(0, slash);
    const monitor = [...monitored.values()].find(({ resource }) => resource.group === group && resource.kind === owner.kind);
    if (!monitor) return undefined;
    const key = monitor.resource.scope === 'Namespaced' ? `${namespace ?? ''}/${owner.name}` : owner.name;
    const object = monitor.informer.lister.get(key);
    return { monitor, object: object?.metadata.uid === owner.uid ? object : undefined };
  };
  return { monitored, keyOf, dependentsOf, watch, unwatch, ownerOf };
}

/** What is done with an object, at the API server. */
class Collector {
  constructor(
    private readonly client: RestClient,
    private readonly graph: ReturnType<typeof monitors>,
  ) {}

  private patchOwners(resource: Resource<KubeObject>, object: KubeObject, uids: readonly string[]): Promise<KubeObject> {
    const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.includes(uid));
    return this.client.patch(resource, object.metadata.name, object.metadata.namespace, 'merge', {
      metadata: {
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
        ownerReferences: ownerReferences.length ? ownerReferences : null,
      },
    });
  }

  private removeFinalizer(resource: Resource<KubeObject>, object: KubeObject, finalizer: string): Promise<KubeObject> {
    const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    return this.client.patch(resource, object.metadata.name, object.metadata.namespace, 'merge', {
      metadata: { resourceVersion: object.metadata.resourceVersion, finalizers: finalizers.length ? finalizers : null },
    });
  }

  /** The state of an owner, by the cache where it knows it, else by the API server. */
  private async stateOf(owner: OwnerReference, namespace: string | undefined): Promise<OwnerState> {
    const found = this.graph.ownerOf(owner, namespace);
    // An owner of a kind nobody serves is not judged.
    if (!found) return 'solid';
    let object = found.object;
    if (!object) {
      try {
        object = await this.client.get(
          found.monitor.resource,
          owner.name,
          found.monitor.resource.scope === 'Namespaced' ? namespace : undefined,
        );
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    if (object?.metadata.uid !== owner.uid) return 'absent';
    return isDeletingDependents(object) ? 'waiting' : 'solid';
  }

  private async orphanDependents(resource: Resource<KubeObject>, object: KubeObject): Promise<void> {
    for (const dependent of this.graph.dependentsOf(object.metadata.uid ?? '')) {
      await this.patchOwners(dependent.resource, dependent.object, [object.metadata.uid ?? '']).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    await this.removeFinalizer(resource, object, ORPHAN);
  }

  private async finishForeground(resource: Resource<KubeObject>, object: KubeObject, queue: WorkQueue | undefined): Promise<void> {
    const dependents = this.graph.dependentsOf(object.metadata.uid ?? '');
    const blocking = dependents.filter((dependent) =>
      dependent.object.metadata.ownerReferences?.some(({ uid, blockOwnerDeletion }) => uid === object.metadata.uid && blockOwnerDeletion),
    );
    if (!blocking.length) await this.removeFinalizer(resource, object, FOREGROUND);
    else
      for (const dependent of blocking)
        if (!dependent.object.metadata.deletionTimestamp) queue?.add(this.graph.keyOf(dependent.resource, dependent.object));
  }

  async collect(resource: Resource<KubeObject>, object: KubeObject, queue: WorkQueue | undefined): Promise<void> {
    if (isOrphaning(object)) return this.orphanDependents(resource, object);
    if (isDeletingDependents(object)) return this.finishForeground(resource, object, queue);
    const states = new Map<string, OwnerState>();
    for (const owner of object.metadata.ownerReferences ?? []) states.set(owner.uid, await this.stateOf(owner, object.metadata.namespace));
    const plan = planCollection(object, (owner) => states.get(owner.uid)!, this.graph.dependentsOf(object.metadata.uid ?? '').length > 0);
    if (plan.action === 'unlink') await this.patchOwners(resource, object, plan.uids);
    if (plan.action !== 'delete') return;
    // The preconditions make sure that the object judged is the object deleted.
    const preconditions = { ...(object.metadata.uid ? { uid: object.metadata.uid } : {}) };
    await this.client.delete(resource, object.metadata.name, object.metadata.namespace, {
      preconditions,
      propagationPolicy: plan.propagationPolicy,
    });
  }
}

/** The controller. Keys are `group/plural namespace/name`; the key `resources` asks discovery again. */
export const garbageCollectorController: ManagerController = defineController({
  name: 'garbage-collector-controller',
  account: 'generic-garbage-collector',
  workers: 20,
  build(context) {
    const { client, clock, signal } = context;
    const graph = monitors(context);
    const collector = new Collector(client, graph);
    let queue: WorkQueue | undefined;
    const discover = async (): Promise<void> => {
      const { resources: served, failures } = await preferredResources(client);
      const isServed = (key: string): boolean => served.some((resource) => monitorKey(resource) === key);
      // A group that did not answer may still be there.
      if (failures.length === 0) for (const [key, { resource }] of graph.monitored) if (!isServed(key)) graph.unwatch(resource);
      for (const resource of served) {
        const isCollected =
          resource.verbs.includes('delete') &&
          resource.verbs.includes('list') &&
          resource.verbs.includes('watch') &&
          resource.plural !== 'events';
        if (isCollected && !graph.monitored.has(monitorKey(resource))) graph.watch(resource, queue!);
      }
    };
    return {
      watches: [],
      started(own) {
        queue = own;
        own.add('resources');
        const stop = clock.every(RESYNC_MS, () => own.add('resources'));
        signal.addEventListener('abort', stop, { once: true });
      },
      async reconcile(key): Promise<ReconcileResult | void> {
        if (key === 'resources') return discover();
        const [resourceKey = '', name = ''] = key.split(' ');
        const monitor = graph.monitored.get(resourceKey);
        const object = monitor?.informer.lister.get(name);
        if (!monitor || !object) return undefined;
        // Until everything is known an owner might only not be listed yet.
        if ([...graph.monitored.values()].some(({ informer }) => !informer.hasSynced)) return { requeueAfterMs: 100 };
        try {
          await collector.collect(monitor.resource, object, queue);
        } catch (error) {
          if (isNotFound(error)) return undefined;
          if (isConflict(error)) return { requeueAfterMs: 20 };
          throw error;
        }
        return undefined;
      },
    };
  },
});
