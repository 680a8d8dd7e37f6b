// Collects the protobuf field numbers of the API's types from the descriptors that a kubectl binary (up to 1.34) carries, for the types
// that src/api/schema/facts.json holds. A type is one text: "1name 2image 19envFrom"; "2*core.v1.VolumeSource" is a part whose fields
// stand in the type itself in JSON.
// Usage: node scripts/api-field-numbers.mjs /usr/bin/kubectl [src/api/schema/field-numbers.json]
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [binary, target = 'src/api/schema/field-numbers.json'] = process.argv.slice(2);
if (!binary) {
  process.stderr.write('usage: node scripts/api-field-numbers.mjs KUBECTL [TARGET.json]\n');
  process.exit(2);
}

/** Fields added after the binary's release, in Kubernetes 1.33. */
const newer = {
  'core.v1.Lifecycle': '3stopSignal',
  'core.v1.ContainerStatus': '15stopSignal',
  'core.v1.PodCondition': '7observedGeneration',
  'core.v1.PodStatus': '17observedGeneration',
};

function* fieldsOf(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key & 7];
    if (wire === 0) yield [number, varint()];
    else if (wire === 2) {
      const length = varint();
      yield [number, bytes.subarray(at, at + length)];
      at += length;
    } else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
    } else throw new Error(`unknown wire type ${wire}`);
  }
}

/** Every gzip stream of the binary that holds a descriptor of a generated.proto. */
function* descriptors(data) {
  const magic = Buffer.from([0x1f, 0x8b, 0x08]);
  for (let at = data.indexOf(magic); at >= 0; at = data.indexOf(magic, at + 1)) {
    let bytes;
    try {
      bytes = gunzipSync(data.subarray(at, at + 600_000), { finishFlush: 2 });
    } catch (error) {
      // Not every three such bytes begin a stream; one that does is followed by other data.
      if (error.code === undefined) throw error;
      continue;
    }
    if (bytes.subarray(0, 80).includes('generated.proto')) yield bytes;
  }
}

const shortName = (name) =>
  name.replace(/^\.?k8s\.io\.(api|apimachinery\.pkg|apiextensions_apiserver\.pkg\.apis|kube_aggregator\.pkg\.apis)\./, '');
const text = (bytes) => Buffer.from(bytes).toString('utf8');

const messages = new Map();
for (const file of descriptors(readFileSync(realpathSync(binary)))) {
  let pack = '';
  for (const [number, value] of fieldsOf(file)) {
    if (number === 2) pack = text(value);
    if (number !== 4) continue;
    let name = '';
    const fields = [];
    for (const [part, content] of fieldsOf(value)) {
      if (part === 1) name = text(content);
      if (part !== 2) continue;
      const field = {};
      for (const [key, found] of fieldsOf(content)) {
        if (key === 1) field.name = text(found);
        if (key === 3) field.number = found;
        if (key === 6) field.type = shortName(text(found));
      }
      fields.push(field);
    }
    messages.set(shortName(`${pack}.${name}`), fields);
  }
}

const { schemas } = JSON.parse(readFileSync('src/api/schema/facts.json', 'utf8'));
const kept = {};
const keep = (name, schemaFields) => {
  const fields = messages.get(name);
  if (!fields || kept[name]) return;
  const lines = fields.map(({ name: field, number, type }) => {
    // A few protobuf names differ from JSON's in case.
    const known = Object.keys(schemaFields).find((each) => each.toLowerCase() === field.toLowerCase());
    if (known !== undefined) return `${number}${known}`;
    if (type === undefined || !messages.has(type)) return undefined;
    keep(type, schemaFields);
    return `${number}*${type}`;
  });
  kept[name] = [...lines.filter(Boolean), ...(newer[name] ? [newer[name]] : [])].join(' ');
};
for (const [name, { f }] of Object.entries(schemas)) if (f) keep(name, f);
const sorted = Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(target, `${JSON.stringify(sorted, null, 1)}\n`);
console.log(`${Object.keys(sorted).length} types`);
