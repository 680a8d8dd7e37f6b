/** kubectl replace: puts a file's object in the place of the one that is there; --force deletes it first. */
import type { KubeObject } from '#apimachinery';
import { defineFlag, dryRunFlag, fieldManagerFlag, filenameFlags, outputFlags, validateFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound, pathOf, printedName } from '../discovery.ts';
import { dryRunSuffix, fieldValidationOf, readDryRun } from '../dry-run.ts';
import { CommandError, UsageError, WrappedError } from '../errors.ts';
import { LAST_APPLIED, withLastApplied } from '../last-applied.ts';
import { hasFiles } from '../manifests.ts';
import { toJson } from '../printers/json.ts';
import { objectPrinter } from '../printers/output.ts';
import { readTargets, throwCollected, type Target } from '../targets.ts';
import { waitUntilGone } from '../waiting.ts';

/** The object as it is sent: in its namespace, its last-applied annotation kept true. */
function toSend({ flags }: Invocation, target: Target): KubeObject {
  const object = target.object!;
  const named: KubeObject = { ...object, metadata: { ...object.metadata, ...(target.namespace ? { namespace: target.namespace } : {}) } };
  return flags.on('save-config') || object.metadata.annotations?.[LAST_APPLIED] !== undefined ? withLastApplied(named) : named;
}

async function replaceOne(invocation: Invocation, target: Target, dryRun: string): Promise<KubeObject> {
  const { session, flags } = invocation;
  let object = toSend(invocation, target);
  if (dryRun === 'client') return object;
  const path = pathOf(target.resource, target.namespace, target.name, flags.text('subresource') || undefined);
  try {
    if (!object.metadata.resourceVersion) {
      const { metadata } = await session.json<KubeObject>({ method: 'GET', path: pathOf(target.resource, target.namespace, target.name) });
      object = { ...object, metadata: { ...object.metadata, resourceVersion: metadata.resourceVersion } };
    }
    return await session.json<KubeObject>({
      method: 'PUT',
      path,
      query: {
        fieldManager: flags.text('field-manager'),
        fieldValidation: fieldValidationOf(flags),
        dryRun: dryRun === 'server' ? 'All' : undefined,
      },
      contentType: 'application/json',
      body: toJson(object, 0),
    });
  } catch (error) {
    throw new WrappedError(`error when replacing "${target.source ?? ''}"`, error);
  }
}

/** --force: all are deleted first, then all are made anew. */
async function replaceByForce(invocation: Invocation, targets: readonly Target[]): Promise<void> {
  const { session, flags } = invocation;
  const grace = flags.number('grace-period');
  const timeoutMs = flags.durationMs('timeout') || 5 * 60_000;
  for (const { resource, namespace, name } of targets) {
    try {
      const body = { propagationPolicy: 'Background', ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}) };
      await session.json({ method: 'DELETE', path: pathOf(resource, namespace, name), body, contentType: 'application/json' });
      await session.out(`${resource.kind.toLowerCase()}${resource.group ? `.${resource.group}` : ''} "${name ?? ''}" deleted\n`);
      await waitUntilGone(session, { resource, namespace, name: name ?? '' }, timeoutMs);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  const printer = objectPrinter(session, flags, false);
  for (const target of targets) {
    const { metadata, ...rest } = toSend(invocation, target);
    const { resourceVersion: _, ...fresh } = metadata;
    const made = await session.json<KubeObject>({
      method: 'POST',
      path: pathOf(target.resource, target.namespace),
      query: { fieldManager: flags.text('field-manager'), fieldValidation: fieldValidationOf(flags) },
      contentType: 'application/json',
      body: toJson({ ...rest, metadata: fresh }, 0),
    });
    await session.out(printer ? printer.text(made) : `${printedName(target.resource, made.metadata.name)} replaced\n`);
  }
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, path } = invocation;
  if (!hasFiles(flags)) throw new UsageError('must specify --filename to replace', path);
  if (flags.number('grace-period') >= 0 && !flags.on('force')) throw new CommandError('--grace-period must have --force specified');
  const dryRun = await readDryRun(session, flags);
  const targets = await readTargets(invocation, { allowCollections: false });
  if (flags.on('force')) return replaceByForce(invocation, targets);
  const printer = objectPrinter(session, flags, false);
  const errors: unknown[] = [];
  for (const target of targets) {
    try {
      const object = await replaceOne(invocation, target, dryRun);
      await session.out(
        printer ? printer.text(object) : `${printedName(target.resource, target.name ?? '')} replaced${dryRunSuffix(dryRun)}\n`,
      );
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

/** kubectl replace */
export const replace: Command = {
  name: 'replace',
  short: 'Replace a resource by file name or stdin',
  group: 'Advanced Commands',
  usage: '-f FILENAME [options]',
  completes: 'none',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag('kubectl-replace'),
    defineFlag('force', 'bool', 'If true, immediately remove resources from API and bypass graceful deletion.'),
    defineFlag('grace-period', 'int', 'Period of time in seconds given to the resource to terminate gracefully.', { initial: '-1' }),
    defineFlag('save-config', 'bool', 'If true, the configuration of current object will be saved in its annotation.'),
    defineFlag('subresource', 'string', 'If specified, replace will operate on the subresource of the requested object.'),
    defineFlag('timeout', 'duration', 'The length of time to wait before giving up on a delete', { initial: '0s' }),
  ],
  run,
};
