/** configMapGenerator and secretGenerator: objects from literals, files and files of KEY=value lines; merged into or put in place of earlier ones. */
import type { JsonObject } from '#apimachinery';
import type { Process } from '#host';
import { baseName } from '#shell';
import { CommandError } from '../errors.ts';
import { readRootFile } from './files.ts';
import type { GeneratorArgs, GeneratorOptions, Kustomization } from './kustomization.ts';
import { identitiesOf, isObject, isSameIdentity, resourceOf, type Identity, type Resource } from './resource.ts';

type Pair = readonly [key: string, value: Uint8Array];

const KEY = /^[-._a-zA-Z0-9]+$/;
const encoder = new TextEncoder();

function withKeys(part: string, read: () => Pair[]): Pair[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`loading KV pairs: ${part}: ${error.message}`);
  }
}

function literalPair(text: string): Pair {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new CommandError(`invalid literal source ${text}, expected key=value`);
  const value = text.slice(equals + 1);
  const quoted = /^(["'])([^]*)\1$/.exec(value);
  return [text.slice(0, equals), encoder.encode(quoted && value.length > 1 ? quoted[2]! : value)];
}

function filePair(process: Process, root: string, text: string): Pair {
  const equals = text.indexOf('=');
  if (text.indexOf('=', equals + 1) > equals && equals >= 0) throw new CommandError("key names or file paths cannot contain '='");
  const path = text.slice(equals + 1);
  if (equals === 0) throw new CommandError(`missing key name for file path "${path}" in source "${text}"`);
  if (equals > 0 && path === '') throw new CommandError(`missing file path for key name "${text.slice(0, equals)}" in source "${text}"`);
  return [equals > 0 ? text.slice(0, equals) : baseName(path), readRootFile(process, root, path)];
}

function environmentPairs(process: Process, text: string): Pair[] {
  const pairs: Pair[] = [];
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const key = equals < 0 ? line : line.slice(0, equals);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key)) throw new CommandError(`"${key}" is not a valid key name: line ${at}`);
    pairs.push([key, encoder.encode(equals < 0 ? (process.env[key] ?? '') : line.slice(equals + 1))]);
  }
  return pairs;
}

function pairsOf(process: Process, root: string, args: GeneratorArgs, kind: string): Pair[] {
  const { literals = [], files = [], envs = [], env } = args;
  const environments = env === undefined ? envs : [...envs, env];
  const goList = (list: readonly string[]): string => `[${list.join(' ')}]`;
  const pairs = [
    ...withKeys(`env source files: ${goList(environments)}`, () =>
      environments.flatMap((path) => environmentPairs(process, new TextDecoder().decode(readRootFile(process, root, path)))),
    ),
    ...withKeys(`literal sources ${goList(literals)}`, () => literals.map(literalPair)),
    ...withKeys(`file sources: ${goList(files)}`, () => files.map((text) => filePair(process, root, text))),
  ];
  const seen = new Set<string>();
  for (const [key] of pairs) {
    if (!KEY.test(key)) throw new CommandError(`configmap ${args.name ?? ''}: "${key}" is not a valid key name`);
    if (seen.has(key)) throw new CommandError(`${kind.toLowerCase()} ${args.name ?? ''} illegally repeats the key \`${key}\``);
    seen.add(key);
  }
  return pairs;
}

const toBase64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** The text of valid UTF-8, undefined for other bytes. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function dataOf(kind: string, pairs: readonly Pair[]): { data?: JsonObject; binaryData?: JsonObject } {
  const data: Record<string, string> = {};
  const binary: Record<string, string> = {};
  for (const [key, bytes] of pairs) {
    const text = kind === 'Secret' ? toBase64(bytes) : textOf(bytes);
    if (text === undefined) binary[key] = toBase64(bytes);
    else data[key] = text;
  }
  return {
    ...(Object.keys(data).length ? { data } : {}),
    ...(Object.keys(binary).length ? { binaryData: binary } : {}),
  };
}

function optionsOf(own: GeneratorOptions = {}, shared: GeneratorOptions = {}): GeneratorOptions {
  return {
    labels: { ...shared.labels, ...own.labels },
    annotations: { ...shared.annotations, ...own.annotations },
    disableNameSuffixHash: Boolean(own.disableNameSuffixHash ?? false) || Boolean(shared.disableNameSuffixHash),
    immutable: Boolean(own.immutable) || Boolean(shared.immutable),
  };
}

function generated(process: Process, root: string, kind: string, args: GeneratorArgs, shared: GeneratorOptions | undefined): Resource {
  if (!args.name) throw new CommandError(`a ${kind.toLowerCase()} must have a name`);
  const options = optionsOf(args.options, shared);
  const resource = resourceOf({
    apiVersion: 'v1',
    kind,
    ...dataOf(kind, pairsOf(process, root, args, kind)),
    ...(kind === 'Secret' ? { type: args.type || 'Opaque' } : {}),
    ...(options.immutable ? { immutable: true } : {}),
    metadata: {
      name: args.name,
      ...(args.namespace ? { namespace: args.namespace } : {}),
      ...(Object.keys(options.labels ?? {}).length ? { labels: options.labels } : {}),
      ...(Object.keys(options.annotations ?? {}).length ? { annotations: options.annotations } : {}),
    },
  });
  resource.needsHash = !options.disableNameSuffixHash;
  return resource;
}

const BEHAVIOURS = ['', 'unspecified', 'create', 'merge', 'replace'];

/** Puts a generated object beside, over or in place of what is there. */
function absorb(resources: Resource[], made: Resource, behaviour: string): void {
  const identity: Identity = {
    kind: String(made.object['kind']),
    apiVersion: 'v1',
    name: made.object.metadata.name,
    namespace: made.object.metadata.namespace ?? '',
  };
  const present = resources.filter((one) => identitiesOf(one).some((known) => isSameIdentity(known, identity)));
  const told = `resid.ResId{Gvk:resid.Gvk{Group:"", Version:"v1", Kind:"${identity.kind}", isClusterScoped:false}, Name:"${identity.name}", Namespace:"${identity.namespace}"}`;
  if (present.length > 1) throw new CommandError(`merging from generator: found multiple objects ${told} that could accept merge`);
  const [old] = present;
  if (!old) {
    if (behaviour === 'merge' || behaviour === 'replace')
      throw new CommandError(`merging from generator: id ${told} does not exist; cannot merge or replace`);
    resources.push(made);
    return;
  }
  if (behaviour !== 'merge' && behaviour !== 'replace')
    throw new CommandError(`merging from generator: id ${told} exists; behavior must be merge or replace`);
  const { metadata } = old.object;
  for (const field of ['labels', 'annotations'] as const) {
    const all = { ...metadata[field], ...made.object.metadata[field] };
    if (Object.keys(all).length) metadata[field] = all;
  }
  for (const field of ['data', 'binaryData']) {
    const [before, after] = [old.object[field], made.object[field]];
    const value = behaviour === 'merge' ? { ...(isObject(before) ? before : {}), ...(isObject(after) ? after : {}) } : after;
    if (isObject(value) && Object.keys(value).length) old.object[field] = value;
    else delete old.object[field];
  }
  if (made.object['immutable'] !== undefined) old.object['immutable'] = made.object['immutable'];
  old.needsHash = made.needsHash;
}

/** Runs the generators of a kustomization over what its resources gave. Throws CommandError in kustomize's words. */
export function runGenerators(process: Process, root: string, kustomization: Kustomization, resources: Resource[]): void {
  const { configMapGenerator = [], secretGenerator = [], generatorOptions } = kustomization;
  for (const [kind, list] of [
    ['ConfigMap', configMapGenerator],
    ['Secret', secretGenerator],
  ] as const) {
    for (const args of list) {
      const behaviour = args.behavior ?? '';
      if (!BEHAVIOURS.includes(behaviour)) throw new CommandError(`unknown behavior "${behaviour}"`);
      absorb(resources, generated(process, root, kind, args, generatorOptions), behaviour);
    }
  }
}
