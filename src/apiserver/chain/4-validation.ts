/**
 * Stage 4, decoding and validation: the body becomes an object of its kind, unknown and duplicate fields are refused, warned
 * of or ignored as the client asked, and defaults are filled in. What is wrong with the object's meaning is said later by its
 * strategy, after mutating admission, as in the real server.
 */
import { apiVersionOf, applyDefaults, decodeObject, kindOf, type Kind } from '#api';
import {
  badRequest,
  duplicateFieldText,
  invalid,
  invalidObject,
  notSupported,
  parseJsonStrict,
  strictDecodingError,
  unknownFieldText,
  type FieldError,
  type KubeObject,
} from '#apimachinery';
import { header } from '#host';
import type { Exchange } from '../core.ts';
import { staged } from '../trace.ts';
import { bodyFormat } from '../media-types.ts';
import { parseYamlBody } from '../yaml-body.ts';

/** What the query of a write says. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** fieldManager, or the client's name before the first slash of its User-Agent. */
  readonly manager: string;
}

/** Bytes of a body shown in messages. */
const BODY_SHOWN_MAX = 30;
/** Kubernetes keeps managers to 128 bytes. */
const MANAGER_LENGTH_MAX = 128;

function managerOf(exchange: Exchange): string {
  const given = exchange.info.query.get('fieldManager');
  if (given) return given;
  const agent = (header(exchange.headers, 'user-agent') ?? '').split('/')[0] ?? '';
  return agent.replace(/[^\x20-\x7e]/g, '').slice(0, MANAGER_LENGTH_MAX) || 'unknown';
}

/** Reads dryRun, fieldValidation and fieldManager. Throws 422 in the name of the options' kind. */
export function readWriteOptions(exchange: Exchange, optionsKind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'): WriteOptions {
  const { query } = exchange.info;
  const errors: FieldError[] = [];
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']));
  const manager = query.get('fieldManager') ?? '';
  if (manager.length > MANAGER_LENGTH_MAX)
    errors.push({
      reason: 'FieldValueTooLong',
      field: 'fieldManager',
      message: `Too long: may not be more than ${MANAGER_LENGTH_MAX} bytes`,
    });
  if (/[^\x20-\x7e]/.test(manager)) errors.push(invalid('fieldManager', manager, 'should only contain printable characters'));
  const fieldValidation = query.get('fieldValidation') ?? '';
  const supported = ['', 'Ignore', 'Strict', 'Warn'];
  if (!supported.includes(fieldValidation)) errors.push(notSupported('fieldValidation', fieldValidation, supported));
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: optionsKind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: (fieldValidation || 'Warn') as WriteOptions['fieldValidation'],
    manager: managerOf(exchange),
  };
}

function bodyShown(text: string): string {
  if (text === '') return '<empty>';
  return text.length > BODY_SHOWN_MAX ? `${text.slice(0, BODY_SHOWN_MAX)} ...` : text;
}

/** The value of a JSON text and the paths of its duplicate fields. Throws an Error with Go's text. */
export function parseJsonBody(text: string): { value: unknown; duplicates: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told again by the reader that words its complaints as Go does.
    return parseJsonStrict(text);
  }
  // Clients write compact JSON: then equal lengths prove that no field came twice, without the slow reader.
  if (JSON.stringify(value).length === text.trimEnd().length) return { value, duplicates: [] };
  return parseJsonStrict(text);
}

/** Parses a body of any accepted format. `wanted` names the kind in messages. Throws 400 and 415. */
export function parseBody(exchange: Exchange, text: string, wanted: string): { value: unknown; duplicates: string[] } {
  if (bodyFormat(header(exchange.headers, 'content-type')) === 'yaml') return { value: parseYamlBody(text), duplicates: [] };
  try {
    return parseJsonBody(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${wanted}): couldn't get version/kind; json parse error: ${detail} (${bodyShown(text)})`,
    );
  }
}

const packageOf = (group: string): string => (group === '' ? 'core' : (group.split('.')[0] ?? group));

/** A custom resource is taken as it is, and judged as an object of its definition. */
function checkCustomKind(kind: Kind, value: unknown): void {
  const { apiVersion, kind: name, metadata } = (value ?? {}) as Partial<KubeObject>;
  if (!name) throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(value)}'`);
  if (apiVersion !== apiVersionOf(kind))
    throw badRequest(`the API version in the data (${apiVersion ?? ''}) does not match the expected API version (${apiVersionOf(kind)})`);
  if (name !== kind.kind) throw invalidObject(kind, metadata?.name ?? '', [invalid('kind', name, `must be ${kind.kind}`)]);
}

function checkKind(kind: Kind, value: unknown): void {
  const { apiVersion, kind: name } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (kind.ownSchema) return checkCustomKind(kind, value);
  if (typeof apiVersion !== 'string' || typeof name !== 'string' || apiVersion === '' || name === '') return;
  if (apiVersion === apiVersionOf(kind) && name === kind.kind) return;
  const version = apiVersion.split('/').at(-1) ?? apiVersion;
  const found = kindOf(apiVersion, name);
  const detail = found
    ? `converting (${found.version}.${found.kind}) to (${packageOf(kind.group)}.${kind.kind}): unknown conversion`
    : `no kind "${name}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  throw badRequest(`${name} in version "${version}" cannot be handled as a ${kind.kind}: ${detail}`);
}

/** Says what was unknown or said twice, in the way the client asked for. Throws 400 for Strict. */
export function reportFields(
  exchange: Pick<Exchange, 'warnings'>,
  validation: WriteOptions['fieldValidation'],
  texts: readonly string[],
  refusal: (detail: string) => string,
): void {
  if (texts.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') throw badRequest(refusal(strictDecodingError(texts)));
  for (const text of texts) exchange.warnings.add(text);
}

/** An object of a kind from a parsed value, defaults filled in. */
export function decodeValue(
  exchange: Pick<Exchange, 'warnings'>,
  kind: Kind,
  value: unknown,
  duplicates: readonly string[],
  validation: WriteOptions['fieldValidation'],
): KubeObject {
  checkKind(kind, value);
  const given = typeof value === 'object' && value !== null ? { ...value, apiVersion: apiVersionOf(kind), kind: kind.kind } : value;
  const { object, unknownFields } = decodeObject(kind, given);
  const texts = [...duplicates.map(asDuplicate), ...unknownFields.map(asUnknown)];
  reportFields(
    exchange,
    validation,
    texts,
    (detail) => `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${detail}`,
  );
  object.metadata ??= { name: '' };
  return applyDefaults(kind, object);
}

const asDuplicate = (text: string): string => (text.startsWith('duplicate field') ? text : duplicateFieldText(text));
const asUnknown = (text: string): string => (text.startsWith('unknown field') ? text : unknownFieldText(text));

/** The object in a request's body. */
export async function decodeBody(exchange: Exchange, kind: Kind, validation: WriteOptions['fieldValidation']): Promise<KubeObject> {
  bodyFormat(header(exchange.headers, 'content-type'));
  return staged(exchange.trace, 'decode and default', async () => {
    const { value, duplicates } = parseBody(exchange, await exchange.readBody(), kind.kind);
    return decodeValue(exchange, kind, value, duplicates, validation);
  });
}
