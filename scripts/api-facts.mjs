// Turns the schemas a Kubernetes API server publishes at /openapi/v3 (one JSON file: { kubernetes, schemas: { name: schema } },
// descriptions not needed) into the compact facts the API is compiled from.
// Usage: node scripts/api-facts.mjs OPENAPI_FACTS.json [src/api/schema/facts.json]
//
// A field is one text:  [!]TYPE[|KEY=VALUE…]
//   !        required
//   TYPE     s string, i int32, l int64, n number, b boolean, y bytes, o any object, ? anything,
//            @NAME another schema, [TYPE list of, {TYPE map of
//   d=JSON   default          e=A,B  enum            t=map:KEYS | t=set   list type (atomic is not written)
//   k=NAME   merge key        p=A,B  patch strategy  a=1   owned as a whole (struct or map)      ie=A,B enum of the list's elements
import { readFileSync, writeFileSync } from 'node:fs';

const [source, target = 'src/api/schema/facts.json'] = process.argv.slice(2);
if (!source) {
  process.stderr.write('usage: node scripts/api-facts.mjs OPENAPI_FACTS.json [TARGET.json]\n');
  process.exit(2);
}
const input = JSON.parse(readFileSync(source, 'utf8'));

/** io.k8s.api.core.v1.Pod → core.v1.Pod: the part all names share is not written. */
const shortName = (name) =>
  name.replace(/^io\.k8s\.(api|apimachinery\.pkg|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\./, '');
const scalars = {
  'string/': 's',
  'string/byte': 'y',
  'integer/int32': 'i',
  'integer/int64': 'l',
  'integer/': 'l',
  'number/double': 'n',
  'number/': 'n',
  'boolean/': 'b',
};

function typeOf(property) {
  const reference = property.$ref ?? property.allOf?.[0]?.$ref;
  if (reference) return `@${shortName(reference)}`;
  if (property.type === 'array') return `[${typeOf(property.items)}`;
  if (property.type === 'object') return property.additionalProperties ? `{${typeOf(property.additionalProperties)}` : 'o';
  if (!property.type) return '?';
  const code = scalars[`${property.type}/${property.format ?? ''}`];
  if (!code) throw new Error(`no code for ${JSON.stringify(property)}`);
  return code;
}

function fieldOf(property, isRequired) {
  const parts = [`${isRequired ? '!' : ''}${typeOf(property)}`];
  if (property.default !== undefined) parts.push(`d=${JSON.stringify(property.default)}`);
  if (property.enum) parts.push(`e=${property.enum.join(',')}`);
  if (property.items?.enum) parts.push(`ie=${property.items.enum.join(',')}`);
  const listType = property['x-kubernetes-list-type'];
  const mapKeys = property['x-kubernetes-list-map-keys'];
  if (listType === 'map') parts.push(`t=map:${mapKeys.join(',')}`);
  else if (listType === 'set') parts.push('t=set');
  if (property['x-kubernetes-map-type'] === 'atomic') parts.push('a=1');
  if (property['x-kubernetes-patch-merge-key']) parts.push(`k=${property['x-kubernetes-patch-merge-key']}`);
  if (property['x-kubernetes-patch-strategy']) parts.push(`p=${property['x-kubernetes-patch-strategy']}`);
  return parts.join('|');
}

const schemas = {};
for (const [name, schema] of Object.entries(input.schemas)) {
  const out = {};
  if (schema.properties) {
    out.f = Object.fromEntries(
      Object.entries(schema.properties).map(([field, property]) => [field, fieldOf(property, (schema.required ?? []).includes(field))]),
    );
  } else if (!schema.oneOf && schema.type === 'object') out.any = 1;
  if (schema['x-kubernetes-map-type'] === 'atomic') out.a = 1;
  if (schema['x-kubernetes-unions']) out.u = schema['x-kubernetes-unions'];
  schemas[shortName(name)] = out;
}
const lines = Object.entries(schemas).map(([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`);
// A few schemas to a line keep the file short enough to look at and a change small enough to review.
const rows = [];
for (let index = 0; index < lines.length; index += 2) rows.push(lines.slice(index, index + 2).join(','));
writeFileSync(target, `{"kubernetes":${JSON.stringify(input.kubernetes)},"schemas":{\n${rows.join(',\n')}\n}}\n`);
process.stdout.write(`${Object.keys(schemas).length} schemas of Kubernetes ${input.kubernetes} written to ${target}\n`);
