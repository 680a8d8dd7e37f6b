// Decoding bodies: types checked, unknown and duplicate fields found, defaults filled, quantities made canonical.
import { badRequest, duplicateFieldText, parseGroupVersion, parseJsonStrict, type FieldSchema, type KubeObject } from '#apimachinery';
import { apiVersionOf, type Kind } from './kind.ts';
import { schemaNamed } from './schema/compile.ts';
import { decodeBySchema } from './schema/decoding.ts';
import { fillDefaults } from './schema/defaulting.ts';

/** What decoding found. */
export interface DecodeResult<T extends KubeObject = KubeObject> {
  /** Unknown fields dropped, defaults not yet filled. */
  object: T;
  /** `unknown field "spec.foo"` and `duplicate field "data.a"` texts: what strict validation refuses and warnings tell. */
  unknownFields: string[];
}

/** The most of a body an error message repeats. */
const maxShownBody = 1024;

/** Takes the text of a JSON body as an object of the kind. Throws badRequest with the API server's text for malformed JSON and for values of wrong type. */
export function decodeText<T extends KubeObject>(kind: Kind<T>, text: string): DecodeResult<T> {
  let parsed: { value: unknown; duplicates: string[] };
  try {
    parsed = parseJsonStrict(text);
  } catch (error) {
    const shown = text === '' ? '<empty>' : text.length > maxShownBody ? `${text.slice(0, maxShownBody)} <truncated>` : text;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: ${(error as Error).message} (${shown})`,
    );
  }
  const result = decodeObject(kind, parsed.value);
  result.unknownFields = [...parsed.duplicates.map(duplicateFieldText), ...result.unknownFields];
  return result;
}

/** Takes a parsed body as an object of the kind. Throws badRequest with the API server's text for values of wrong type ('Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal …'). The body is untouched. */
export function decodeObject<T extends KubeObject>(kind: Kind<T>, body: unknown): DecodeResult<T> {
  const wanted = apiVersionOf(kind);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const found = Array.isArray(body) ? 'array' : body === null ? 'null' : typeof body === 'boolean' ? 'bool' : typeof body;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${JSON.stringify(body)})`,
    );
  }
  const { apiVersion = wanted, kind: name = kind.kind } = body as { apiVersion?: unknown; kind?: unknown };
  if (typeof apiVersion === 'string' && typeof name === 'string' && name !== kind.kind) throw wrongKind(kind, apiVersion, name);
  let decoded: { value: unknown; unknownFields: string[] };
  try {
    decoded = kind.ownSchema ? kind.ownSchema.decode(body) : decodeBySchema(body, schemaNamed(kind.schema));
  } catch (error) {
    throw badRequest(
      `${kind.kind} in version "${parseGroupVersion(wanted).version}" cannot be handled as a ${kind.kind}: ${(error as Error).message}`,
    );
  }
  if (apiVersion !== wanted)
    throw badRequest(`the API version in the data (${String(apiVersion)}) does not match the expected API version (${wanted})`);
  const { metadata, ...rest } = decoded.value as KubeObject;
  const object = { ...rest, kind: kind.kind, apiVersion: wanted, metadata: metadata ?? { name: '' } };
  return { object: inWireOrder(object) as T, unknownFields: decoded.unknownFields };
}

function wrongKind(kind: Pick<Kind, 'group' | 'kind'>, apiVersion: string, name: string): Error {
  const { version } = parseGroupVersion(apiVersion);
  const internalName = (text: string): string => (text === '' ? 'core' : (text.split('.')[0] ?? text));
  return badRequest(
    `${name} in version "${version}" cannot be handled as a ${kind.kind}: converting (${version}.${name}) to (${internalName(kind.group)}.${kind.kind}): unknown conversion`,
  );
}

/** kind, apiVersion and metadata first, as the API server writes objects. */
function inWireOrder(object: KubeObject): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata, ...rest };
}

/** Fills schema and kind defaults, in place; answers the object. */
export function applyDefaults<T extends KubeObject>(kind: Kind<T>, object: T): T {
  if (kind.ownSchema) kind.ownSchema.fillDefaults(object);
  else fillDefaults(object, schemaNamed(kind.schema));
  kind.strategy.setDefaults?.(object);
  return object;
}

/** The structure of a kind's objects, for strategic patches and field ownership. */
export function fieldSchemaOf(kind: Pick<Kind, 'schema' | 'ownSchema'>): FieldSchema {
  return kind.ownSchema?.fields ?? schemaNamed(kind.schema);
}
