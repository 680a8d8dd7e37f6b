/** scale: replicas of a workload through autoscaling/v1 Scale, whatever the workload's own form (kubectl scale). */
import type { Kind, ScaleAccess, Subresource } from '#api';
import { storageKey } from '#api';
import { badRequest, conflict, fieldsOf, invalid, invalidObject, notFound, type KubeObject } from '#apimachinery';
import { decodeBody, decodeValue, readWriteOptions } from '../chain/4-validation.ts';
import type { Core, Exchange, ObjectReply } from '../core.ts';
import { parsePatch, patchTypeOf } from '../registry/patch.ts';
import { updateObject } from '../registry/update.ts';
import { question } from '../reviews/kinds.ts';
import { copyOf } from '../store/codec.ts';

const scaleKind = question('autoscaling', 'Scale', 'Namespaced');
type Scale = KubeObject & { spec?: { replicas?: number }; status?: object };

function scaleOf(access: ScaleAccess, object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = access.specReplicas(object);
  const selector = access.selector(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(creationTimestamp ? { creationTimestamp } : {}),
    },
    spec: replicas ? { replicas } : {},
    status: { replicas: access.statusReplicas(object), ...(selector ? { selector } : {}) },
  };
}

/** How a request makes the new Scale from the current one. */
async function readChange(exchange: Exchange, kind: Kind, validation: 'Strict' | 'Warn' | 'Ignore'): Promise<(current: Scale) => Scale> {
  if (exchange.info.verb === 'update') {
    const body = (await decodeBody(exchange, scaleKind, validation)) as Scale;
    return () => body;
  }
  const type = patchTypeOf(exchange, kind);
  if (type === 'apply') throw badRequest('server-side apply of Scale is not supported here');
  const patch = parsePatch(scaleKind, type, await exchange.readBody());
  return (current) => decodeValue(exchange, scaleKind, patch.apply(copyOf(fieldsOf(current))), [], validation) as Scale;
}

/** Serves GET, PUT and PATCH of a Scale. */
export async function serveScale(core: Core, exchange: Exchange, kind: Kind, subresource: Subresource): Promise<ObjectReply> {
  const { name, namespace, verb } = exchange.info;
  const access = subresource.scale;
  if (!access) throw new Error(`${kind.plural}/scale says not how to read its parent`);
  if (verb === 'get') {
    const stored = await core.store.get(kind, storageKey(kind, name, namespace));
    if (!stored) throw notFound({ group: kind.group, resource: kind.plural }, name);
    return { status: 200, object: scaleOf(access, stored.object) };
  }
  const options = readWriteOptions(exchange, verb === 'update' ? 'UpdateOptions' : 'PatchOptions');
  const change = await readChange(exchange, kind, options.fieldValidation);
  const { object } = await updateObject(
    core,
    {
      kind,
      namespace,
      name,
      subresource,
      make: (current) => {
        const before = scaleOf(access, current!);
        const after = change(before);
        const wanted = after.metadata.resourceVersion;
        if (wanted && wanted !== before.metadata.resourceVersion) throw conflict({ group: kind.group, resource: kind.plural }, name);
        const replicas = after.spec?.replicas ?? 0;
        if (replicas < 0) {
          throw invalidObject({ group: 'autoscaling', kind: 'Scale' }, name, [
            invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
          ]);
        }
        const object = copyOf(current!);
        access.setSpecReplicas(object, replicas);
        return object;
      },
    },
    { user: exchange.user, manager: options.manager, dryRun: options.dryRun, nowMs: exchange.nowMs, warnings: exchange.warnings },
  );
  return { status: 200, object: scaleOf(access, object) };
}
