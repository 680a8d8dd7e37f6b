/** kubectl delete: deletes in the background way and waits until the objects are gone. */
import type { KubeObject } from '#apimachinery';
import { allNamespacesFlag, defineFlag, dryRunFlag, filenameFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound, pathOf, type ApiResource } from '../discovery.ts';
import { dryRunSuffix, readDryRun } from '../dry-run.ts';
import { CommandError, WrappedError } from '../errors.ts';
import { hasFiles } from '../manifests.ts';
import { listObjects, readTargets, throwCollected } from '../targets.ts';
import { waitUntilGone } from '../waiting.ts';

interface Doomed {
  readonly resource: ApiResource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly source?: string;
}

const PROPAGATION: Readonly<Record<string, string>> = {
  background: 'Background',
  foreground: 'Foreground',
  orphan: 'Orphan',
  true: 'Background',
  false: 'Orphan',
};

function deleteOptions({ flags }: Invocation): Record<string, unknown> {
  const policy = PROPAGATION[flags.text('cascade')];
  if (!policy) throw new CommandError(`invalid cascade value (${flags.text('cascade')}). Must be "background", "foreground", or "orphan"`);
  let grace = flags.number('grace-period');
  if (flags.on('now')) {
    if (grace !== -1) throw new CommandError('--now and --grace-period cannot be specified together');
    grace = 1;
  }
  if (flags.on('force')) {
    if (grace > 0 && !flags.on('now')) throw new CommandError('--force and --grace-period greater than 0 cannot be specified together');
    grace = 0;
  } else if (grace === 0) grace = 1;
  return { ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}), propagationPolicy: policy };
}

/** What is to be deleted; failures of looking are collected. */
async function findDoomed(invocation: Invocation): Promise<{ doomed: Doomed[]; errors: unknown[] }> {
  const { flags } = invocation;
  if (flags.on('all') && flags.text('selector')) throw new CommandError('cannot set --all and --selector at the same time');
  const targets = await readTargets(invocation, { allowCollections: false });
  const doomed: Doomed[] = [];
  const errors: unknown[] = [];
  for (const { resource, namespace, name, source } of targets) {
    if (name !== undefined) {
      doomed.push({ resource, namespace, name, ...(source === undefined ? {} : { source }) });
      continue;
    }
    try {
      for (const { metadata } of (await listObjects(invocation, { resource, namespace, name: undefined })).items)
        doomed.push({ resource, namespace: metadata.namespace, name: metadata.name });
    } catch (error) {
      errors.push(error);
    }
  }
  return { doomed, errors };
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const dryRun = await readDryRun(session, flags);
  const body = deleteOptions(invocation);
  if (flags.on('force') && dryRun === 'none')
    await session.err(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
  const { doomed, errors } = await findDoomed(invocation);
  const bySelection = flags.on('all') || Boolean(flags.text('selector') || flags.text('field-selector'));
  const ignoreNotFound = flags.on('ignore-not-found') || (bySelection && !flags.given('ignore-not-found'));
  const going: (Doomed & { uid: string | undefined })[] = [];
  const short = flags.text('output') === 'name';
  let found = 0;
  for (const one of doomed) {
    const path = pathOf(one.resource, one.namespace, one.name);
    try {
      let uid: string | undefined;
      if (dryRun !== 'client') {
        const answer = await session.json<KubeObject & { details?: { uid?: string } }>({
          method: 'DELETE',
          path,
          query: { dryRun: dryRun === 'server' ? 'All' : undefined },
          body,
          contentType: 'application/json',
        });
        uid = answer.kind === 'Status' ? answer.details?.uid : answer.metadata.uid;
      }
      found++;
      going.push({ ...one, uid });
      const kind = one.resource.group ? `${one.resource.kind.toLowerCase()}.${one.resource.group}` : one.resource.kind.toLowerCase();
      await session.out(
        short
          ? `${kind}/${one.name}\n`
          : `${kind} "${one.name}" ${flags.on('force') ? 'force deleted' : 'deleted'}${dryRunSuffix(dryRun)}\n`,
      );
    } catch (error) {
      if (isNotFound(error) && ignoreNotFound) continue;
      errors.push(one.source ? new WrappedError(`error when deleting "${one.source}"`, error) : error);
    }
  }
  if (found === 0 && errors.length === 0 && bySelection && !hasFiles(flags)) await session.out('No resources found\n');
  if (flags.on('wait') && dryRun === 'none') {
    const timeoutMs = flags.durationMs('timeout') || Infinity;
    for (const one of going) await waitUntilGone(session, one, timeoutMs);
  }
  throwCollected(errors);
}

/** kubectl delete */
export const deleteCommand: Command = {
  name: 'delete',
  short: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  group: 'Basic Commands (Intermediate)',
  usage: '([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]',
  completes: 'resources',
  flags: [
    ...filenameFlags,
    ...selectorFlags,
    allNamespacesFlag,
    dryRunFlag,
    defineFlag('all', 'bool', 'Delete all resources, in the namespace of the specified resource types.'),
    defineFlag('cascade', 'string', 'Must be "background", "orphan", or "foreground".', { initial: 'background', bare: 'background' }),
    defineFlag('force', 'bool', 'If true, immediately remove resources from API and bypass graceful deletion.'),
    defineFlag('grace-period', 'int', 'Period of time in seconds given to the resource to terminate gracefully. Ignored if negative.', {
      initial: '-1',
    }),
    defineFlag('ignore-not-found', 'bool', 'Treat "resource not found" as a successful delete.'),
    defineFlag('interactive', 'bool', 'If true, delete resource only when user confirms.', { short: 'i' }),
    defineFlag('now', 'bool', 'If true, resources are signaled for immediate shutdown (same as --grace-period=1).'),
    defineFlag('output', 'string', 'Output mode. Use "-o name" for shorter output (resource/name).', { short: 'o' }),
    defineFlag(
      'timeout',
      'duration',
      'The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object',
      { initial: '0s' },
    ),
    defineFlag('wait', 'bool', 'If true, wait for resources to be gone before returning. This waits for finalizers.', { initial: 'true' }),
  ],
  run,
};
