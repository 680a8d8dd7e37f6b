/** kubectl edit and apply edit-last-applied: objects as YAML in an editor, and a patch of what was changed. */
import { createThreeWayMergePatch, createTwoWayMergePatch, StatusError, type JsonObject, type KubeObject } from '#apimachinery';
import { fieldSchemaOf, kindOf } from '#api';
import {
  allNamespacesFlag,
  defineFlag,
  fieldManagerFlag,
  filenameFlags,
  outputFlags,
  selectorFlags,
  validateFlag,
} from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { fieldValidationOf } from '../dry-run.ts';
import { groupResource, pathOf, printedName } from '../discovery.ts';
import { editUntilSaved, type Attempt } from '../editor.ts';
import { CommandError, SilentExit } from '../errors.ts';
import { parseDocuments } from '../documents.ts';
import { PATCH_TYPES } from '../patches.ts';
import { toJson } from '../printers/json.ts';
import { toYaml } from '../printers/yaml.ts';
import { fetchInfos, readTargets, throwCollected, type Info } from '../targets.ts';

const HEADER = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

const isObject = (value: unknown): value is KubeObject & Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(info: Info, showManaged: boolean): KubeObject {
  const { managedFields: _, ...metadata } = info.object.metadata;
  return showManaged ? info.object : { ...info.object, metadata };
}

/** The edited objects in order; undefined where the file is not valid (missing kinds, no YAML). */
function parsed(text: string, infos: readonly Info[]): KubeObject[] | undefined {
  let values: unknown[];
  try {
    values = parseDocuments(text, 'edited-file');
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
  const objects = values.flatMap((value) =>
    isObject(value) && Array.isArray((value as { items?: unknown }).items) ? (value as unknown as { items: unknown[] }).items : [value],
  );
  const isComplete = objects.every((value) => isObject(value) && typeof value.apiVersion === 'string' && typeof value.kind === 'string');
  return isComplete && objects.length === infos.length ? (objects as KubeObject[]) : undefined;
}

async function save(invocation: Invocation, info: Info, before: KubeObject, after: KubeObject): Promise<Attempt> {
  const { session, flags } = invocation;
  const what = `${groupResource(info.resource)} "${info.name}"`;
  if (after.metadata?.name !== before.metadata.name || after.kind !== before.kind || after.apiVersion !== before.apiVersion)
    throw new CommandError('At least one of apiVersion, kind and name was changed');
  const kind = kindOf(after.apiVersion, after.kind);
  const [old, next] = [before as unknown as JsonObject, after as unknown as JsonObject];
  const patch = kind ? createTwoWayMergePatch(old, next, fieldSchemaOf(kind)) : createThreeWayMergePatch(old, next, old);
  if (Object.keys(patch as object).length === 0) {
    await session.out(`${printedName(info.resource, info.name)} skipped\n`);
    return { reasons: [], failed: false };
  }
  try {
    await session.json({
      method: 'PATCH',
      path: pathOf(info.resource, info.namespace, info.name, flags.text('subresource') || undefined),
      query: { fieldManager: flags.text('field-manager'), fieldValidation: fieldValidationOf(flags) },
      contentType: kind ? PATCH_TYPES.strategic : PATCH_TYPES.merge,
      body: toJson(patch, 0),
    });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.status.reason === 'BadRequest') return { reasons: [`The edited file had a syntax error: ${error.message}`], failed: true };
    if (error.status.reason !== 'Invalid') {
      await session.err(`error: ${what} could not be patched: ${error.message}\n`);
      throw new SilentExit(1);
    }
    await session.err(`error: ${what} is invalid\n`);
    return {
      reasons: (error.status.details?.causes ?? []).map(({ field, message }) => `* ${field ?? ''}: ${message ?? ''}`),
      failed: true,
    };
  }
  await session.out(`${printedName(info.resource, info.name)} edited\n`);
  return { reasons: [], failed: false };
}

/** Whether labels and annotations are texts by name, as decoding an object of any kind requires. */
export function hasDecodableMetadata({ metadata }: KubeObject): boolean {
  const areTexts = (pairs: unknown): boolean =>
    pairs === undefined || pairs === null || (isObject(pairs) && Object.values(pairs).every((value) => typeof value === 'string'));
  return isObject(metadata) && areTexts(metadata.labels) && areTexts(metadata.annotations);
}

/** One look at the edited text: what it says is saved, or why not. */
async function attempt(
  invocation: Invocation,
  infos: readonly Info[],
  shownObjects: readonly KubeObject[],
  text: string,
): Promise<Attempt> {
  const objects = parsed(text, infos);
  const [first] = infos;
  if (!objects) {
    await invocation.session.err(`error: ${groupResource(first!.resource)} "${first!.name}" is invalid\n`);
    return { reasons: ['The edited file failed validation'], failed: true };
  }
  // What cannot be decoded is told in the file alone.
  if (!objects.every(hasDecodableMetadata)) return { reasons: ['The edited file had a syntax error'], failed: true };
  const reasons: string[] = [];
  for (const [at, info] of infos.entries()) reasons.push(...(await save(invocation, info, shownObjects[at]!, objects[at]!)).reasons);
  return { reasons, failed: reasons.length > 0 };
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { allowCollections: true }));
  throwCollected(errors);
  if (infos.length === 0) throw new CommandError('edit cancelled, no objects found');
  const objects = infos.map((info) => shown(info, flags.on('show-managed-fields')));
  const isJson = flags.text('output') === 'json';
  const document = objects.length === 1 ? objects[0]! : { apiVersion: 'v1', items: objects, kind: 'List', metadata: {} };
  const body = isJson ? toJson(document) : toYaml(document);
  await editUntilSaved(session, { header: HEADER, body, extension: isJson ? '.json' : '.yaml' }, (content) =>
    attempt(invocation, infos, objects, content),
  );
}

/** kubectl edit */
export const edit: Command = {
  name: 'edit',
  short: 'Edit a resource on the server',
  group: 'Basic Commands (Intermediate)',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  completes: 'resources',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    ...selectorFlags,
    allNamespacesFlag,
    validateFlag,
    fieldManagerFlag('kubectl-edit'),
    defineFlag('output-patch', 'bool', 'Output the patch if the resource is edited.'),
    defineFlag('save-config', 'bool', 'If true, the configuration of current object will be saved in its annotation.'),
    defineFlag('subresource', 'string', 'If specified, edit will operate on the subresource of the requested object.'),
    defineFlag('windows-line-endings', 'bool', 'Defaults to the line ending native to your platform.'),
  ],
  run,
};
