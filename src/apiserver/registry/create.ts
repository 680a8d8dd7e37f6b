/** Creating an object: managed fields, mutating admission, strategy, validating admission, then a write guarded by absence. */
import { beforeCreate, storageKey, warningsFor, type Kind } from '#api';
import { alreadyExists, badRequest, failure, generateNameConflict, invalidObject, type KubeObject } from '#apimachinery';
import type { AdmissionAttributes } from '../admission/plugin.ts';
import { forbidEscalation } from '../authorization/escalation.ts';
import { admitMutating } from '../chain/3-mutating-admission.ts';
import { admitValidating } from '../chain/5-validating-admission.ts';
import type { Core } from '../core.ts';
import { copyOf } from '../store/codec.ts';
import { stagedAtOnce } from '../trace.ts';
import { fieldWriteOf, recordManagedFields, type WriteContext } from './write-context.ts';

/** Generated names tried before giving up. */
const NAME_TRIES_MAX = 8;

/** Puts the object into the namespace of the request. Throws 400 where it says another. */
export function placeInNamespace(kind: Kind, object: KubeObject, namespace: string): void {
  if (kind.scope === 'Cluster') {
    delete object.metadata.namespace;
    return;
  }
  if (object.metadata.namespace && object.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  object.metadata.namespace = namespace;
}

function expiresAfter(core: Core, kind: Kind): number | undefined {
  return kind.plural === 'events' ? core.config.eventTtlSeconds : undefined;
}

/** One try with a name: validated, admitted, stored. Undefined when the name is taken. */
async function createNamed(
  core: Core,
  kind: Kind,
  object: KubeObject,
  attributes: AdmissionAttributes,
  context: WriteContext,
): Promise<KubeObject | undefined> {
  forbidEscalation(core, context.user, kind, object, undefined);
  const errors = stagedAtOnce(core.trace, 'validation', () =>
    beforeCreate(kind, object, { ...core.strategyContext(), user: context.user }),
  );
  if (errors.length > 0) throw invalidObject(kind, object.metadata.name ?? '', errors);
  for (const warning of warningsFor(kind, object)) context.warnings.add(warning);
  await admitValidating(core, { ...attributes, object, name: object.metadata.name });
  if (object.metadata.resourceVersion) throw failure(500, '', 'resourceVersion should not be set on objects to be created');
  const key = storageKey(kind, object.metadata.name, object.metadata.namespace ?? '');
  const reservation = await core.services.reserve(kind, object, undefined, context.dryRun);
  try {
    if (context.dryRun) {
      const isTaken = await core.store.get(kind, key);
      return isTaken ? undefined : object;
    }
    const stored = await core.store.create(kind, key, object, expiresAfter(core, kind));
    if (stored) reservation.keep();
    return stored;
  } finally {
    await reservation.settle();
  }
}

/** Creates an object that was decoded and defaulted; the object is used up. Throws StatusError. */
export async function createObject(
  core: Core,
  kind: Kind,
  namespace: string,
  object: KubeObject,
  context: WriteContext,
): Promise<KubeObject> {
  placeInNamespace(kind, object, namespace);
  if (!object.metadata.managedFields?.length) recordManagedFields(kind, undefined, object, fieldWriteOf(kind, undefined, context));
  return admitAndCreate(core, kind, namespace, object, context);
}

/** The part of creating that server-side apply shares: ownership is recorded already. */
export async function admitAndCreate(
  core: Core,
  kind: Kind,
  namespace: string,
  object: KubeObject,
  context: WriteContext,
): Promise<KubeObject> {
  const { user, dryRun, nowMs, warnings } = context;
  const attributes: AdmissionAttributes = {
    operation: 'CREATE',
    kind,
    subresource: '',
    namespace: kind.scope === 'Namespaced' ? namespace : '',
    name: object.metadata.name ?? '',
    object,
    old: undefined,
    user,
    dryRun,
    nowMs,
    warnings,
  };
  await admitMutating(core, attributes);
  const isGenerated = !object.metadata.name && Boolean(object.metadata.generateName);
  for (let attempt = 1; ; attempt++) {
    const candidate = isGenerated ? copyOf(object) : object;
    const stored = await createNamed(core, kind, candidate, attributes, context);
    if (stored) return stored;
    const resource = { group: kind.group, resource: kind.plural };
    if (!isGenerated) throw alreadyExists(resource, object.metadata.name);
    if (attempt >= NAME_TRIES_MAX) throw generateNameConflict(resource, candidate.metadata.name, 1);
  }
}
