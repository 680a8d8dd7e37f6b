/** DELETE and deletecollection: preconditions, grace periods, finalizers and propagation, then a guarded removal. */
import { storageKey, type Kind, type Namespace } from '#api';
import {
  badRequest,
  conflict,
  formatTime,
  invalid,
  invalidObject,
  notFound,
  notSupported,
  successStatus,
  type KubeObject,
  type Status,
} from '#apimachinery';
import type { AdmissionAttributes } from '../admission/plugin.ts';
import { parseBody } from '../chain/4-validation.ts';
import { admitMutating } from '../chain/3-mutating-admission.ts';
import { admitValidating } from '../chain/5-validating-admission.ts';
import type { Core, Exchange } from '../core.ts';
import { copyOf } from '../store/codec.ts';
import type { Stored, UpdateDecision } from '../store/object-store.ts';
import type { WriteContext } from './write-context.ts';

/** What a client asks of a deletion. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
}

const policies: readonly string[] = ['Foreground', 'Background', 'Orphan'];
/** Kinds whose last state is the answer of an immediate delete; the others answer a Status. */
const answersObject: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'serviceaccounts',
  'persistentvolumes',
  'persistentvolumeclaims',
  'podtemplates',
  'resourcequotas',
  'storageclasses',
  'csidrivers',
  'csinodes',
  'volumeattachments',
]);

/** Reads DeleteOptions from body and query. Throws 400 and 422. */
export async function readDeleteOptions(exchange: Exchange): Promise<DeleteOptions> {
  const { query } = exchange.info;
  const text = await exchange.readBody();
  const body = (text === '' ? {} : parseBody(exchange, text, 'DeleteOptions').value) as Record<string, unknown>;
  if (typeof body !== 'object' || body === null) throw badRequest('the body of a delete must be DeleteOptions');
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && !/^-?\d+$/.test(grace)) throw badRequest(`strconv.ParseInt: parsing "${grace}": invalid syntax`);
  const gracePeriodSeconds = (body['gracePeriodSeconds'] as number | undefined) ?? (grace === null ? undefined : Number(grace));
  const orphans =
    (body['orphanDependents'] as boolean | undefined) ??
    (query.get('orphanDependents') === null ? undefined : query.get('orphanDependents') === 'true');
  const given = (body['propagationPolicy'] as string | undefined) ?? query.get('propagationPolicy') ?? undefined;
  const propagationPolicy = given ?? (orphans === undefined ? undefined : orphans ? 'Orphan' : 'Background');
  const dryRun = [...((body['dryRun'] as string[] | undefined) ?? []), ...query.getAll('dryRun')].filter((value) => value !== '');
  const errors = [];
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...policies, 'nil']));
  }
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds < 0)
    errors.push(invalid('gracePeriodSeconds', gracePeriodSeconds, 'must be greater than or equal to 0'));
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']));
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const preconditions = body['preconditions'] as DeleteOptions['preconditions'];
  return {
    dryRun: dryRun.length > 0,
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions ? { preconditions } : {}),
  };
}

function checkPreconditions(kind: Kind, object: KubeObject, { preconditions }: DeleteOptions): void {
  if (!preconditions) return;
  const { name, uid, resourceVersion } = object.metadata;
  const resource = { group: kind.group, resource: kind.kind };
  if (preconditions.uid && preconditions.uid !== uid) {
    throw conflict(
      resource,
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid ?? ''}). The object might have been deleted and then recreated`,
    );
  }
  if (preconditions.resourceVersion && preconditions.resourceVersion !== resourceVersion) {
    throw conflict(
      resource,
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion ?? ''}). The object might have been modified`,
    );
  }
}

/** Finalizers after the client's wish how dependents are to be treated. */
function finalizersFor(object: KubeObject, policy: string | undefined): string[] {
  const finalizers = object.metadata.finalizers ?? [];
  if (policy === undefined) return [...finalizers];
  const others = finalizers.filter((each) => each !== 'orphan' && each !== 'foregroundDeletion');
  if (policy === 'Orphan') others.push('orphan');
  if (policy === 'Foreground') others.push('foregroundDeletion');
  return others;
}

function markDeleted(object: KubeObject, nowMs: number, graceSeconds: number): void {
  const { metadata } = object;
  metadata.deletionTimestamp = formatTime(nowMs + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (metadata.generation) metadata.generation++;
}

/** A namespace being deleted turns Terminating and waits until its content is gone. */
function decideNamespace(kind: Kind, namespace: Namespace, nowMs: number): UpdateDecision {
  if (namespace.metadata.deletionTimestamp) {
    const isEmpty = !namespace.spec?.finalizers?.length && !namespace.metadata.finalizers?.length;
    return isEmpty ? { remove: true } : { keep: true };
  }
  if (!namespace.spec?.finalizers?.length && !namespace.metadata.finalizers?.length) return { remove: true };
  namespace.metadata.deletionTimestamp = formatTime(nowMs);
  kind.strategy.prepareForDelete?.(namespace, nowMs);
  return { put: namespace };
}

/** What becomes of the object now. */
function decideDeletion(kind: Kind, old: KubeObject, options: DeleteOptions, nowMs: number): UpdateDecision {
  const object = copyOf(old);
  if (kind.plural === 'namespaces' && kind.group === '') return decideNamespace(kind, object as Namespace, nowMs);
  const request = options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds };
  const grace = kind.strategy.gracePeriodSeconds?.(object, request);
  const wasFinal = JSON.stringify(object.metadata.finalizers ?? []);
  object.metadata.finalizers = finalizersFor(object, options.propagationPolicy);
  if (!object.metadata.deletionTimestamp) kind.strategy.prepareForDelete?.(object, nowMs);
  if (object.metadata.finalizers.length === 0) delete object.metadata.finalizers;
  const hasNewFinalizers = JSON.stringify(object.metadata.finalizers ?? []) !== wasFinal;
  const isPending = Boolean(object.metadata.deletionTimestamp);
  if (isPending) {
    const remaining = object.metadata.deletionGracePeriodSeconds ?? 0;
    if (grace && (remaining === 0 || grace >= remaining)) return hasNewFinalizers ? { put: object } : { keep: true };
  }
  if (!grace && !object.metadata.finalizers?.length) return { remove: true };
  if (isPending && !grace && object.metadata.deletionGracePeriodSeconds === 0) return hasNewFinalizers ? { put: object } : { keep: true };
  const generation = object.metadata.generation;
  markDeleted(object, nowMs, grace ?? 0);
  if (isPending && generation) object.metadata.generation = generation;
  return { put: object };
}

/** What a delete answers: the object while it lingers, a Status when it is gone. */
export interface DeleteResult {
  readonly object: KubeObject | Status;
  readonly isGone: boolean;
}

/** Deletes an object. Throws StatusError. */
export async function deleteObject(
  core: Core,
  kind: Kind,
  namespace: string,
  name: string,
  options: DeleteOptions,
  context: WriteContext,
): Promise<DeleteResult> {
  const key = storageKey(kind, name, namespace);
  let isGone = false;
  let isAdmitted = false;
  const decide = async (current: Stored | undefined): Promise<UpdateDecision> => {
    if (!current) throw notFound({ group: kind.group, resource: kind.plural }, name);
    const { object } = current;
    if (!isAdmitted) {
      const attributes: AdmissionAttributes = {
        operation: 'DELETE',
        kind,
        subresource: '',
        namespace,
        name,
        object: undefined,
        old: object,
        user: context.user,
        dryRun: options.dryRun,
        nowMs: context.nowMs,
        warnings: context.warnings,
      };
      await admitMutating(core, attributes);
      await admitValidating(core, attributes);
      isAdmitted = true;
    }
    checkPreconditions(kind, object, options);
    const decision = decideDeletion(kind, object, options, context.nowMs);
    isGone = 'remove' in decision;
    return decision;
  };
  const object = options.dryRun ? await dryDelete(core, kind, key, decide) : await core.store.update(kind, key, decide);
  if (!isGone) return { object, isGone };
  if (!options.dryRun) await core.services.release(kind, object);
  if (answersObject.has(kind.plural)) return { object, isGone };
  const details = {
    name,
    ...(kind.group ? { group: kind.group } : {}),
    kind: kind.plural,
    ...(object.metadata.uid ? { uid: object.metadata.uid } : {}),
  };
  return { object: successStatus(details), isGone };
}

async function dryDelete(
  core: Core,
  kind: Kind,
  key: string,
  decide: (current: Stored | undefined) => Promise<UpdateDecision>,
): Promise<KubeObject> {
  const current = await core.store.get(kind, key);
  const decision = await decide(current);
  return 'put' in decision ? decision.put : current!.object;
}
