// Why a document cannot become an object, in the words of the converter that strategic merge patches go through (runtime's unstructured
// converter), and a document as Go prints a map.
import type { SchemaNode } from './schema-node.ts';

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (isMap(value)) return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** Scalars of one group turn into each other; texts only into texts. */
const groupOf: Readonly<Record<string, string>> = { string: 'string', bool: 'bool', int32: 'number', int64: 'number', float64: 'number' };

function scalarError(value: unknown, goType: string): string | undefined {
  const found = goKind(value);
  const [have, want] = [groupOf[found], groupOf[goType]];
  if (!want || have === want) return undefined;
  // Go can convert any number to a string, and the converter refuses it by name.
  return have === 'number' && want === 'string' ? `cannot convert ${found} to ${goType}` : `unrecognized type: ${goType}`;
}

/** The first thing that is wrong; undefined when the types fit. */
export function conversionError(value: unknown, node: SchemaNode): string | undefined {
  if (value === null || value === undefined) return undefined;
  switch (node.type) {
    case 'scalar':
      return node.scalar === 'quantity' || node.scalar === 'int-or-string' ? undefined : scalarError(value, node.goType);
    case 'list': {
      if (!Array.isArray(value)) return node.scalar === 'bytes' ? undefined : `cannot restore slice from ${goKind(value)}`;
      return value.map((item) => (node.items ? conversionError(item, node.items) : undefined)).find(Boolean);
    }
    case 'map':
      if (!isMap(value)) return `cannot restore map from ${goKind(value)}`;
      return Object.values(value)
        .map((item) => (node.values ? conversionError(item, node.values) : undefined))
        .find(Boolean);
    case 'struct':
      if (!isMap(value)) return `cannot restore struct from: ${goKind(value)}`;
      return [...node.fields].map(([name, field]) => conversionError(value[name], field)).find(Boolean);
    case 'any':
      return undefined;
  }
}

/** map[a:1 b:[x y]], as %+v prints a decoded document. */
export function goMapText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goMapText).join(' ')}]`;
  if (!isMap(value)) return String(value);
  return `map[${Object.keys(value)
    .sort()
    .map((key) => `${key}:${goMapText(value[key])}`)
    .join(' ')}]`;
}
