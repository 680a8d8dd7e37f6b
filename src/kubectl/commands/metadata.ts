/** kubectl label and kubectl annotate. */
import type { KubeObject } from '#apimachinery';
import { allNamespacesFlag, defineFlag, dryRunFlag, fieldManagerFlag, filenameFlags, outputFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { pathOf, printedName } from '../discovery.ts';
import { dryRunSuffix, readDryRun } from '../dry-run.ts';
import { CommandError } from '../errors.ts';
import { objectPrinter } from '../printers/output.ts';
import { readManifests } from '../manifests.ts';
import { fetchInfos, readTargets, resourceOfObject, throwCollected, type Info } from '../targets.ts';

interface Kind {
  readonly field: 'labels' | 'annotations';
  readonly word: 'label' | 'annotation';
  readonly done: string;
}

const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

interface Change {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/** Splits the words into targets and changes: `key=value`, `key-`. */
function readChanges(words: readonly string[], kind: Kind): { targets: string[]; change: Change } {
  const targets: string[] = [];
  const set: Record<string, string> = {};
  const remove: string[] = [];
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) {
      const value = word.slice(equals + 1);
      if (kind.field === 'labels' && (!LABEL_VALUE.test(value) || value.length > 63)) {
        throw new CommandError(
          `invalid label value: "${word}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
        );
      }
      set[word.slice(0, equals)] = value;
    } else if (word.endsWith('-') && word.length > 1 && targets.length > 0) remove.push(word.slice(0, -1));
    else targets.push(word);
  }
  const both = remove.find((key) => key in set);
  if (both !== undefined) throw new CommandError(`cannot modify and remove the same ${kind.word}: ${both}`);
  return { targets, change: { set, remove } };
}

function withChanges(now: Readonly<Record<string, string>>, patch: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...now, ...patch }).filter((pair): pair is [string, string] => pair[1] !== null));
}

/** The objects of the files as they stand there. */
async function localInfos(invocation: Invocation): Promise<Info[]> {
  const { session, flags } = invocation;
  const infos: Info[] = [];
  for (const { object, source } of await readManifests(session, flags)) {
    const resource = await resourceOfObject(session, object, source);
    infos.push({ resource, namespace: object.metadata.namespace, name: object.metadata.name, object, source });
  }
  return infos;
}

async function changeOne(invocation: Invocation, info: Info, kind: Kind, change: Change): Promise<void> {
  const { session, flags } = invocation;
  const dryRun = await readDryRun(session, flags);
  const now = info.object.metadata[kind.field] ?? {};
  const taken = Object.keys(change.set).filter((key) => key in now && now[key] !== change.set[key]);
  if (taken.length && !flags.on('overwrite')) {
    if (kind.word === 'label') throw new CommandError(`'${taken[0]!}' already has a value (${now[taken[0]!]!}), and --overwrite is false`);
    throw new CommandError(
      `--overwrite is false but found the following declared annotation(s): ${taken.map((key) => `'${key}' already has a value (${now[key]!})`).join('; ')}`,
    );
  }
  if (kind.word === 'label') for (const key of change.remove) if (!(key in now)) await session.out(`label "${key}" not found.\n`);
  const patch: Record<string, string | null> = {
    ...Object.fromEntries(Object.entries(change.set).filter(([key, value]) => now[key] !== value)),
    ...Object.fromEntries(change.remove.filter((key) => key in now).map((key) => [key, null])),
  };
  const metadata = { ...info.object.metadata, [kind.field]: withChanges(now, patch) };
  const isLocal = flags.on('local') || dryRun === 'client';
  let object: KubeObject = isLocal ? { ...info.object, metadata } : info.object;
  const resourceVersion = flags.text('resource-version') || undefined;
  if (Object.keys(patch).length > 0 && !isLocal) {
    object = await session.json<KubeObject>({
      method: 'PATCH',
      path: pathOf(info.resource, info.namespace, info.name),
      query: { fieldManager: flags.text('field-manager'), dryRun: dryRun === 'server' ? 'All' : undefined },
      contentType: 'application/merge-patch+json',
      accept: 'application/json',
      body: { metadata: { [kind.field]: patch, ...(resourceVersion ? { resourceVersion } : {}) } },
    });
  }
  const printer = objectPrinter(session, flags, false);
  if (printer) return session.out(printer.text(object));
  const removedOnly = Object.keys(change.set).length === 0;
  const unchanged = Object.keys(patch).length === 0;
  const done = kind.word === 'annotation' ? 'annotated' : unchanged ? 'not labeled' : removedOnly ? 'unlabeled' : 'labeled';
  await session.out(`${printedName(info.resource, info.name)} ${done}${dryRunSuffix(dryRun)}\n`);
}

const run =
  (kind: Kind) =>
  async (invocation: Invocation): Promise<void> => {
    const { session, flags, args } = invocation;
    const { targets: words, change } = readChanges(args, kind);
    if (Object.keys(change.set).length + change.remove.length === 0 && !flags.on('list'))
      throw new CommandError(`at least one ${kind.word} update is required`);
    const allowCollections = flags.on('all') || Boolean(flags.text('selector'));
    const { infos, errors } = flags.on('local')
      ? { infos: await localInfos(invocation), errors: [] as unknown[] }
      : await fetchInfos(invocation, await readTargets(invocation, { words, allowCollections }));
    for (const info of infos) {
      if (flags.on('list')) {
        const pairs = Object.entries(info.object.metadata[kind.field] ?? {});
        const own = kind.word === 'annotation' ? pairs.sort(([a], [b]) => (a < b ? -1 : 1)) : pairs;
        if (infos.length > 1)
          await session.out(`Listing ${kind.field} for ${info.resource.kind}.${info.resource.group || 'v1'}/${info.name}:\n`);
        await session.out(own.map(([key, value]) => `${infos.length > 1 ? ' ' : ''}${key}=${value}\n`).join(''));
        continue;
      }
      try {
        await changeOne(invocation, info, kind, change);
      } catch (error) {
        errors.push(error);
      }
    }
    throwCollected(errors);
  };

const command = (name: string, short: string, kind: Kind): Command => ({
  name,
  short,
  group: 'Settings Commands',
  usage: `[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]`,
  completes: 'resources',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    ...selectorFlags,
    allNamespacesFlag,
    dryRunFlag,
    fieldManagerFlag(`kubectl-${name}`),
    defineFlag('all', 'bool', 'Select all resources, in the namespace of the specified resource types'),
    defineFlag('list', 'bool', `If true, display the ${kind.field} for a given resource.`),
    defineFlag('local', 'bool', 'If true, the verb works on the files alone and asks no server.'),
    defineFlag('resource-version', 'string', 'If non-empty, the update is done only where the object has this version.'),
    defineFlag('overwrite', 'bool', `If true, allow ${kind.field} to be overwritten`),
  ],
  run: run(kind),
});

/** kubectl label */
export const label = command('label', 'Update the labels on a resource', { field: 'labels', word: 'label', done: 'labeled' });
/** kubectl annotate */
export const annotate = command('annotate', 'Update the annotations on a resource', {
  field: 'annotations',
  word: 'annotation',
  done: 'annotated',
});
