/** kubectl patch and kubectl scale. */
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  decodeJsonPatch,
  deepEqual,
  reasonOf,
  type JsonObject,
  type KubeObject,
} from '#apimachinery';
import { fieldSchemaOf, kindOf } from '#api';
import { readAll, type Process } from '#host';
import { resolvePath } from '#shell';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { readDryRun } from '../dry-run.ts';
import { CommandError, ErrorList } from '../errors.ts';
import { parseDocuments } from '../documents.ts';
import { printedName } from '../discovery.ts';
import { objectPrinter } from '../printers/output.ts';
import { PATCH_TYPES, patchFlags, report, sendPatch } from '../patches.ts';
import { fetchInfos, getObject, readTargets, throwCollected } from '../targets.ts';

function patchFile({ files, cwd }: Process, path: string): string {
  if (files.stat(resolvePath(cwd, path))?.kind !== 'file')
    throw new CommandError(`unable to read patch file: open ${path}: no such file or directory`);
  return files.readText(resolvePath(cwd, path));
}

/** The patch to send: JSON goes as it is written, the server complains of it; YAML is read here. */
function readPatch(text: string): unknown {
  if (/^\s*[{[]/.test(text)) return text;
  try {
    return parseDocuments(text, 'patch')[0];
  } catch (error) {
    throw new CommandError(
      `unable to parse "${text}": ${(error as Error).message.replace(/^error parsing patch: (error converting YAML to JSON: )?/, '')}`,
    );
  }
}

/** --dry-run=client: the object as the patch would make it. */
function patchedHere(object: KubeObject, type: string, text: string): KubeObject {
  const [patch] = parseDocuments(text, 'patch');
  if (type === 'json') return applyJsonPatch(object, decodeJsonPatch(patch)) as KubeObject;
  const kind = kindOf(object.apiVersion, object.kind);
  if (type === 'merge' || !kind) return applyMergePatch(object, patch) as KubeObject;
  return applyStrategicMergePatch(object as unknown as JsonObject, patch as JsonObject, fieldSchemaOf(kind)) as unknown as KubeObject;
}

async function runPatch(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const file = flags.text('patch-file');
  const text = file ? (file === '-' ? await readAll(session.process.stdin) : patchFile(session.process, file)) : flags.text('patch');
  if (text === '') throw new CommandError('must specify --patch or --patch-file containing the contents of the patch');
  const contentType = (PATCH_TYPES as Readonly<Record<string, string>>)[flags.text('type')];
  if (!contentType) throw new CommandError(`--type must be one of [json merge strategic], not ${JSON.stringify(flags.text('type'))}`);
  const body = readPatch(text);
  const subresource = flags.text('subresource') || undefined;
  const dryRun = await readDryRun(session, flags);
  for (const target of await readTargets(invocation, { allowCollections: false })) {
    const info = { resource: target.resource, namespace: target.namespace, name: target.name! };
    const before = target.object && dryRun === 'client' ? target.object : await getObject(session, target, subresource);
    if (dryRun === 'client') {
      await tell(invocation, info.name, before, patchedHere(before, flags.text('type'), text));
      continue;
    }
    const after = await sendPatch(invocation, info, body, contentType, subresource).catch((error: unknown) => {
      if (reasonOf(error) !== 'UnsupportedMediaType') throw error;
      const { group, version, kind } = target.resource;
      throw new CommandError(
        `${contentType} is not supported by ${group ? `${group}/` : ''}${version}, Kind=${kind}: ${(error as Error).message}`,
      );
    });
    await tell(invocation, info.name, before, after);
  }
}

/** Says what became of an object. A subresource is told by its own kind; a dry run is not told as one. */
async function tell({ session, flags }: Invocation, of: string, before: KubeObject, after: KubeObject): Promise<void> {
  const printer = objectPrinter(session, flags, false);
  if (printer) return session.out(printer.text(after));
  const group = after.apiVersion.includes('/') ? after.apiVersion.split('/')[0]! : '';
  const isSame = deepEqual({ ...before, metadata: withoutManager(before) }, { ...after, metadata: withoutManager(after) });
  await session.out(`${printedName({ group, kind: after.kind }, of)} patched${isSame ? ' (no change)' : ''}\n`);
}

const withoutManager = ({ metadata: { managedFields: _, ...metadata } }: KubeObject): object => metadata;

async function runScale(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  if (!flags.given('replicas')) throw new CommandError('required flag(s) "replicas" not set');
  const replicas = flags.number('replicas');
  if (replicas < 0) throw new CommandError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { allowCollections: flags.on('all') }));
  if (infos.length === 0) {
    const why = new ErrorList(errors).message;
    throw new CommandError(`no objects passed to scale${why ? ` ${why}` : ''}`);
  }
  const dryRun = await readDryRun(session, flags);
  for (const info of infos) {
    const current = (info.object as unknown as { spec?: { replicas?: number } }).spec?.replicas;
    if (flags.given('current-replicas') && flags.number('current-replicas') >= 0 && current !== flags.number('current-replicas')) {
      errors.push(new CommandError(`Expected replicas to be ${flags.number('current-replicas')}, was ${current ?? 0}`));
      continue;
    }
    try {
      if (dryRun !== 'client') await sendPatch(invocation, info, { spec: { replicas } }, PATCH_TYPES.merge, 'scale');
      await report(invocation, info, info.object, 'scaled');
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

/** kubectl patch */
export const patch: Command = {
  name: 'patch',
  short: 'Update fields of a resource',
  group: 'Advanced Commands',
  usage: '(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]',
  completes: 'resources',
  flags: [
    ...patchFlags('kubectl-patch'),
    defineFlag('patch', 'string', 'The patch to be applied to the resource JSON file.', { short: 'p' }),
    defineFlag('patch-file', 'string', 'A file containing a patch to be applied to the resource.'),
    defineFlag('type', 'string', 'The type of patch being provided; one of [json merge strategic]', { initial: 'strategic' }),
    defineFlag('subresource', 'string', 'If specified, patch will operate on the subresource of the requested object.'),
  ],
  run: runPatch,
};
/** kubectl scale */
export const scale: Command = {
  name: 'scale',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  group: 'Deploy Commands',
  usage: '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  completes: 'resources',
  flags: [
    ...patchFlags(''),
    defineFlag('replicas', 'int', 'The new desired number of replicas. Required.'),
    defineFlag('current-replicas', 'int', 'Precondition for current size.', { initial: '-1' }),
    defineFlag('timeout', 'duration', 'The length of time to wait before giving up on a scale operation', { initial: '0s' }),
  ],
  run: runScale,
};
