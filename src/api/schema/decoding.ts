// Decodes a JSON body by its schema as a typed decoder would: wrong types are errors in Go's words, unknown fields are dropped
// and listed, null and empty values that Go leaves out of its output are left out, quantities become canonical.
import { canonicalQuantity, parseTime, unknownFieldText } from '#apimachinery';
import type { SchemaNode } from './schema-node.ts';

/** Optional text fields whose empty value differs from none (pointers in Go). */
const keptWhenEmpty: ReadonlySet<string> = new Set(['storageClassName', 'volumeName']);
/** Booleans that are no pointers in Go, so false is the same as none. */
const leftOutWhenFalse: ReadonlySet<string> = new Set([
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'readOnly',
  'tty',
  'stdin',
  'stdinOnce',
  'publishNotReadyAddresses',
  'unschedulable',
  'paused',
]);

/** Where a value stands: for error texts and paths of unknown fields. */
interface Place {
  /** Go name of the struct that holds the field: "PodSpec"; '' at the top. */
  struct: string;
  /** Path without indexes: spec.containers.image. */
  goPath: string;
  /** Path with indexes: spec.containers[0].image. */
  path: string;
}

class Decoder {
  readonly unknownFields: string[] = [];

  value(raw: unknown, node: SchemaNode, place: Place): unknown {
    if (raw === null || raw === undefined) return undefined;
    switch (node.type) {
      case 'struct':
        return this.struct(raw, node, place);
      case 'map':
        return this.map(raw, node, place);
      case 'list':
        if (!Array.isArray(raw)) throw wrongType(raw, node, place);
        return raw.map((item, index) => {
          const at = { ...place, path: `${place.path}[${index}]` };
          return this.value(item, node.items ?? node, at) ?? null;
        });
      case 'scalar':
        return scalar(raw, node, place);
      case 'any':
        return raw;
    }
  }

  private struct(raw: unknown, node: SchemaNode, place: Place): Record<string, unknown> {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw wrongType(raw, node, place);
    const struct = node.structName.split('.').pop() ?? '';
    const out: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(raw)) {
      const path = place.path ? `${place.path}.${name}` : name;
      const field = node.field(name);
      if (!field) {
        this.unknownFields.push(unknownFieldText(path));
        continue;
      }
      const goPath = place.goPath ? `${place.goPath}.${name}` : name;
      const value = this.value(item, field, { struct, goPath, path });
      if (value !== undefined && !isLeftOut(name, value, field)) out[name] = value;
    }
    return out;
  }

  private map(raw: unknown, node: SchemaNode, place: Place): Record<string, unknown> {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw wrongType(raw, node, place);
    const values = node.values ?? node;
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(raw).sort()) {
      const at = { ...place, path: `${place.path}.${key}` };
      out[key] = this.value((raw as Record<string, unknown>)[key], values, at) ?? zeroOf(values);
    }
    return out;
  }
}

/** What Go's output leaves out of an optional field (omitempty). */
function isLeftOut(name: string, value: unknown, node: SchemaNode): boolean {
  if (node.isRequired) return false;
  if (node.type === 'list') return (value as unknown[]).length === 0;
  if (node.type === 'map') return Object.keys(value as object).length === 0;
  if (node.type === 'any') return false;
  if (value === '') return !keptWhenEmpty.has(name);
  return value === false && leftOutWhenFalse.has(name);
}

function zeroOf(node: SchemaNode): unknown {
  if (node.scalar === 'string' || node.scalar === 'bytes') return '';
  if (node.scalar === 'boolean') return false;
  if (node.scalar === 'quantity') return '0';
  return node.type === 'scalar' ? 0 : null;
}

function jsonTypeOf(raw: unknown): string {
  if (Array.isArray(raw)) return 'array';
  if (typeof raw === 'boolean') return 'bool';
  return typeof raw;
}

function wrongType(raw: unknown, node: SchemaNode, place: Place, found = jsonTypeOf(raw)): Error {
  if (place.goPath === '') return new Error(`json: cannot unmarshal ${found} into Go value of type ${node.goType}`);
  return new Error(`json: cannot unmarshal ${found} into Go struct field ${place.struct}.${place.goPath} of type ${node.goType}`);
}

const bounds = { int32: [-(2 ** 31), 2 ** 31 - 1], int64: [-(2 ** 63), 2 ** 63] } as const;

function scalar(raw: unknown, node: SchemaNode, place: Place): unknown {
  switch (node.scalar) {
    case 'string':
      if (typeof raw !== 'string') throw wrongType(raw, node, place);
      return raw;
    case 'boolean':
      if (typeof raw !== 'boolean') throw wrongType(raw, node, place);
      return raw;
    case 'number':
      if (typeof raw !== 'number') throw wrongType(raw, node, place);
      return raw;
    case 'int32':
    case 'int64': {
      if (typeof raw !== 'number') throw wrongType(raw, node, place);
      const [min, max] = bounds[node.scalar];
      if (!Number.isInteger(raw) || raw < min || raw > max) throw wrongType(raw, node, place, `number ${raw}`);
      return raw;
    }
    case 'bytes':
      if (typeof raw !== 'string') throw wrongType(raw, node, place);
      return checkedBase64(raw);
    case 'quantity':
      if (typeof raw !== 'string' && typeof raw !== 'number') return canonicalQuantity(String(raw));
      return canonicalQuantity(typeof raw === 'string' ? raw.trim() : raw);
    case 'int-or-string':
      if (typeof raw === 'string') return raw;
      if (typeof raw === 'number' && Number.isInteger(raw)) return raw;
      throw new Error(`json: cannot unmarshal ${typeof raw === 'number' ? `number ${raw}` : jsonTypeOf(raw)} into Go value of type int32`);
    case 'time':
    case 'micro-time':
      if (typeof raw !== 'string') throw new Error(`json: cannot unmarshal ${jsonTypeOf(raw)} into Go value of type string`);
      if (raw === '') return undefined;
      parseTime(raw);
      return raw;
    default:
      return raw;
  }
}

const base64Char = /[A-Za-z0-9+/]/;

/** Go's decoder skips line breaks, and names the first byte it cannot read. */
function checkedBase64(text: string): string {
  const clean = text.replace(/[\r\n]/g, '');
  for (let index = 0; index < clean.length; index++) {
    const char = clean.charAt(index);
    const padding = char === '=' && index >= clean.length - 2 && clean.length % 4 === 0 && /^=+$/.test(clean.slice(index));
    if (!base64Char.test(char) && !padding) throw new Error(`illegal base64 data at input byte ${index}`);
    if (padding) break;
  }
  if (clean.length % 4 !== 0) throw new Error(`illegal base64 data at input byte ${clean.length - (clean.length % 4)}`);
  return clean;
}

/** Decodes a body; the body is untouched. Throws an Error with Go's text for a value of the wrong type. */
export function decodeBySchema(body: unknown, node: SchemaNode): { value: unknown; unknownFields: string[] } {
  const decoder = new Decoder();
  const value = decoder.value(body, node, { struct: '', goPath: '', path: '' });
  return { value, unknownFields: decoder.unknownFields };
}
