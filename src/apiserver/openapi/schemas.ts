/** Kinds' schemas as OpenAPI: one component per named type, with the extensions clients merge and validate by, and Kubernetes' descriptions. */
import type { Kind, OwnSchema, SchemaNode } from '#api';
import { schemaNamed } from '#api';

/** What is said of types (under '') and their fields, by the short name of the type. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A JSON value under construction. */
export type Fields = Record<string, unknown>;

const sharedTypes = /^(apis\.meta|api\.resource|util\.intstr|runtime|version)\./;

/** The full name of a type: core.v1.Pod → io.k8s.api.core.v1.Pod. */
export function fullName(name: string): string {
  if (name.startsWith('io.k8s.')) return name;
  return sharedTypes.test(name) ? `io.k8s.apimachinery.pkg.${name}` : `io.k8s.api.${name}`;
}

/** The name in the facts: io.k8s.apimachinery.pkg.apis.meta.v1.Time → apis.meta.v1.Time. */
const shortName = (name: string): string => name.replace(/^io\.k8s\.(api|apimachinery\.pkg)\./, '');

const specialNames: Readonly<Record<string, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'micro-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
};

const specialSchemas: Readonly<Record<string, Fields>> = {
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'int-or-string': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  time: { format: 'date-time', type: 'string' },
  'micro-time': { format: 'date-time', type: 'string' },
};

const scalars: Readonly<Record<string, Fields>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { format: 'int32', type: 'integer' },
  int64: { format: 'int64', type: 'integer' },
  number: { format: 'double', type: 'number' },
  bytes: { format: 'byte', type: 'string' },
};

/** Whose apiVersion, kind and metadata those of custom resources are described like. */
const describedLike = 'io.k8s.api.core.v1.ConfigMap';

/** What version 2 of OpenAPI cannot say. */
const onlyVersion3: ReadonlySet<string> = new Set(['oneOf', 'anyOf', 'not', 'allOf', 'nullable', 'default', 'x-kubernetes-validations']);

/** A definition's schema as version 2 can say it: what keeps unknown fields or is null at times has no structure there. */
function withoutVersion3(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  const fields = schema as Fields;
  if (fields['x-kubernetes-preserve-unknown-fields'] === true || fields['nullable'] === true) {
    const { description } = fields;
    return { ...(description === undefined ? {} : { description }), 'x-kubernetes-preserve-unknown-fields': true };
  }
  const below = (name: string, value: unknown): unknown =>
    name === 'properties'
      ? Object.fromEntries(Object.entries(value as Fields).map(([each, property]) => [each, withoutVersion3(property)]))
      : name === 'items' || name === 'additionalProperties'
        ? withoutVersion3(value)
        : value;
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => !onlyVersion3.has(name))
      .map(([name, value]) => [name, below(name, value)]),
  );
}

/** Collects the components that a document needs. `root` is where references point: '#/components/schemas/' or '#/definitions/'. */
export class Components {
  readonly schemas: Record<string, Fields> = {};
  constructor(
    readonly root: string,
    readonly descriptions: Descriptions,
  ) {}

  private said(name: string, field = ''): Fields {
    const text = this.descriptions[name]?.[field];
    return text === undefined ? {} : { description: text };
  }

  /** Version 2 has no oneOf. */
  private special(name: string): Fields {
    if (this.root.includes('components')) return specialSchemas[name]!;
    return name === 'int-or-string'
      ? { format: 'int-or-string', type: 'string' }
      : name === 'quantity'
        ? { type: 'string' }
        : specialSchemas[name]!;
  }

  /** A reference to a type, which is added with all it refers to. */
  private reference(name: string, make: () => Fields): Fields {
    if (!this.schemas[name]) {
      // Set before its fields are looked at, because types refer to themselves.
      const schema: Fields = {};
      this.schemas[name] = schema;
      Object.assign(schema, make());
    }
    const reference = { $ref: `${this.root}${name}` };
    // A reference may carry nothing beside it; version 3 wraps it where a default stands beside.
    return reference;
  }

  private type(node: SchemaNode): Fields {
    if (node.structName) return this.reference(fullName(node.structName), () => this.struct(node));
    const special = specialNames[node.scalar];
    if (special) return this.reference(special, () => ({ ...this.said(shortName(special)), ...this.special(node.scalar) }));
    if (node.type === 'scalar') return { ...scalars[node.scalar] };
    if (node.type === 'list') return { items: node.items ? this.type(node.items) : {}, type: 'array' };
    if (node.type === 'map') return { additionalProperties: node.values ? this.type(node.values) : {}, type: 'object' };
    return { type: 'object' };
  }

  private field(node: SchemaNode, said: Fields): Fields {
    const schema = this.type(node);
    const hasMore = node.defaultValue !== undefined || 'description' in said;
    const isWrapped = '$ref' in schema && this.root.includes('components') && hasMore;
    const shown: Fields = { ...said, ...(isWrapped ? { allOf: [schema] } : schema) };
    if (node.defaultValue !== undefined && (isWrapped || !('$ref' in schema))) shown['default'] = node.defaultValue;
    // What a list's elements may be is said of the elements.
    if (node.enumValues.length > 0 && node.type === 'list') shown['items'] = { ...(shown['items'] as Fields), enum: node.enumValues };
    else if (node.enumValues.length > 0) shown['enum'] = node.enumValues;
    if (node.type === 'list') {
      if (node.listType !== 'atomic' || node.isAtomic || !node.mergeKey) shown['x-kubernetes-list-type'] = node.listType;
      if (node.mapKeys.length > 0) shown['x-kubernetes-list-map-keys'] = node.mapKeys;
    }
    if (node.mergeKey) shown['x-kubernetes-patch-merge-key'] = node.mergeKey;
    if (node.patchStrategies.length > 0) shown['x-kubernetes-patch-strategy'] = node.patchStrategies.join(',');
    if (node.type === 'map' && node.isAtomic) shown['x-kubernetes-map-type'] = 'atomic';
    return shown;
  }

  private struct(node: SchemaNode): Fields {
    const properties: Record<string, Fields> = {};
    const required: string[] = [];
    for (const [name, field] of node.fields) {
      properties[name] = this.field(field, this.said(node.structName, name));
      if (field.isRequired) required.push(name);
    }
    return {
      ...this.said(node.structName),
      ...(required.length > 0 ? { required } : {}),
      type: 'object',
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(node.isAtomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    };
  }

  /** Adds a kind and its list; answers the reference to the kind. */
  addKind(kind: Pick<Kind, 'schema' | 'ownSchema' | 'group' | 'version' | 'kind' | 'listKind' | 'verbs'>): Fields {
    const { ownSchema, group, version } = kind;
    const name = ownSchema ? kind.schema : fullName(kind.schema);
    const node = ownSchema ? schemaNamed(describedLike) : schemaNamed(kind.schema);
    const reference = this.reference(name, () => (ownSchema ? this.defined(ownSchema) : this.struct(node)));
    this.schemas[name]!['x-kubernetes-group-version-kind'] = [{ group, kind: kind.kind, version }];
    if (kind.verbs.includes('list')) {
      const listName = `${name}List`;
      const meta = this.reference(fullName('apis.meta.v1.ListMeta'), () =>
        this.struct(schemaNamed('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta')),
      );
      this.schemas[listName] = {
        required: ['items'],
        type: 'object',
        properties: {
          apiVersion: { ...this.said(`${node.structName}List`, 'apiVersion'), type: 'string' },
          items: { ...this.said(`${node.structName}List`, 'items'), items: reference, type: 'array' },
          kind: { ...this.said(`${node.structName}List`, 'kind'), type: 'string' },
          metadata: meta,
        },
        'x-kubernetes-group-version-kind': [{ group, kind: kind.listKind, version }],
      };
    }
    return reference;
  }

  /** The type of a definition's objects: its own schema, and what every object has. */
  private defined({ openApi }: OwnSchema): Fields {
    const common = this.struct(schemaNamed(describedLike))['properties'] as Fields;
    const { properties, ...schema } = this.root.includes('components') ? openApi : (withoutVersion3(openApi) as Fields);
    const { apiVersion, kind, metadata } = common;
    return { ...schema, type: 'object', properties: { apiVersion, kind, metadata, ...(properties as Fields | undefined) } };
  }

  /** A reference to a type by its full name. */
  addNamed(name: string): Fields {
    return this.reference(name, () => this.struct(schemaNamed(name)));
  }
}
