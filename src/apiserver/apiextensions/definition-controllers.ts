/**
 * What the server does about CustomResourceDefinitions (the controllers of apiextensions-apiserver): accepts their names, establishes them,
 * says whether those of protected groups are approved, and deletes their objects before they go. Every server does it; whoever is second
 * finds nothing to do.
 */
import {
  approvalOf,
  customResourceCleanup,
  isProtectedGroup,
  kindByGroupKind,
  storageKey,
  storagePrefixOf,
  type CustomResourceDefinition,
  type Kind,
} from '#api';
import {
  fieldsOf,
  formatTime,
  isConditionTrue,
  isConflict,
  isNotFound,
  setCondition,
  type Condition,
  type KubeObject,
} from '#apimachinery';
import type { Core } from '../core.ts';
import { deleteObject } from '../registry/delete.ts';
import { updateObject } from '../registry/update.ts';
import { loopbackContext } from '../registry/write-context.ts';
import { copyOf } from '../store/codec.ts';
import { prefixEnd } from '../store/etcd.ts';
import { withAcceptedNames, withEstablished } from './accepted-names.ts';

const definitionKind = kindByGroupKind('apiextensions.k8s.io', 'CustomResourceDefinition')!;
const statusSubresource = definitionKind.subresources.find(({ name }) => name === 'status')!;
type Status = NonNullable<CustomResourceDefinition['status']>;

const RETRY_MS = 1_000;
/** How soon it looks again whether objects that were held back by finalizers have gone. */
const POLL_MS = 5_000;
/** Objects deleted per look. */
const PAGE_SIZE = 500;

const asDefinition = (object: unknown): CustomResourceDefinition => object as CustomResourceDefinition;

function withApproval(status: Status, crd: CustomResourceDefinition, now: string): Status {
  if (!isProtectedGroup(crd.spec.group)) return status;
  const approval = approvalOf(crd);
  const isApproved = approval.startsWith('http');
  const condition: Condition = {
    type: 'KubernetesAPIApprovalPolicyConformant',
    status: isApproved ? 'True' : 'False',
    reason: isApproved ? 'ApprovedAnnotation' : 'UnapprovedAnnotation',
    message: isApproved ? `approved in ${approval}` : `not approved: "${approval}"`,
  };
  return { ...status, conditions: setCondition((status.conditions ?? []) as Condition[], condition, now) as Status['conditions'] };
}

/** The steps of one server. */
class Controllers {
  private readonly busy = new Set<string>();
  private readonly again = new Set<string>();
  private isStopped = false;

  constructor(private readonly core: Core) {}

  private definitions(): CustomResourceDefinition[] {
    return this.core.caches
      .of(definitionKind)
      .list()
      .map(({ object }) => asDefinition(object));
  }

  /** Writes a status that is made from the newest one. */
  private async writeStatus(name: string, make: (crd: CustomResourceDefinition, now: string) => Status): Promise<void> {
    const now = formatTime(this.core.clock.wallMs());
    const request = {
      kind: definitionKind,
      namespace: '',
      name,
      subresource: statusSubresource,
      make: (current: KubeObject | undefined) => {
        const crd = asDefinition(copyOf(current));
        crd.status = make(crd, now);
        return crd as KubeObject;
      },
    };
    await updateObject(this.core, request, loopbackContext(this.core));
  }

  private async reconcile(name: string): Promise<void> {
    const found = this.core.caches.of(definitionKind).get(storageKey(definitionKind, name));
    if (!found) return;
    const crd = asDefinition(found.object);
    if (crd.metadata.deletionTimestamp) {
      if (crd.metadata.finalizers?.includes(customResourceCleanup)) await this.finalize(crd);
      return;
    }
    const others = this.definitions().filter((each) => each.spec.group === crd.spec.group && each.metadata.name !== name);
    await this.writeStatus(name, (now, at) => withApproval(withAcceptedNames(now, others, at), now, at));
    await this.writeStatus(name, (now, at) => withEstablished(now.status!, at));
  }

  private terminating(name: string, status: 'True' | 'False', reason: string, message: string): Promise<void> {
    const condition: Condition = { type: 'Terminating', status, reason, message };
    return this.writeStatus(name, (crd, now) => ({
      ...crd.status!,
      conditions: setCondition((crd.status?.conditions ?? []) as Condition[], condition, now) as Status['conditions'],
    }));
  }

  /** Deletes objects of the kind; answers how many there were. */
  private async deleteInstances(kind: Kind): Promise<number> {
    const prefix = storagePrefixOf(kind);
    const { items } = await this.core.store.list(kind, prefix, prefixEnd(prefix), { limit: PAGE_SIZE });
    for (const { object } of items) {
      const { name, namespace = '' } = object.metadata;
      try {
        await deleteObject(this.core, kind, namespace, name, { dryRun: false }, loopbackContext(this.core));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return items.length;
  }

  private async finalize(crd: CustomResourceDefinition): Promise<void> {
    const { name } = crd.metadata;
    const [kind] = this.core.served.ofDefinition(crd);
    if (kind && isConditionTrue(crd.status?.conditions as Condition[], 'Established')) {
      await this.terminating(name, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
      while ((await this.deleteInstances(kind)) > 0) {
        if ((await this.core.store.list(kind, storagePrefixOf(kind), prefixEnd(storagePrefixOf(kind)), { limit: 1 })).items.length === 0)
          break;
        await this.core.clock.sleep(POLL_MS);
        if (this.isStopped) return;
      }
      await this.terminating(name, 'False', 'InstanceDeletionCompleted', 'removed all instances');
    } else await this.terminating(name, 'False', 'NeverEstablished', 'resource was never established');
    const release = {
      kind: definitionKind,
      namespace: '',
      name,
      make: (current: KubeObject | undefined) => {
        const object = copyOf(current!);
        object.metadata.finalizers = (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== customResourceCleanup);
        if (object.metadata.finalizers.length === 0) delete fieldsOf(object.metadata)['finalizers'];
        return object;
      },
    };
    await updateObject(this.core, release, loopbackContext(this.core));
  }

  private async work(name: string): Promise<void> {
    this.busy.add(name);
    try {
      await this.reconcile(name);
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error))
        this.core.log('warning', `customresourcedefinition ${name}: ${error instanceof Error ? error.message : String(error)}`);
      this.again.add(name);
      await this.core.clock.sleep(RETRY_MS);
    } finally {
      this.busy.delete(name);
      if (this.again.delete(name)) this.enqueue(name);
    }
  }

  enqueue(name: string): void {
    if (this.isStopped) return;
    if (this.busy.has(name)) this.again.add(name);
    else void this.work(name);
  }

  /** A definition may have been waiting for a name of another one of its group. */
  enqueueGroup(group: string): void {
    for (const { spec, metadata } of this.definitions()) if (spec.group === group) this.enqueue(metadata.name);
  }

  start(): void {
    const cache = this.core.caches.of(definitionKind);
    const all = (): void => {
      for (const { metadata } of this.definitions()) this.enqueue(metadata.name);
    };
    cache.addWatcher({
      scope: {},
      onChange: ({ before, after }) => this.enqueueGroup(asDefinition((after ?? before)!.object).spec.group),
      onProgress: () => undefined,
      onEnd: all,
    });
    all();
  }

  stop(): void {
    this.isStopped = true;
  }
}

/** Starts the controllers on a server whose cache of definitions is filled. */
export function startDefinitionControllers(core: Core): { stop(): void } {
  const controllers = new Controllers(core);
  controllers.start();
  return controllers;
}
