/** What the verbs below `kubectl set` share: each object's pod spec is changed on a copy, and the difference sent as a patch. */
import { createTwoWayMergePatch, deepCopy, StatusError, type JsonObject, type KubeObject } from '#apimachinery';
import { fieldSchemaOf, kindOf } from '#api';
import type { Invocation } from '../../command.ts';
import { readDryRun } from '../../dry-run.ts';
import { CommandError } from '../../errors.ts';
import { readManifests } from '../../manifests.ts';
import { PATCH_TYPES, report, sendPatch, type PodParts, type Templated } from '../../patches.ts';
import { fetchInfos, readTargets, resourceOfObject, throwCollected, type Info } from '../../targets.ts';
import { withTypedZeros } from '../../typed-zeros.ts';

/** The pod spec of an object; undefined for kinds that run no pods. */
export function podSpecOf({ spec }: KubeObject & Templated): PodParts | undefined {
  if (spec?.template) return (spec.template.spec ??= {});
  if (spec?.jobTemplate) return spec.jobTemplate.spec?.template?.spec;
  return spec?.containers ? spec : undefined;
}

/** How a verb tells what it did, and what could not be done. */
export interface Telling {
  /** `image updated` */
  readonly done: string;
  /** `failed to patch image update to pod template:` — put before the server's refusal. */
  readonly failed: string;
  /** Whether objects that stay as they are are told as well. */
  readonly tellsUnchanged?: boolean;
}

/** The objects a verb works on: the server's, or with --local those of the files. */
export async function objectsMeant(invocation: Invocation, words: readonly string[]): Promise<{ infos: Info[]; errors: unknown[] }> {
  const { flags, session } = invocation;
  if (!flags.on('local')) return fetchInfos(invocation, await readTargets(invocation, { words, allowCollections: flags.on('all') }));
  if (words.length > 0) throw new CommandError('cannot specify resource arguments with --local, use -f');
  const infos: Info[] = [];
  for (const { object, source } of await readManifests(session, flags)) {
    const resource = await resourceOfObject(session, object, source);
    infos.push({ resource, namespace: object.metadata.namespace, name: object.metadata.name, object: withTypedZeros(object), source });
  }
  return { infos, errors: [] };
}

/** Sends what is different between an object and its changed copy, and tells it. */
export async function saveChange(invocation: Invocation, info: Info, after: KubeObject, telling: Telling): Promise<void> {
  const { flags, session } = invocation;
  const dryRun = await readDryRun(session, flags);
  const kind = kindOf(info.object.apiVersion, info.object.kind);
  if (!kind) throw new CommandError(`no kind "${info.object.kind}" is registered for version "${info.object.apiVersion}"`);
  const patch = createTwoWayMergePatch(info.object as unknown as JsonObject, after as unknown as JsonObject, fieldSchemaOf(kind));
  const isEmpty = Object.keys(patch).length === 0;
  if (isEmpty && !telling.tellsUnchanged) return;
  if (flags.on('local') || dryRun === 'client') return report(invocation, info, after, telling.done);
  try {
    await report(invocation, info, isEmpty ? info.object : await sendPatch(invocation, info, patch, PATCH_TYPES.strategic), telling.done);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new CommandError(`${telling.failed} ${error.message}`);
  }
}

/** Changes the pod spec of each object. `change` works on a copy, and throws CommandError for what cannot be done. */
export async function changeEach(
  invocation: Invocation,
  words: readonly string[],
  telling: Telling,
  change: (spec: PodParts, info: Info) => void | Promise<void>,
): Promise<void> {
  const { infos, errors } = await objectsMeant(invocation, words);
  for (const info of infos) {
    try {
      const after = deepCopy(info.object);
      const spec = podSpecOf(after as KubeObject & Templated);
      if (!spec)
        throw new CommandError(
          `${info.resource.plural}/${info.name} the object is not a pod or does not have a pod template: *v1.${info.object.kind}`,
        );
      await change(spec, info);
      await saveChange(invocation, info, after, telling);
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

/** Whether a container is meant by -c, whose stars stand for anything. */
export function isMeant(name: string, pattern: string): boolean {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name);
}
