/** kubectl rollout: status, history, undo, pause, resume, restart of deployments, daemon sets and stateful sets. */
import { formatTime, type KubeObject } from '#apimachinery';
import { defineFlag, filenameFlags, outputFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { groupResource } from '../discovery.ts';
import { readDryRun } from '../dry-run.ts';
import { CommandError, UsageError } from '../errors.ts';
import { DescriptionWriter } from '../describe/writer.ts';
import { writePodTemplate } from '../describe/workloads.ts';
import { PATCH_TYPES, patchFlags, report, sendPatch, type Templated } from '../patches.ts';
import { objectPrinter } from '../printers/output.ts';
import { historyOf, type Revision } from '../rollout-history.ts';
import { rolloutStatus } from '../rollout-status.ts';
import { fetchInfos, readTargets, throwCollected, type Info } from '../targets.ts';
import { waitFor } from '../waiting.ts';

async function infosOf(invocation: Invocation): Promise<{ infos: Info[]; errors: unknown[] }> {
  const { args, flags, path } = invocation;
  if (args.length === 0 && flags.list('filename').length === 0 && !flags.text('kustomize'))
    throw new UsageError('required resource not specified', path);
  return fetchInfos(invocation, await readTargets(invocation, { allowCollections: true }));
}

const quoted = ({ resource, name }: Info): string => `${groupResource(resource)} "${name}"`;

async function sayNoneFound({ session, flags }: Invocation): Promise<void> {
  await session.err(`No resources found${flags.on('all-namespaces') ? '' : ` in ${session.namespace} namespace`}.\n`);
}

async function runStatus(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const { infos, errors } = await infosOf(invocation);
  throwCollected(errors);
  const revision = flags.number('revision');
  if (revision < 0) throw new CommandError('revision must be a positive integer');
  if (infos.length === 0) await sayNoneFound(invocation);
  const timeoutMs = flags.durationMs('timeout') || Infinity;
  for (const info of infos) {
    let failed: unknown;
    const look = (object: KubeObject | undefined): boolean => {
      if (!object) {
        failed = new CommandError('object has been deleted');
        return true;
      }
      try {
        const { text, done } = rolloutStatus({ ...object, apiVersion: info.object.apiVersion, kind: info.object.kind }, revision);
        told.push(session.out(text));
        return done;
      } catch (error) {
        failed = error;
        return true;
      }
    };
    const told: Promise<void>[] = [];
    if (!flags.on('watch')) look(info.object);
    else if (!(await waitFor(session, info, timeoutMs, look))) failed = new CommandError('timed out waiting for the condition');
    await Promise.all(told);
    if (failed !== undefined) throw failed;
  }
}

function templateText({ template }: Revision): string {
  const writer = new DescriptionWriter();
  writePodTemplate(writer, template);
  return writer.textWithTabs();
}

async function writeHistory(invocation: Invocation, info: Info, revisions: readonly Revision[]): Promise<void> {
  const { session, flags } = invocation;
  const asked = flags.number('revision');
  const printer = objectPrinter(session, flags, false);
  if (printer) {
    const printed = asked > 0 ? revisions.filter(({ revision }) => revision === asked) : revisions;
    if (printed.length === 0) throw new CommandError(asked > 0 ? 'unable to find the specified revision' : 'no rollout history found');
    for (const { object } of printed) await session.out(printer.text(object));
    return;
  }
  const printedAs = `${info.resource.kind.toLowerCase()}.${info.resource.group}/${info.name}`;
  if (asked > 0) {
    const found = revisions.find(({ revision }) => revision === asked);
    if (!found) throw new CommandError(`unable to find the specified revision`);
    return session.out(`${printedAs} with revision #${asked}\n${templateText(found)}\n`);
  }
  if (revisions.length === 0) return session.out(`${printedAs} \nNo rollout history found.\n`);
  const rows = revisions.map(({ revision, changeCause }) => `${revision}\t${changeCause || '<none>'}`);
  const width = Math.max('REVISION'.length, ...rows.map((row) => row.indexOf('\t')));
  const lines = ['REVISION\tCHANGE-CAUSE', ...rows].map((row) => `${row.split('\t')[0]!.padEnd(width)}  ${row.split('\t')[1]!}`);
  await session.out(`${printedAs} \n${lines.join('\n')}\n\n`);
}

async function runHistory(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  if (flags.number('revision') < 0) throw new CommandError('revision must be a positive integer');
  const { infos, errors } = await infosOf(invocation);
  for (const info of infos) {
    try {
      await writeHistory(invocation, info, await historyOf(session, info, 'history viewing'));
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

/** The revision to go back to: the asked one, or the last but one. Undefined: nothing would change. */
function chosen(revisions: readonly Revision[], asked: number, info: Info): Revision {
  if (revisions.length === 0) throw new CommandError(`no rollout history found for ${info.resource.kind.toLowerCase()} "${info.name}"`);
  if (asked > 0) {
    const found = revisions.find(({ revision }) => revision === asked);
    if (!found) throw new CommandError(`unable to find specified revision ${asked} in history`);
    return found;
  }
  const previous = revisions.at(-2);
  if (!previous) throw new CommandError(`no rollout history found for ${info.resource.kind.toLowerCase()} "${info.name}"`);
  return previous;
}

async function undo(invocation: Invocation, info: Info): Promise<void> {
  const { flags } = invocation;
  const { spec } = info.object as KubeObject & { spec?: { paused?: boolean } };
  if (spec?.paused)
    throw new CommandError(`you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again`);
  const revisions = await historyOf(invocation.session, info, 'undoing');
  const target = chosen(revisions, flags.number('to-revision'), info);
  if (revisions.at(-1) === target)
    return report(invocation, info, info.object, `skipped rollback (current template already matches revision ${target.revision})`);
  const dryRun = await readDryRun(invocation.session, flags);
  if (dryRun === 'client') return report(invocation, info, info.object, templateText(target));
  await sendPatch(invocation, info, target.patch, target.patchType);
  await report(invocation, info, info.object, 'rolled back');
}

async function restart(invocation: Invocation, info: Info): Promise<void> {
  const { session } = invocation;
  const { spec } = info.object as KubeObject & Templated & { spec?: { paused?: boolean } };
  if (!spec?.template || !['Deployment', 'DaemonSet', 'StatefulSet'].includes(info.object.kind))
    throw new CommandError(`${quoted(info)} restarting is not supported`);
  if (spec.paused) throw new CommandError(`${quoted(info)} can't restart paused deployment (run rollout resume first)`);
  const annotations = { 'kubectl.kubernetes.io/restartedAt': formatTime(session.nowMs()) };
  const dryRun = await readDryRun(session, invocation.flags);
  const patch = { spec: { template: { metadata: { annotations } } } };
  const object = dryRun === 'client' ? info.object : await sendPatch(invocation, info, patch, PATCH_TYPES.strategic);
  await report(invocation, info, object, 'restarted');
}

const pausing =
  (isPaused: boolean) =>
  async (invocation: Invocation, info: Info): Promise<void> => {
    if (info.object.kind !== 'Deployment') throw new CommandError(`${quoted(info)} ${isPaused ? 'pausing' : 'resuming'} is not supported`);
    const { spec } = info.object as KubeObject & { spec?: { paused?: boolean } };
    if ((spec?.paused ?? false) === isPaused) throw new CommandError(`${quoted(info)} is ${isPaused ? 'already' : 'not'} paused`);
    const dryRun = await readDryRun(invocation.session, invocation.flags);
    const patch = { spec: { paused: isPaused || null } };
    const object = dryRun === 'client' ? info.object : await sendPatch(invocation, info, patch, PATCH_TYPES.strategic);
    await report(invocation, info, object, isPaused ? 'paused' : 'resumed');
  };

/** Does one thing to each workload; failures are told together. */
const forEach =
  (act: (invocation: Invocation, info: Info) => Promise<void>) =>
  async (invocation: Invocation): Promise<void> => {
    const { infos, errors } = await infosOf(invocation);
    if (infos.length === 0 && errors.length === 0) await sayNoneFound(invocation);
    for (const info of infos) {
      try {
        await act(invocation, info);
      } catch (error) {
        errors.push(error);
      }
    }
    throwCollected(errors);
  };

const verb = (name: string, short: string, flags: Command['flags'], run: NonNullable<Command['run']>): Command => ({
  name,
  short,
  usage: '(TYPE NAME | TYPE/NAME) [flags] [options]',
  completes: 'resources',
  flags,
  run,
});

/** kubectl rollout */
export const rollout: Command = {
  name: 'rollout',
  short: 'Manage the rollout of a resource',
  long: 'Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  *  deployments\n  *  daemonsets\n  *  statefulsets',
  group: 'Deploy Commands',
  alone: { onStdout: true, exitCode: 1 },
  usage: 'SUBCOMMAND [options]',
  commands: [
    verb(
      'history',
      'View rollout history',
      [
        ...filenameFlags,
        ...outputFlags,
        selectorFlags[0]!,
        defineFlag('revision', 'int', 'See the details, including podTemplate of the revision specified', { initial: '0' }),
      ],
      runHistory,
    ),
    verb('pause', 'Mark the provided resource as paused', patchFlags('kubectl-rollout'), forEach(pausing(true))),
    verb('restart', 'Restart a resource', patchFlags('kubectl-rollout'), forEach(restart)),
    verb('resume', 'Resume a paused resource', patchFlags('kubectl-rollout'), forEach(pausing(false))),
    verb(
      'status',
      'Show the status of the rollout',
      [
        ...filenameFlags,
        selectorFlags[0]!,
        defineFlag('revision', 'int', 'Pin to a specific revision for showing its status. Defaults to 0 (last revision).', {
          initial: '0',
        }),
        defineFlag('timeout', 'duration', 'The length of time to wait before ending watch, zero means never.', { initial: '0s' }),
        defineFlag('watch', 'bool', "Watch the status of the rollout until it's done.", { short: 'w', initial: 'true' }),
      ],
      runStatus,
    ),
    verb(
      'undo',
      'Undo a previous rollout',
      [...patchFlags(''), defineFlag('to-revision', 'int', 'The revision to rollback to. Default to 0 (last revision).', { initial: '0' })],
      forEach(undo),
    ),
  ],
};
