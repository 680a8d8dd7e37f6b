// Compiles the published schema facts (facts.json, made by scripts/api-facts.mjs, which describes the format) into nodes.
import type { ListType } from '#apimachinery';
import facts from './facts.json' with { type: 'json' };
import type { ScalarType, SchemaNode } from './schema-node.ts';

interface SchemaFacts {
  f?: Record<string, string>;
  a?: number;
  any?: number;
}

const scalarCodes: Readonly<Record<string, { scalar: ScalarType; goType: string }>> = {
  s: { scalar: 'string', goType: 'string' },
  i: { scalar: 'int32', goType: 'int32' },
  l: { scalar: 'int64', goType: 'int64' },
  n: { scalar: 'number', goType: 'float64' },
  b: { scalar: 'boolean', goType: 'bool' },
  y: { scalar: 'bytes', goType: '[]uint8' },
};
/** Schemas that are one value on the wire. */
const specialSchemas: Readonly<Record<string, ScalarType>> = {
  'api.resource.Quantity': 'quantity',
  'util.intstr.IntOrString': 'int-or-string',
  'apis.meta.v1.Time': 'time',
  'apis.meta.v1.MicroTime': 'micro-time',
};

const noFields: ReadonlyMap<string, SchemaNode> = new Map();

/** What the parts after the type say of one field. */
interface Traits {
  defaultValue: unknown;
  enumValues: readonly string[];
  listType: ListType;
  mapKeys: readonly string[];
  isAtomic: boolean;
  mergeKey: string;
  patchStrategies: readonly string[];
  isRequired: boolean;
}

function traitsOf(parts: readonly string[], isRequired: boolean): Traits {
  const traits: Traits = {
    defaultValue: undefined,
    enumValues: [],
    listType: 'atomic',
    mapKeys: [],
    isAtomic: false,
    mergeKey: '',
    patchStrategies: [],
    isRequired,
  };
  for (const part of parts) {
    const equals = part.indexOf('=');
    const value = part.slice(equals + 1);
    switch (part.slice(0, equals)) {
      case 'd':
        traits.defaultValue = JSON.parse(value) as unknown;
        break;
      case 'e':
      case 'ie':
        traits.enumValues = value.split(',');
        break;
      case 't':
        traits.listType = value === 'set' ? 'set' : 'map';
        traits.mapKeys = value === 'set' ? [] : value.slice('map:'.length).split(',');
        break;
      case 'k':
        traits.mergeKey = value;
        break;
      case 'p':
        traits.patchStrategies = value.split(',');
        break;
      case 'a':
        traits.isAtomic = true;
        break;
    }
  }
  return traits;
}

const plainTraits: Traits = traitsOf([], false);

/** "core.v1.Container" → "v1.Container", as Go prints a type with its package. */
const goTypeOf = (name: string): string => name.split('.').slice(-2).join('.');

/**
 * Finds the schemas of the facts by short name. The fields of a struct are compiled when somebody first asks for them: a machine meets a
 * small part of all kinds, and types refer to each other in circles.
 */
function compiled(source: Readonly<Record<string, SchemaFacts>>): (name: string) => SchemaNode | undefined {
  const nodes = new Map<string, SchemaNode>();
  const fieldsOf = new Map<string, ReadonlyMap<string, SchemaNode>>();

  const fieldsNamed = (name: string, texts: Readonly<Record<string, string>>): ReadonlyMap<string, SchemaNode> => {
    const known = fieldsOf.get(name);
    if (known) return known;
    const fields = new Map<string, SchemaNode>();
    fieldsOf.set(name, fields);
    for (const [field, text] of Object.entries(texts)) {
      const [type = '', ...parts] = text.split('|');
      const isRequired = type.startsWith('!');
      fields.set(field, typed(isRequired ? type.slice(1) : type, traitsOf(parts, isRequired)));
    }
    return fields;
  };

  const reference = (name: string, traits: Traits): SchemaNode => {
    const schema = source[name];
    if (!schema) throw new Error(`the schema facts name ${name} but do not hold it`);
    const special = specialSchemas[name];
    if (special) return { ...leaf('scalar', special, goTypeOf(name)), ...traits };
    const { f: texts } = schema;
    if (!texts) return { ...leaf('any', '', goTypeOf(name)), ...traits };
    return {
      ...leaf('struct', '', goTypeOf(name)),
      ...traits,
      isAtomic: traits.isAtomic || schema.a === 1,
      structName: name,
      get fields() {
        return fieldsNamed(name, texts);
      },
      field: (field) => fieldsNamed(name, texts).get(field),
    };
  };

  const typed = (type: string, traits: Traits): SchemaNode => {
    const rest = type.slice(1);
    switch (type.charAt(0)) {
      case '@':
        return reference(rest, traits);
      case '[': {
        const items = typed(rest, plainTraits);
        return { ...leaf('list', '', `[]${items.goType}`), ...traits, items };
      }
      case '{': {
        const values = typed(rest, plainTraits);
        return { ...leaf('map', '', `map[string]${values.goType}`), ...traits, values, field: () => values };
      }
      case 'o':
      case '?':
        return { ...leaf('any', '', 'interface {}'), ...traits };
      default: {
        const code = scalarCodes[type];
        if (!code) throw new Error(`the schema facts hold an unknown type ${type}`);
        return { ...leaf('scalar', code.scalar, code.goType), ...traits };
      }
    }
  };

  return (name) => {
    let node = nodes.get(name);
    if (!node && source[name]) {
      node = reference(name, plainTraits);
      nodes.set(name, node);
    }
    return node;
  };
}

function leaf(type: SchemaNode['type'], scalar: ScalarType, goType: string): SchemaNode {
  return {
    type,
    scalar,
    goType,
    structName: '',
    fields: noFields,
    items: undefined,
    values: undefined,
    field: () => undefined,
    ...plainTraits,
  };
}

const schemaOf = compiled(facts.schemas as Readonly<Record<string, SchemaFacts>>);

/** The part of schema names the facts leave out. */
const sharedPrefix = /^io\.k8s\.(api|apimachinery\.pkg|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\./;

/** The compiled schema of a name as OpenAPI has it ("io.k8s.api.core.v1.Pod"). Throws an Error for a name the facts do not hold. */
export function schemaNamed(name: string): SchemaNode {
  const node = schemaOf(name.replace(sharedPrefix, ''));
  if (!node) throw new Error(`there is no schema named ${name}`);
  return node;
}
