/** kubectl apply view-last-applied, set-last-applied and edit-last-applied. */
import type { KubeObject } from '#apimachinery';
import { CommandError } from '../errors.ts';
import { defineFlag, dryRunFlag, filenameFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { goResource, pathOf, printedName } from '../discovery.ts';
import { editUntilSaved, type Attempt } from '../editor.ts';
import { hasDecodableMetadata } from './edit.ts';
import { LAST_APPLIED, lastAppliedText } from '../last-applied.ts';
import { parseDocuments } from '../documents.ts';
import { toJson } from '../printers/json.ts';
import { toYaml } from '../printers/yaml.ts';
import { fetchInfos, readTargets, throwCollected, type Info } from '../targets.ts';

async function view(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { allowCollections: true }));
  throwCollected(errors);
  for (const { object, source } of infos) {
    const text = object.metadata.annotations?.[LAST_APPLIED];
    if (text === undefined)
      throw new CommandError(
        `no last-applied-configuration annotation found on resource: ${object.metadata.name}${source ? `, to create the annotation, run the command with --create-annotation` : ''}`,
      );
    const value: unknown = JSON.parse(text);
    await session.out(flags.text('output') === 'json' ? toJson(value, 2) : toYaml(value));
  }
}

async function set(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  for (const target of await readTargets(invocation, { allowCollections: false })) {
    const live = await session.json<{ metadata: { annotations?: Record<string, string> } }>({
      method: 'GET',
      path: pathOf(target.resource, target.namespace, target.name),
    });
    if (live.metadata.annotations?.[LAST_APPLIED] === undefined && !flags.on('create-annotation')) {
      throw new CommandError(
        `no last-applied-configuration annotation found on resource: ${target.name ?? ''}, to create the annotation, run the command with --create-annotation (${goResource(target.resource)})`,
      );
    }
    await session.json({
      method: 'PATCH',
      path: pathOf(target.resource, target.namespace, target.name),
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { [LAST_APPLIED]: lastAppliedText(target.object!) } } },
    });
    await session.out(`${printedName(target.resource, target.name ?? '')} configured\n`);
  }
}

const EDIT_HEADER = `# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
`;

/** Lets somebody edit what apply remembers of an object. */
async function editRemembered(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { allowCollections: true }));
  throwCollected(errors);
  for (const { object, resource, namespace, name } of infos) {
    const text = object.metadata.annotations?.[LAST_APPLIED];
    if (text === undefined)
      throw new CommandError(
        `no last-applied-configuration annotation found on resource: ${name}, to create the annotation, use the command with --create-annotation`,
      );
    const isJson = flags.text('output') === 'json';
    const remembered: unknown = JSON.parse(text);
    const body = isJson ? toJson(remembered) : toYaml(remembered);
    await editUntilSaved(session, { header: EDIT_HEADER, body, extension: isJson ? '.json' : '.yaml' }, (content) =>
      rememberEdited(invocation, { object, resource, namespace, name }, content),
    );
  }
}

/** Stores an edited configuration as the annotation of its object. */
async function rememberEdited({ session }: Invocation, info: Info, content: string): Promise<Attempt> {
  const { object, resource, namespace, name } = info;
  let manifest: KubeObject | undefined;
  try {
    [manifest] = parseDocuments(content, 'edited-file') as KubeObject[];
  } catch (error) {
    if (error instanceof CommandError) return { reasons: [`The edited file had a syntax error: ${error.message}`], failed: true };
    throw error;
  }
  if (!manifest || !hasDecodableMetadata(manifest)) return { reasons: ['The edited file had a syntax error'], failed: true };
  if (manifest.kind !== object.kind || manifest.apiVersion !== object.apiVersion || manifest.metadata.name !== name)
    throw new CommandError('At least one of apiVersion, kind and name was changed');
  await session.json({
    method: 'PATCH',
    path: pathOf(resource, namespace, name),
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { [LAST_APPLIED]: lastAppliedText(manifest) } } },
  });
  await session.out(`${printedName(resource, name)} edited\n`);
  return { reasons: [], failed: false };
}

/** The verbs below apply. */
export const applyCommands: readonly Command[] = [
  {
    name: 'view-last-applied',
    short: 'View the latest last-applied-configuration annotations of a resource/object',
    usage: '(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]',
    completes: 'resources',
    flags: [
      ...filenameFlags,
      defineFlag('output', 'string', 'Output format. Must be one of (yaml, json)', { short: 'o', initial: 'yaml' }),
      defineFlag('selector', 'string', 'Selector (label query) to filter on', { short: 'l' }),
      defineFlag('all', 'bool', 'Select all resources in the namespace of the specified resource types'),
    ],
    run: view,
  },
  {
    name: 'set-last-applied',
    short: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
    usage: '-f FILENAME [options]',
    completes: 'none',
    flags: [
      ...filenameFlags,
      dryRunFlag,
      defineFlag('create-annotation', 'bool', "Will create 'last-applied-configuration' annotations if current objects doesn't have one"),
      defineFlag('output', 'string', 'Output format.', { short: 'o' }),
    ],
    run: set,
  },
  {
    name: 'edit-last-applied',
    short: 'Edit latest last-applied-configuration annotations of a resource/object',
    usage: '(RESOURCE/NAME | -f FILENAME) [options]',
    completes: 'resources',
    flags: [
      ...filenameFlags,
      defineFlag('output', 'string', 'Output format. Must be one of (yaml, json)', { short: 'o', initial: 'yaml' }),
      defineFlag('windows-line-endings', 'bool', 'Defaults to the line ending native to your platform.'),
    ],
    run: editRemembered,
  },
];
