/** PATCH: JSON patch, merge patch, strategic merge patch, and server-side apply, each made into an update of the object that is there. */
import { apiVersionOf, applyDefaults, conversionError, decodeObject, goMapText, schemaNamed, type Kind, type Subresource } from '#api';
import {
  applyConfiguration,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  badRequest,
  decodeJsonPatch,
  fieldsOf,
  invalid,
  invalidObject,
  notFound,
  required,
  StatusError,
  unsupportedMediaType,
  type JsonObject,
  type KubeObject,
} from '#apimachinery';
import { header } from '#host';
import { decodeValue, parseJsonBody, readWriteOptions, reportFields, type WriteOptions } from '../chain/4-validation.ts';
import type { Core, Exchange } from '../core.ts';
import { copyOf } from '../store/codec.ts';
import { parseYamlBody } from '../yaml-body.ts';
import { updateObject, type UpdateResult } from './update.ts';
import { fieldWriteOf, schemaOf, type WriteContext } from './write-context.ts';

/** Content types of PATCH. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

const customPatches = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';

/** The type of a patch of a kind by its content type; custom resources have no strategic ones. Throws 415. */
export function patchTypeOf(exchange: Exchange, kind: Kind): PatchType {
  const type = patchTypes[(header(exchange.headers, 'content-type') ?? '').split(';')[0]?.trim() ?? ''];
  if (kind.ownSchema && (!type || type === 'strategic'))
    throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${customPatches}`);
  if (!type) throw unsupportedMediaType('415: Unsupported Media Type', {});
  return type;
}

/** A patch, parsed. */
export interface ParsedPatch {
  readonly type: PatchType;
  /** The patch applied to a document, which stays as it is. Throws StatusError. */
  apply(document: JsonObject): JsonObject;
  readonly value: unknown;
}

function decodePatchText(text: string): unknown {
  try {
    return parseJsonBody(text).value;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Reads a patch body of a kind. Throws 400. */
export function parsePatch(kind: Pick<Kind, 'schema'> & Kind, type: PatchType, text: string): ParsedPatch {
  if (type === 'apply') return { type, value: parseYamlBody(text), apply: (document) => document };
  const value = decodePatchText(text);
  if (type === 'json') {
    const operations = decodeJsonPatch(value);
    return { type, value, apply: (document) => applyJsonPatch(document, operations) as JsonObject };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const go = Array.isArray(value) ? 'array' : typeof value;
    throw badRequest(`error decoding patch: json: cannot unmarshal ${go} into Go value of type map[string]interface {}`);
  }
  if (type === 'merge') return { type, value, apply: (document) => applyMergePatch(document, value) as JsonObject };
  return { type, value, apply: (document) => strategic(kind, document, value as JsonObject) };
}

function strategic(kind: Kind, document: JsonObject, patch: JsonObject): JsonObject {
  try {
    return applyStrategicMergePatch(document, patch, schemaOf(kind));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

/** A patched document as its patch library writes it: sorted where the patch looked, elsewhere as it was. */
function orderedByPatch(patched: unknown, patch: unknown): unknown {
  const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(patched) || !isObject(patch)) return patched;
  return Object.fromEntries(
    Object.keys(patched)
      .sort()
      .map((name) => [name, orderedByPatch(patched[name], patch[name])]),
  );
}

/** What a patch is refused with that makes a value of a wrong type. */
function wrongTypeError(kind: Kind, patch: ParsedPatch, patched: JsonObject, text: string): Error {
  const detail = text.slice(text.indexOf(': ') + 2);
  const error =
    patch.type === 'strategic'
      ? invalid('patch', goMapText(patch.value), conversionError(patched, schemaNamed(kind.schema)) ?? detail)
      : invalid('patch', JSON.stringify(orderedByPatch(patched, patch.value)), detail);
  return invalidObject({ group: '', kind: '' }, '', [error]);
}

/** The patched document as an object of its kind, defaults filled in. Throws 422 in Kubernetes' form for wrong types. */
function decodePatched(
  exchange: Exchange,
  kind: Kind,
  patch: ParsedPatch,
  patched: JsonObject,
  validation: WriteOptions['fieldValidation'],
): KubeObject {
  try {
    const { object, unknownFields } = decodeObject(kind, patched);
    reportFields(exchange, validation, unknownFields, (detail) => detail);
    return applyDefaults(kind, object);
  } catch (error) {
    if (!(error instanceof StatusError) || !error.message.includes(' cannot be handled as a ')) throw error;
    throw wrongTypeError(kind, patch, patched, error.message);
  }
}

function checkIdentity(object: KubeObject, name: string, namespace: string): void {
  if (object.metadata.name !== name)
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
  if (namespace && object.metadata.namespace && object.metadata.namespace !== namespace) {
    throw badRequest(
      `the namespace of the object (${object.metadata.namespace}) does not match the namespace on the request (${namespace})`,
    );
  }
}

async function applyObject(
  core: Core,
  exchange: Exchange,
  kind: Kind,
  subresource: Subresource | undefined,
  value: unknown,
  options: WriteOptions,
  context: WriteContext,
): Promise<UpdateResult> {
  const { namespace, name, query } = exchange.info;
  if (!query.get('fieldManager')) {
    throw invalidObject({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [required('fieldManager', 'is required for apply patch')]);
  }
  const applied = value as KubeObject;
  if (typeof applied !== 'object' || applied === null || typeof applied.metadata !== 'object' || applied.metadata === null) {
    throw badRequest('error decoding YAML: the patch must be an object');
  }
  if (applied.apiVersion !== apiVersionOf(kind) || applied.kind !== kind.kind) {
    throw badRequest(`invalid object type: ${applied.apiVersion ?? ''}, Kind=${applied.kind ?? ''}`);
  }
  applied.metadata.name ||= name;
  checkIdentity(applied, name, namespace);
  const write = { ...fieldWriteOf(kind, subresource, context), force: query.get('force') === 'true' };
  return updateObject(
    core,
    {
      kind,
      namespace,
      name,
      ...(subresource ? { subresource } : {}),
      mayCreate: !subresource,
      ownsFields: true,
      make: (current) => {
        const merged = applyConfiguration(current && copyOf(current), copyOf(applied), schemaOf(kind), write);
        return decodeValue(exchange, kind, merged, [], options.fieldValidation);
      },
    },
    context,
  );
}

/** Serves PATCH on a resource or a subresource that writes it. */
export async function patchObject(core: Core, exchange: Exchange, kind: Kind, subresource: Subresource | undefined): Promise<UpdateResult> {
  const { namespace, name } = exchange.info;
  const type = patchTypeOf(exchange, kind);
  const options = readWriteOptions(exchange, 'PatchOptions');
  const text = await exchange.readBody();
  const patch = parsePatch(kind, type, text);
  const context: WriteContext = {
    user: exchange.user,
    manager: options.manager,
    dryRun: options.dryRun,
    nowMs: exchange.nowMs,
    warnings: exchange.warnings,
  };
  if (type === 'apply') return applyObject(core, exchange, kind, subresource, patch.value, options, context);
  if (exchange.info.query.get('force') !== null) {
    throw invalidObject({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      { reason: 'FieldValueForbidden', field: 'force', message: 'Forbidden: may not be specified for non-apply patch' },
    ]);
  }
  return updateObject(
    core,
    {
      kind,
      namespace,
      name,
      ...(subresource ? { subresource } : {}),
      make: (current) => {
        if (!current) throw notFound({ group: kind.group, resource: kind.plural }, name);
        const patched = patch.apply(copyOf(fieldsOf(current)));
        const object = decodePatched(exchange, kind, patch, patched, options.fieldValidation);
        checkIdentity(object, name, namespace);
        return object;
      },
    },
    context,
  );
}
