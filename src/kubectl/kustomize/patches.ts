/** patches, patchesStrategicMerge and patchesJson6902: strategic merges and JSON patches on the resources they mean. */
import { applyJsonPatch, decodeJsonPatch, StatusError, untypedSchema, type JsonObject, type JsonPatchOperation } from '#apimachinery';
import { fieldSchemaOf, kindOf } from '#api';
import type { Process } from '#host';
import { parseDocuments } from '../documents.ts';
import { CommandError } from '../errors.ts';
import { toYaml } from '../printers/yaml.ts';
import { readRootText } from './files.ts';
import type { Kustomization, Patch } from './kustomization.ts';
import {
  identitiesOf,
  identityText,
  isObject,
  isSameIdentity,
  rememberIdentity,
  type Identity,
  type Metadata,
  type Resource,
} from './resource.ts';
import { isSelected } from './selection.ts';
import { mergeStrategic } from './strategic.ts';

interface Options {
  readonly allowNameChange?: boolean;
  readonly allowKindChange?: boolean;
}

/** Merges a patch into a resource, which keeps its name and kind unless they may change. False where the patch deletes it. */
function mergeInto(resource: Resource, patch: JsonObject, options: Options = {}): boolean {
  const { object } = resource;
  const kind = kindOf(String(object['apiVersion']), String(object['kind']));
  const merged = mergeStrategic(object, patch, kind ? fieldSchemaOf(kind) : untypedSchema);
  if (merged === undefined) return false;
  const metadata = (isObject(merged['metadata']) ? merged['metadata'] : {}) as Metadata;
  const name = options.allowNameChange ? metadata.name : object.metadata.name;
  if (name !== object.metadata.name) rememberIdentity(resource);
  const types = options.allowKindChange ? {} : { apiVersion: object['apiVersion'], kind: object['kind'] };
  const namespace = object.metadata.namespace;
  resource.object = { ...merged, ...types, metadata: { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) } };
  return true;
}

function patchJson(resource: Resource, operations: readonly unknown[]): void {
  for (const operation of decodeJsonPatch(operations)) {
    try {
      resource.object = applyJsonPatch(resource.object, [operation]) as Resource['object'];
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw new CommandError(failedOperation(operation));
    }
  }
}

/** Why an operation could not be done, in the words of Go's JSON patch library. */
function failedOperation({ op, path, from }: JsonPatchOperation): string {
  const last = path.slice(path.lastIndexOf('/') + 1);
  switch (op) {
    case 'add':
      return `add operation does not apply: doc is missing path: "${path}": missing value`;
    case 'remove':
      return `error in remove for path: '${path}': Unable to remove nonexistent key: ${last}: missing value`;
    case 'test':
      return `testing value ${path} failed: test failed`;
    case 'move':
    case 'copy':
      return `error in ${op} for path: '${path}': missing value: ${from ?? ''}`;
    default:
      return `${op} operation does not apply: doc is missing path: ${path}: missing value`;
  }
}

/** A patch's documents; whether it is a list of JSON operations. */
function readPatch(
  text: string,
  source: string,
  refuse: () => CommandError,
): { operations?: readonly unknown[]; merges: readonly JsonObject[] } {
  let values: unknown[];
  try {
    values = parseDocuments(text, source);
  } catch (error) {
    throw error instanceof CommandError ? refuse() : error;
  }
  const [first] = values;
  if (Array.isArray(first)) return { operations: first, merges: [] };
  const merges = values.filter(isObject);
  if (merges.length !== values.length || merges.length === 0) throw refuse();
  return { merges };
}

/** The one resource a strategic patch means by its own kind and name. */
function ownTarget(resources: readonly Resource[], patch: JsonObject): Resource {
  const metadata = (isObject(patch['metadata']) ? patch['metadata'] : {}) as Partial<Metadata>;
  const identity: Identity = {
    kind: String(patch['kind'] ?? ''),
    apiVersion: String(patch['apiVersion'] ?? ''),
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
  };
  const found = resources.filter((one) => identitiesOf(one).some((known) => isSameIdentity(known, identity)));
  if (found.length === 1) return found[0]!;
  const told = identityText(identity);
  const why = found.length === 0 ? `no matches for Id ${told}` : `multiple matches for Id ${told}`;
  throw new CommandError(`no resource matches strategic merge patch "${told}": ${why}; failed to find unique target for patch ${told}`);
}

/** Applies strategic patches without a target. */
function mergeByName(resources: Resource[], merges: readonly JsonObject[], options?: Options): void {
  for (const merge of merges) {
    const target = ownTarget(resources, merge);
    if (!mergeInto(target, merge, options)) resources.splice(resources.indexOf(target), 1);
  }
}

function textOf(process: Process, root: string, patch: Patch, configured: () => string): string {
  if (patch.patch !== undefined && patch.path !== undefined)
    throw new CommandError(`${configured()}patch and path can't be set at the same time`);
  if (patch.patch !== undefined) return patch.patch;
  if (patch.path === undefined) throw new CommandError(`${configured()}must specify one of patch and path in\n`);
  try {
    return readRootText(process, root, patch.path);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`${configured()}failed to get the patch file from path(${patch.path}): ${error.message}`);
  }
}

function runPatch(process: Process, root: string, resources: Resource[], patch: Patch): void {
  const configured = (): string => `trouble configuring builtin PatchTransformer with config: \`\n${toYaml(patch)}\`: `;
  const text = textOf(process, root, patch, configured);
  const told = patch.path === undefined ? `patch: ${JSON.stringify(text.trim())}` : `path: ${JSON.stringify(patch.path)}`;
  const refuse = (): CommandError => new CommandError(`${configured()}unable to parse SM or JSON patch from [${told}]`);
  const { operations, merges } = readPatch(text, patch.path ?? 'patch', refuse);
  if (!patch.target) {
    if (operations) throw new CommandError(`must specify a target for JSON patch [${told}]`);
    return mergeByName(resources, merges, patch.options);
  }
  const target = patch.target;
  for (const resource of resources.filter((one) => isSelected(one, target))) {
    if (operations) patchJson(resource, operations);
    else if (!merges.every((merge) => mergeInto(resource, merge, patch.options))) resources.splice(resources.indexOf(resource), 1);
  }
}

function strategicRefusal(paths: readonly string[], why: string): CommandError {
  return new CommandError(`trouble configuring builtin PatchStrategicMergeTransformer with config: \`\n${toYaml({ paths })}\`: ${why}`);
}

function strategicFile(process: Process, root: string, path: string, paths: readonly string[]): string {
  try {
    return readRootText(process, root, path);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw strategicRefusal(paths, error.message);
  }
}

/** Strategic patches and patches with targets: they see names before this kustomization's prefix. */
export function runPatches(process: Process, root: string, kustomization: Kustomization, resources: Resource[]): void {
  const { patchesStrategicMerge = [], patches = [] } = kustomization;
  for (const entry of patchesStrategicMerge) {
    const isInline = entry.includes('\n') || /^\s*\{/.test(entry);
    mergeByName(
      resources,
      readPatch(isInline ? entry : strategicFile(process, root, entry, patchesStrategicMerge), entry, () =>
        strategicRefusal(patchesStrategicMerge, `unable to parse SM patch from [${entry}]`),
      ).merges,
    );
  }
  for (const patch of patches) runPatch(process, root, resources, patch);
}

/** patchesJson6902, which run after names, labels and annotations are set. */
export function runJsonPatches(process: Process, root: string, { patchesJson6902 = [] }: Kustomization, resources: Resource[]): void {
  for (const patch of patchesJson6902) runPatch(process, root, resources, patch);
}
