/** A kustomization's build: resources and bases accumulated, generators, components and transformers run, names and references fixed. */
import type { JsonObject, KubeObject } from '#apimachinery';
import type { Process } from '#host';
import { resolvePath } from '#shell';
import { parseDocuments } from '../documents.ts';
import { CommandError } from '../errors.ts';
import { missingText, rootDirectory, rootFile } from './files.ts';
import { runGenerators } from './generators.ts';
import { contentHash } from './hash.ts';
import { loadKustomization, type Kustomization } from './kustomization.ts';
import { inOrder } from './order.ts';
import { runJsonPatches, runPatches } from './patches.ts';
import { fixReferences } from './references.ts';
import { runReplacements } from './replacements.ts';
import { identityOf, identityText, isObject, isSameIdentity, rememberIdentity, resourceOf, type Resource } from './resource.ts';
import { affixNames, setAnnotations, setImages, setLabels, setNamespace, setReplicas } from './transformers.ts';

const withWords = (words: string, error: unknown): unknown =>
  error instanceof CommandError ? new CommandError(`${words}: ${error.message}`) : error;

/** Adds what another kustomization or file gave. Throws CommandError for what is there already. */
function append(into: Resource[], added: readonly Resource[]): void {
  for (const one of added) {
    const identity = identityOf(one);
    if (into.some((present) => isSameIdentity(identityOf(present), identity)))
      throw new CommandError(`may not add resource with an already registered id: ${identityText(identity)}`);
    into.push(one);
  }
}

/** Go's print of an object's metadata, in the complaint about what it lacks. */
function goMeta(object: JsonObject): string {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const { name = '', namespace = '' } = metadata as { name?: string; namespace?: string };
  return `{{${String((object['apiVersion'] as string | undefined) ?? '')} ${String((object['kind'] as string | undefined) ?? '')}} {{${name} ${namespace}} map[] map[]}}`;
}

function checked(value: unknown): JsonObject[] {
  if (!isObject(value)) throw new CommandError('missing Resource metadata');
  if (typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(value['items']))
    return (value['items'] as unknown[]).flatMap(checked);
  if (typeof value['kind'] !== 'string' || value['kind'] === '') throw new CommandError(`missing kind in object ${goMeta(value)}`);
  const metadata = isObject(value['metadata']) ? value['metadata'] : {};
  if (!metadata['name'] && !metadata['generateName']) throw new CommandError(`missing metadata.name in object ${goMeta(value)}`);
  return [value];
}

/** One build: what it reads with, and the directories it is in the middle of. */
interface Build {
  readonly process: Process;
  readonly visiting: readonly string[];
}

/** The resources of a file. Throws CommandError; `malformed` where the file is there and is no YAML. */
function resourcesOfFile({ process }: Build, root: string, path: string): Resource[] {
  const absolute = rootFile(process, root, path);
  const text = process.files.readText(absolute);
  try {
    return parseDocuments(text, path).flatMap(checked).map(resourceOf);
  } catch (error) {
    if (!(error instanceof CommandError) || !error.message.includes('error converting YAML to JSON')) throw error;
    const complaint = error.message.replace(/^.*error converting YAML to JSON: /, '');
    throw new CommandError(`MalformedYAMLError: ${complaint} in File: ${path}`);
  }
}

async function accumulateDirectory(build: Build, resources: Resource[], directory: string, isComponent: boolean): Promise<void> {
  const { process, visiting } = build;
  const visited = visiting.find((one) => one === directory || one.startsWith(`${directory === '/' ? '' : directory}/`));
  if (visited !== undefined) throw new CommandError(`cycle detected: candidate root '${directory}' contains visited root '${visited}'`);
  let kustomization: Kustomization;
  try {
    kustomization = await loadKustomization(process, directory);
  } catch (error) {
    throw withWords(`couldn't make target for path '${directory}'`, error);
  }
  const kind = kustomization.kind ?? 'Kustomization';
  if (isComponent && kind !== 'Component') throw new CommandError(`expected kind 'Component' for path '${directory}' but got '${kind}'`);
  if (!isComponent && kind === 'Component') throw new CommandError(`expected kind != 'Component' for path '${directory}'`);
  const inner: Build = { process, visiting: [...visiting, directory] };
  try {
    // A component works on what its parent has so far; a base stands on its own.
    if (isComponent) return await accumulate(inner, directory, kustomization, resources);
  } catch (error) {
    throw withWords(`recursed accumulation of path '${directory}'`, error);
  }
  const own: Resource[] = [];
  try {
    await accumulate(inner, directory, kustomization, own);
  } catch (error) {
    throw withWords(`recursed accumulation of path '${directory}'`, error);
  }
  try {
    append(resources, own);
  } catch (error) {
    throw withWords(`recursed merging from path '${directory}'`, error);
  }
}

async function accumulateResource(build: Build, root: string, path: string, resources: Resource[]): Promise<void> {
  let refusal: CommandError;
  try {
    return append(resources, resourcesOfFile(build, root, path));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    refusal = new CommandError(`accumulating resources from '${path}': ${error.message}`);
    if (error.message.startsWith('MalformedYAMLError')) throw refusal;
  }
  try {
    const absolute = resolvePath(root, path);
    if (/^(https?:\/\/|git@|github\.com\/)/.test(path)) throw new CommandError(`the lab has no internet: ${path}`);
    await accumulateDirectory(build, resources, rootDirectory(build.process, root, absolute), false);
  } catch (error) {
    throw withWords(`accumulation err='${refusal.message}'`, error);
  }
}

/** Runs a kustomization over `resources`. */
async function accumulate(build: Build, root: string, kustomization: Kustomization, resources: Resource[]): Promise<void> {
  const { process } = build;
  for (const path of [...(kustomization.resources ?? []), ...(kustomization.bases ?? [])]) {
    try {
      await accumulateResource(build, root, path, resources);
    } catch (error) {
      throw withWords('accumulating resources', error);
    }
  }
  runGenerators(process, root, kustomization, resources);
  for (const path of kustomization.components ?? []) {
    const absolute = resolvePath(root, path);
    if (!process.files.stat(absolute))
      throw new CommandError(
        `accumulating components: loader.New "must build at directory: not a valid directory: ${missingText(process, absolute, absolute)}"`,
      );
    try {
      await accumulateDirectory(build, resources, absolute, true);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new CommandError(`accumulating components: accumulateDirectory: ${JSON.stringify(error.message)}`);
    }
  }
  runPatches(process, root, kustomization, resources);
  setNamespace(resources, kustomization.namespace);
  affixNames(resources, kustomization);
  setLabels(resources, kustomization);
  setAnnotations(resources, kustomization);
  runJsonPatches(process, root, kustomization, resources);
  setReplicas(resources, kustomization);
  setImages(resources, kustomization);
  runReplacements(process, root, kustomization, resources);
}

const LOCAL = 'config.kubernetes.io/local-config';

/**
 * The objects of the kustomization in a directory (relative to the process's), in the order they are printed in.
 * Deprecated fields are warned of on stderr. Throws CommandError in kustomize's words.
 */
export async function buildKustomization(process: Process, path: string): Promise<KubeObject[]> {
  if (/^(https?:\/\/|git@|github\.com\/)/.test(path)) throw new CommandError(`the lab has no internet: ${path}`);
  const root = rootDirectory(process, process.cwd, path);
  const kustomization = await loadKustomization(process, root);
  const resources: Resource[] = [];
  await accumulate({ process, visiting: [root] }, root, kustomization, resources);
  for (const resource of resources) {
    if (!resource.needsHash) continue;
    rememberIdentity(resource);
    resource.object.metadata.name += `-${contentHash(process, resource)}`;
  }
  fixReferences(resources);
  const kept = resources.filter(
    ({ object }) => object.metadata.annotations?.[LOCAL] === undefined || object.metadata.annotations[LOCAL] === 'false',
  );
  return inOrder(kept, kustomization.sortOptions).map(({ object }) => object as unknown as KubeObject);
}
