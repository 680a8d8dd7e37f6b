// A structural schema as server-side apply sees it: which lists are merged, which maps are owned whole.
import { untypedSchema, type FieldSchema, type ListType } from '#apimachinery';
import { schemaNamed } from '../schema/compile.ts';
import { keepsUnknownFields, type JsonSchema } from './json-schema.ts';

const scalarOf: Readonly<Record<string, string>> = { string: 'string', integer: 'int64', number: 'number', boolean: 'boolean' };

function base(schema: JsonSchema): FieldSchema {
  return { ...untypedSchema, defaultValue: schema.default };
}

function structOf(schema: JsonSchema, extra: readonly (readonly [string, FieldSchema])[] = []): FieldSchema {
  const fields = new Map<string, FieldSchema>(Object.entries(schema.properties ?? {}).map(([name, each]) => [name, fieldsOfSchema(each)]));
  for (const [name, field] of extra) fields.set(name, field);
  const others = typeof schema.additionalProperties === 'object' ? fieldsOfSchema(schema.additionalProperties) : undefined;
  const unknown = others ?? (keepsUnknownFields(schema) ? untypedSchema : undefined);
  return {
    ...base(schema),
    type: fields.size > 0 ? 'struct' : 'map',
    fields,
    field: (name) => fields.get(name) ?? unknown,
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
  };
}

/** The structure of a value a schema describes. */
export function fieldsOfSchema(schema: JsonSchema): FieldSchema {
  if (schema['x-kubernetes-int-or-string']) return { ...base(schema), type: 'scalar', scalar: 'int-or-string' };
  if (schema.type === 'array') {
    const listType = (schema['x-kubernetes-list-type'] ?? 'atomic') as ListType;
    const items = schema.items ? fieldsOfSchema(schema.items) : untypedSchema;
    return { ...base(schema), type: 'list', items, listType, mapKeys: schema['x-kubernetes-list-map-keys'] ?? [] };
  }
  const scalar = scalarOf[schema.type ?? ''];
  if (scalar) return { ...base(schema), type: 'scalar', scalar };
  if (schema.type === 'object') return schema['x-kubernetes-embedded-resource'] ? resourceFieldsOf(schema) : structOf(schema);
  return untypedSchema;
}

/** The structure of a whole resource: what every object has, and what its schema says. */
export function resourceFieldsOf(schema: JsonSchema): FieldSchema {
  const common = schemaNamed('io.k8s.api.core.v1.ConfigMap');
  const always = (['apiVersion', 'kind', 'metadata'] as const).map((name) => [name, common.field(name) ?? untypedSchema] as const);
  return structOf(schema, always);
}
