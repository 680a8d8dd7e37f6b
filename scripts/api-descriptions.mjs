// Collects what Kubernetes' OpenAPI documents say of each type and field (what `kubectl explain` prints) from the comments in the
// declarations of the package kubernetes-models, for the types that src/api/schema/facts.json holds. The texts are Kubernetes' (Apache-2.0).
// Usage: node scripts/api-descriptions.mjs [src/api/schema/descriptions.json]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [target = 'src/api/schema/descriptions.json'] = process.argv.slice(2);
const groups = {
  core: '',
  admissionregistration: 'admissionregistration.k8s.io/',
  apiextensions: 'apiextensions.k8s.io/',
  apiregistration: 'apiregistration.k8s.io/',
  authentication: 'authentication.k8s.io/',
  authorization: 'authorization.k8s.io/',
  certificates: 'certificates.k8s.io/',
  coordination: 'coordination.k8s.io/',
  discovery: 'discovery.k8s.io/',
  events: 'events.k8s.io/',
  flowcontrol: 'flowcontrol.apiserver.k8s.io/',
  networking: 'networking.k8s.io/',
  node: 'node.k8s.io/',
  rbac: 'rbac.authorization.k8s.io/',
  scheduling: 'scheduling.k8s.io/',
  storage: 'storage.k8s.io/',
};

function fileOf(name) {
  const parts = name.split('.');
  if (/^(apis|api|util|runtime|version)\./.test(name)) return `node_modules/@kubernetes-models/apimachinery/${parts.join('/')}.d.ts`;
  const [group, version, type] = parts;
  return `node_modules/kubernetes-models/${groups[group] ?? `${group}/`}${version}/${type}.d.ts`;
}

/** The text of a comment's lines. */
const textOf = (comment) =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .replaceAll('*\\/', '*/')
    .replaceAll('\\*', '*')
    .trim();

// What every top-level object has, and the package leaves out because it fixes the values.
const typeMeta = {
  apiVersion:
    'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources',
  kind: 'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds',
};

const { schemas } = JSON.parse(readFileSync('src/api/schema/facts.json', 'utf8'));
const descriptions = {};
const missing = [];
for (const [name, { f }] of Object.entries(schemas)) {
  const file = fileOf(name);
  if (!existsSync(file)) {
    missing.push(name);
    continue;
  }
  const text = readFileSync(file, 'utf8');
  const found = {};
  const type = /\/\*\*\n((?: \*(?!\/)[^\n]*\n)+) \*\/\nexport (?:interface|type|declare type) /.exec(text);
  if (type) found[''] = textOf(type[1]);
  const body = text.slice(text.indexOf('export interface'), text.indexOf('\n}', text.indexOf('export interface')));
  for (const match of body.matchAll(/\/\*\*\n((?:\s+\*(?!\/)[^\n]*\n)+)\s+\*\/\s+"([^"]+)"/g))
    if (f?.[match[2]]) found[match[2]] ??= textOf(match[1]);
  if (f?.apiVersion && f.kind && f.metadata) for (const [field, words] of Object.entries(typeMeta)) found[field] ??= words;
  if (Object.keys(found).length > 0) descriptions[name] = found;
}
// The package leaves out what is said of Quantity: it is kept as it was found.
const quantity = 'api.resource.Quantity';
if (existsSync(target)) descriptions[quantity] ??= JSON.parse(readFileSync(target, 'utf8'))[quantity];
writeFileSync(target, `${JSON.stringify(descriptions, null, 1)}\n`);
console.log(`${Object.keys(descriptions).length} types; without a declaration: ${missing.join(', ') || 'none'}`);
