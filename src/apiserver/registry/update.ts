/**
 * Changing an object: read what is there, make the new object from it, check preconditions, admit, validate, and write if
 * nobody else was faster; otherwise from the beginning. The last finalizer to go takes the object with it.
 */
import { beforeUpdate, storageKey, warningsFor, type Kind, type Subresource } from '#api';
import { conflict, deepEqual, invalid, invalidObject, notFound, type KubeObject } from '#apimachinery';
import type { AdmissionAttributes } from '../admission/plugin.ts';
import { forbidEscalation } from '../authorization/escalation.ts';
import { admitMutating } from '../chain/3-mutating-admission.ts';
import { admitValidating } from '../chain/5-validating-admission.ts';
import type { Core } from '../core.ts';
import type { Stored, UpdateDecision } from '../store/object-store.ts';
import { admitAndCreate, placeInNamespace } from './create.ts';
import { fieldWriteOf, recordManagedFields, type WriteContext } from './write-context.ts';

/** What is to be changed, and how. */
export interface UpdateRequest {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: Subresource;
  /** Makes a new object of its own from the one that is there (undefined: none; only asked with `mayCreate`). */
  make(current: KubeObject | undefined): KubeObject | Promise<KubeObject>;
  /** The body names the object as it should be: its uid is a precondition. A patch's uid is a change, which validation refuses. */
  readonly isWhole?: boolean;
  /** A missing object is created. */
  readonly mayCreate?: boolean;
  /** `make` has recorded field ownership itself (server-side apply). */
  readonly ownsFields?: boolean;
}

/** The object after the change. */
export interface UpdateResult {
  readonly object: KubeObject;
  readonly created: boolean;
}

function checkPreconditions(request: UpdateRequest, key: string, object: KubeObject, current: KubeObject): void {
  const resource = { group: request.kind.group, resource: request.kind.plural };
  const { uid, resourceVersion } = object.metadata;
  if (request.isWhole && uid && uid !== current.metadata.uid) {
    const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid ?? ''}`;
    throw conflict(
      resource,
      request.name,
      `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`,
    );
  }
  if (resourceVersion && resourceVersion !== '0' && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(resource, request.name);
  if (!resourceVersion && request.kind.strategy.allowUnconditionalUpdate === false) {
    throw invalidObject(request.kind, request.name, [invalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
  }
  object.metadata.resourceVersion = current.metadata.resourceVersion;
}

/** Whether the object goes for good with this update: it was being deleted and nothing holds it any more. */
function isLetGo(object: KubeObject, old: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (!deletionTimestamp || !old.metadata.deletionTimestamp) return false;
  if (finalizers?.length) return false;
  const specFinalizers = (object as { spec?: { finalizers?: string[] } }).spec?.finalizers;
  if (object.kind === 'Namespace' && specFinalizers?.length) return false;
  return !deletionGracePeriodSeconds;
}

async function change(
  core: Core,
  request: UpdateRequest,
  key: string,
  current: Stored,
  context: WriteContext,
): Promise<{ decision: UpdateDecision; settle: () => Promise<void>; keep: () => void }> {
  const { kind, namespace, name, subresource } = request;
  const old = current.object;
  const object = await request.make(old);
  placeInNamespace(kind, object, namespace);
  checkPreconditions(request, key, object, old);
  if (!request.ownsFields) recordManagedFields(kind, old, object, fieldWriteOf(kind, subresource, context));
  const { user, dryRun, nowMs, warnings } = context;
  const attributes: AdmissionAttributes = {
    operation: 'UPDATE',
    kind,
    subresource: subresource?.name ?? '',
    namespace,
    name,
    object,
    old,
    user,
    dryRun,
    nowMs,
    warnings,
  };
  await admitMutating(core, attributes);
  forbidEscalation(core, user, kind, object, old);
  const errors = beforeUpdate(kind, object, old, core.strategyContext(), subresource);
  if (errors.length > 0) throw invalidObject(kind, name, errors);
  for (const warning of warningsFor(kind, object, old, subresource)) warnings.add(warning);
  await admitValidating(core, attributes);
  const reservation = await core.services.reserve(kind, object, old, dryRun);
  object.metadata.resourceVersion = old.metadata.resourceVersion;
  const decision: UpdateDecision = isLetGo(object, old) ? { remove: true } : deepEqual(object, old) ? { keep: true } : { put: object };
  return { decision, settle: () => reservation.settle(), keep: () => reservation.keep() };
}

/** Changes an object. Throws StatusError. */
export async function updateObject(core: Core, request: UpdateRequest, context: WriteContext): Promise<UpdateResult> {
  const { kind, namespace, name } = request;
  const key = storageKey(kind, name, namespace);
  const cachedVersion = core.caches.of(kind).get(key);
  const cached = cachedVersion && { key, object: cachedVersion.object as KubeObject, modRevision: cachedVersion.revision };
  const isMissing = !cached && request.mayCreate === true && !(await core.store.get(kind, key));
  if (isMissing) {
    const object = await request.make(undefined);
    placeInNamespace(kind, object, namespace);
    if (!request.ownsFields) recordManagedFields(kind, undefined, object, fieldWriteOf(kind, undefined, context));
    return { object: await admitAndCreate(core, kind, namespace, object, context), created: true };
  }
  let settle: () => Promise<void> = () => Promise.resolve();
  let keep: () => void = () => undefined;
  const decide = async (current: Stored | undefined): Promise<UpdateDecision> => {
    await settle();
    settle = () => Promise.resolve();
    if (!current) throw notFound({ group: kind.group, resource: kind.plural }, name);
    const changed = await change(core, request, key, current, context);
    settle = changed.settle;
    keep = changed.keep;
    return changed.decision;
  };
  try {
    if (context.dryRun) {
      const current = await core.store.get(kind, key);
      const decision = await decide(current);
      return { object: 'put' in decision ? decision.put : current!.object, created: false };
    }
    const object = await core.store.update(kind, key, decide, cached ? { cached } : {});
    keep();
    return { object, created: false };
  } finally {
    await settle();
  }
}
