/** kubectl apply view-last-applied and set-last-applied. */
import { CommandError } from '../errors.ts';
import { defineFlag, dryRunFlag, filenameFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { goResource, pathOf, printedName } from '../discovery.ts';
import { LAST_APPLIED, lastAppliedText } from '../last-applied.ts';
import { toJson } from '../printers/json.ts';
import { toYaml } from '../printers/yaml.ts';
import { fetchInfos, readTargets, throwCollected } from '../targets.ts';

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
];
