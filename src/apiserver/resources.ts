/** REST endpoints of the kinds: which verb does what on a collection, an object, and a subresource. */
import { storageKey, type Kind, type Subresource, type Verb } from '#api';
import { badRequest, methodNotSupported, notFound, resourceNotServed, type KubeObject } from '#apimachinery';
import type { HttpAnswer } from '#host';
import { header } from '#host';
import { decodeBody, readWriteOptions } from './chain/4-validation.ts';
import { objectReply, type Core, type Exchange, type ObjectReply } from './core.ts';
import { negotiate, type OutputMedia } from './media-types.ts';
import { createObject } from './registry/create.ts';
import { deleteObject, readDeleteOptions, type DeleteOptions } from './registry/delete.ts';
import { listObjects, type ListResult } from './registry/list.ts';
import { patchObject } from './registry/patch.ts';
import { updateObject } from './registry/update.ts';
import { watchObjects } from './registry/watch.ts';
import type { WriteContext } from './registry/write-context.ts';
import { eventRenderer, includeObjectOf, renderList, renderObject } from './render.ts';
import { copyOf } from './store/codec.ts';
import { serveComponentStatuses } from './component-statuses.ts';
import { serveReview } from './reviews/index.ts';
import { serveSubresource } from './subresources/index.ts';

const objectForms: readonly OutputMedia['as'][] = ['Table', 'PartialObjectMetadata'];
const listForms: readonly OutputMedia['as'][] = ['Table', 'PartialObjectMetadataList'];
const watchForms: readonly OutputMedia['as'][] = ['Table', 'PartialObjectMetadata'];

/** The forms a verb can answer in. */
function formsOf(verb: string): readonly OutputMedia['as'][] {
  if (verb === 'list' || verb === 'deletecollection') return listForms;
  return verb === 'watch' ? watchForms : objectForms;
}

/** The context of a write a client asked for. */
export function writeContextOf(
  exchange: Exchange,
  optionsKind: 'CreateOptions' | 'UpdateOptions',
): WriteContext & { fieldValidation: 'Strict' | 'Warn' | 'Ignore' } {
  const options = readWriteOptions(exchange, optionsKind);
  return { user: exchange.user, nowMs: exchange.nowMs, warnings: exchange.warnings, ...options };
}

/** Reads one object: from the cache where the client allows it, else through the quorum. Throws 404. */
export async function readObject(core: Core, exchange: Exchange, kind: Kind): Promise<ObjectReply> {
  const { name, namespace, query } = exchange.info;
  const key = storageKey(kind, name, namespace);
  if (query.get('resourceVersion') === '0') {
    const version = core.caches.of(kind).get(key);
    if (version) return objectReply(200, version.object as KubeObject, kind, version.json());
  }
  const stored = await core.store.get(kind, key);
  if (!stored) throw notFound({ group: kind.group, resource: kind.plural }, name);
  return objectReply(200, stored.object, kind);
}

async function replaceObject(core: Core, exchange: Exchange, kind: Kind, subresource: Subresource | undefined): Promise<ObjectReply> {
  const { name, namespace } = exchange.info;
  const context = writeContextOf(exchange, 'UpdateOptions');
  const body = await decodeBody(exchange, kind, context.fieldValidation);
  if (!body.metadata.name) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (body.metadata.name !== name)
    throw badRequest(`the name of the object (${body.metadata.name}) does not match the name on the URL (${name})`);
  if (namespace && body.metadata.namespace && body.metadata.namespace !== namespace && kind.scope === 'Namespaced') {
    throw badRequest(`the namespace of the object (${body.metadata.namespace}) does not match the namespace on the request (${namespace})`);
  }
  const mayCreate = !subresource && kind.strategy.allowCreateOnUpdate === true;
  const request = { kind, namespace, name, mayCreate, isWhole: true, ...(subresource ? { subresource } : {}), make: () => copyOf(body) };
  const { object, created } = await updateObject(core, request, context);
  return objectReply(created ? 201 : 200, object, kind);
}

/** Objects of a collection deleted at the same time. */
const DELETE_WORKERS = 4;

async function deleteCollection(core: Core, exchange: Exchange, kind: Kind): Promise<ListResult> {
  const options: DeleteOptions = await readDeleteOptions(exchange);
  const list = await listObjects(core, exchange, kind);
  const context: WriteContext = {
    user: exchange.user,
    manager: '',
    dryRun: options.dryRun,
    nowMs: exchange.nowMs,
    warnings: exchange.warnings,
  };
  const waiting = [...list.items];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { name, namespace = '' } = next.object.metadata;
      try {
        await deleteObject(core, kind, namespace, name, options, context);
      } catch (error) {
        // Somebody else was faster: the object is gone, which is what was asked for.
        if (!(error instanceof Error && error.message.endsWith('not found'))) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: DELETE_WORKERS }, work));
  return list;
}

async function serveVerb(
  core: Core,
  exchange: Exchange,
  kind: Kind,
  subresource: Subresource | undefined,
): Promise<ObjectReply | ListResult> {
  const { info } = exchange;
  switch (info.verb) {
    case 'get':
      return readObject(core, exchange, kind);
    case 'list':
      return listObjects(core, exchange, kind);
    case 'create': {
      const context = writeContextOf(exchange, 'CreateOptions');
      if (kind.ownSchema) await core.served.readyForCreation(kind);
      const body = await decodeBody(exchange, kind, context.fieldValidation);
      return objectReply(201, await createObject(core, kind, info.namespace, body, context), kind);
    }
    case 'update':
      return replaceObject(core, exchange, kind, subresource);
    case 'patch': {
      const { object, created } = await patchObject(core, exchange, kind, subresource);
      return objectReply(created ? 201 : 200, object, kind);
    }
    case 'delete': {
      const options = await readDeleteOptions(exchange);
      const context: WriteContext = {
        user: exchange.user,
        manager: '',
        dryRun: options.dryRun,
        nowMs: exchange.nowMs,
        warnings: exchange.warnings,
      };
      const { object } = await deleteObject(core, kind, info.namespace, info.name, options, context);
      return objectReply(200, object as KubeObject, kind);
    }
    case 'deletecollection':
      return deleteCollection(core, exchange, kind);
    default:
      throw methodNotSupported();
  }
}

/** Whether any kind is served under a group and version. */
export function isServedGroupVersion(core: Core, group: string, version: string): boolean {
  return core.served.all.some((kind) => kind.group === group && kind.version === version);
}

function findKind(core: Core, exchange: Exchange): { kind: Kind; subresource: Subresource | undefined } {
  const { group, version, resource, subresource: name, verb, namespace } = exchange.info;
  const kind = core.served.at(group, version, resource);
  if (!kind) throw resourceNotServed();
  if (kind.scope === 'Cluster' && namespace && kind.plural !== 'namespaces') throw resourceNotServed();
  // Objects of a namespaced kind have no address without their namespace.
  if (kind.scope === 'Namespaced' && !namespace && !['list', 'watch'].includes(verb))
    throw exchange.info.name ? resourceNotServed() : methodNotSupported();
  if (!name) return { kind, subresource: undefined };
  const subresource = kind.subresources.find((each) => each.name === name);
  if (!subresource) throw resourceNotServed();
  return { kind, subresource };
}

/** Serves a resource request that authentication and authorization have let through. Throws StatusError. */
export async function serveResource(core: Core, exchange: Exchange): Promise<HttpAnswer> {
  const { info, headers, nowMs } = exchange;
  const { kind, subresource } = findKind(core, exchange);
  if (subresource && !(subresource.strategy && info.verb !== 'create')) {
    const special = await serveSubresource(core, exchange, kind, subresource);
    if ('headers' in special) return special;
    return renderObject(special, negotiate(header(headers, 'accept'), info.query, objectForms), info.query, nowMs);
  }
  const verbs: readonly Verb[] = subresource ? subresource.verbs : kind.verbs;
  const isOnObject = info.method !== 'POST' || !exchange.info.name;
  if (!verbs.includes(info.verb as Verb) || !isOnObject) throw methodNotSupported();
  if ((info.verb === 'update' || info.verb === 'patch') && !info.name) throw methodNotSupported();
  if (kind.deprecation) exchange.warnings.add(kind.deprecation);
  const media = negotiate(header(headers, 'accept'), info.query, formsOf(info.verb));
  // Read early: a wrong value is told before anything is done.
  if (media.as === 'Table') includeObjectOf(info.query);
  if (kind.kind === 'ComponentStatus' && !kind.storagePrefix) {
    const reply = await serveComponentStatuses(core, exchange, kind);
    return 'items' in reply ? renderList(reply, media, info.query, nowMs) : renderObject(reply, media, info.query, nowMs);
  }
  if (!kind.storagePrefix) return renderObject(await serveReview(core, exchange, kind), media, info.query, nowMs);
  if (info.verb === 'watch')
    return watchObjects(
      core,
      exchange,
      kind,
      eventRenderer(kind, media, info.query, () => core.clock.wallMs()),
    );
  const reply = await serveVerb(core, exchange, kind, subresource);
  if (!('items' in reply) && info.verb !== 'get') exchange.wrote?.(reply.object as KubeObject);
  return 'items' in reply ? renderList(reply, media, info.query, nowMs) : renderObject(reply, media, info.query, nowMs);
}
