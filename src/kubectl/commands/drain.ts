/** kubectl drain: cordons nodes and evicts their pods, as disruption budgets allow. */
import { StatusError, type KubeObject } from '#apimachinery';
import type { Node, Pod } from '#api';
import { defineFlag, dryRunFlag, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound } from '../discovery.ts';
import { dryRunSuffix, readDryRun, type DryRun } from '../dry-run.ts';
import { CommandError, SilentExit, UsageError } from '../errors.ts';
import { PATCH_TYPES, sendPatch } from '../patches.ts';
import { fetchInfos, readTargets, throwCollected, type Info } from '../targets.ts';
import { waitUntilGone } from '../waiting.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const RETRY_EVICTION_MS = 5_000;

const fullName = ({ metadata }: Pod): string => `${metadata.namespace ?? ''}/${metadata.name}`;
const controllerOf = ({ metadata }: KubeObject): string | undefined => metadata.ownerReferences?.find(({ controller }) => controller)?.kind;
const isFinished = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Pods that are evicted, and why the others are not: reasons that stop the drain, and ones that are only told. */
interface Sorted {
  readonly evicted: readonly Pod[];
  readonly refusals: ReadonlyMap<string, string[]>;
  readonly warnings: ReadonlyMap<string, string[]>;
}

function sortPods({ flags }: Invocation, pods: readonly Pod[]): Sorted {
  const refusals = new Map<string, string[]>();
  const warnings = new Map<string, string[]>();
  const note = (map: Map<string, string[]>, why: string, pod: Pod): void => void map.set(why, [...(map.get(why) ?? []), fullName(pod)]);
  const evicted = pods.filter((pod) => {
    if (pod.metadata.annotations?.[MIRROR] !== undefined) return false;
    if (controllerOf(pod) === 'DaemonSet' && !isFinished(pod)) {
      if (flags.on('ignore-daemonsets')) note(warnings, 'ignoring DaemonSet-managed Pods', pod);
      else note(refusals, 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)', pod);
      return false;
    }
    if (!isFinished(pod) && pod.spec?.volumes?.some(({ emptyDir }) => emptyDir)) {
      if (!flags.on('delete-emptydir-data')) {
        note(refusals, 'cannot delete Pods with local storage (use --delete-emptydir-data to override)', pod);
        return false;
      }
      note(warnings, 'deleting Pods with local storage', pod);
    }
    if (!isFinished(pod) && controllerOf(pod) === undefined) {
      if (!flags.on('force')) {
        note(refusals, 'cannot delete cannot delete Pods that declare no controller (use --force to override)', pod);
        return false;
      }
      note(warnings, 'deleting Pods that declare no controller', pod);
    }
    return true;
  });
  return { evicted, refusals, warnings };
}

const told = (map: ReadonlyMap<string, string[]>): string[] => [...map].map(([why, names]) => `${why}: ${names.join(', ')}`);

async function evict({ session, flags }: Invocation, pod: Pod): Promise<void> {
  const namespace = pod.metadata.namespace ?? '';
  const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`;
  const grace = flags.number('grace-period');
  const deleteOptions = grace >= 0 ? { deleteOptions: { gracePeriodSeconds: grace } } : {};
  const viaDelete = flags.on('disable-eviction');
  for (;;) {
    try {
      if (viaDelete) {
        const body = grace >= 0 ? { gracePeriodSeconds: grace } : {};
        await session.json({ method: 'DELETE', path, body, contentType: 'application/json' });
      } else {
        const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod.metadata.name, namespace }, ...deleteOptions };
        await session.json({ method: 'POST', path: `${path}/eviction`, body, contentType: 'application/json' });
      }
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!(error instanceof StatusError) || error.status.code !== 429)
        throw new CommandError(
          `error when evicting pods/"${pod.metadata.name}" -n "${namespace}": ${error instanceof Error ? error.message : String(error)}`,
        );
      await session.err(`error when evicting pods/"${pod.metadata.name}" -n "${namespace}" (will retry after 5s): ${error.message}\n`);
      await session.process.clock.sleep(RETRY_EVICTION_MS);
    }
  }
}

/** Pods that may not be evicted: one complaint for each reason. */
class RefusedDrain extends Error {
  constructor(readonly reasons: readonly string[]) {
    super(reasons.length === 1 ? reasons[0]! : `[${reasons.join(', ')}]`);
  }
}

async function evictAndWait(invocation: Invocation, pod: Pod, deadlineMs: number): Promise<void> {
  const { session, flags } = invocation;
  const verb = flags.on('disable-eviction') ? ['deleting', 'deleted'] : ['evicting', 'evicted'];
  await session.err(`${verb[0]!} pod ${fullName(pod)}\n`);
  await evict(invocation, pod);
  const resource = await session.discovery.resourceOf('pods');
  const awaited = { resource, namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid };
  await waitUntilGone(session, awaited, deadlineMs - session.process.clock.monotonicMs());
  await session.out(`pod/${pod.metadata.name} ${verb[1]!}\n`);
}

async function drainNode(invocation: Invocation, { name }: Info, dryRun: DryRun): Promise<void> {
  const { session, flags } = invocation;
  const query = { fieldSelector: `spec.nodeName=${name}`, labelSelector: flags.text('pod-selector') || undefined, limit: 500 };
  const { items } = await session.json<{ items: Pod[] }>({ method: 'GET', path: '/api/v1/pods', query });
  const { evicted, refusals, warnings } = sortPods(invocation, items);
  if (refusals.size > 0) {
    const reasons = told(refusals);
    throw new RefusedDrain(reasons);
  }
  if (warnings.size > 0) await session.err(`Warning: ${told(warnings).join('; ')}\n`);
  if (dryRun !== 'none') {
    for (const pod of evicted) await session.out(`evicting pod ${fullName(pod)} (${dryRun === 'server' ? 'server ' : ''}dry run)\n`);
    return;
  }
  const timeoutMs = flags.durationMs('timeout') || Infinity;
  const deadlineMs = session.process.clock.monotonicMs() + timeoutMs;
  const outcomes = await Promise.allSettled(evicted.map((pod) => evictAndWait(invocation, pod, deadlineMs)));
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  throwCollected(failed);
}

async function cordon(invocation: Invocation, info: Info, dryRun: string): Promise<void> {
  const { session } = invocation;
  if ((info.object as unknown as Node).spec?.unschedulable) return session.out(`node/${info.name} already cordoned\n`);
  if (dryRun !== 'client') await sendPatch(invocation, info, { spec: { unschedulable: true } }, PATCH_TYPES.strategic);
  await session.out(`node/${info.name} cordoned${dryRun === 'none' ? '' : ` (${dryRun === 'server' ? 'server ' : ''}dry run)`}\n`);
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args, path } = invocation;
  if (args.length === 0 && !flags.text('selector')) throw new UsageError(`USAGE: drain NODE [flags]`, path);
  if (args.length > 0 && flags.text('selector'))
    throw new UsageError('error: cannot specify both a node name and a --selector option', path);
  const dryRun = await readDryRun(session, flags);
  const { infos, errors } = await fetchInfos(
    invocation,
    await readTargets(invocation, { words: ['nodes', ...args], allowCollections: true }),
  );
  throwCollected(errors);
  for (const info of infos) await cordon(invocation, info, dryRun);
  const pending: string[] = [];
  const messages: string[] = [];
  for (const info of infos) {
    try {
      await drainNode(invocation, info, dryRun);
      await session.out(`node/${info.name} drained${dryRunSuffix(dryRun)}\n`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      pending.push(info.name);
      messages.push(...(error instanceof RefusedDrain ? error.reasons : [error.message]));
      await session.err(`error: unable to drain node "${info.name}" due to error: ${error.message}, continuing command...\n`);
    }
  }
  if (pending.length === 0) return;
  await session.err(`There are pending nodes to be drained:\n${pending.map((name) => ` ${name}\n`).join('')}`);
  await session.err(messages.map((message) => `${message}\n`).join(''));
  throw new SilentExit(1);
}

/** kubectl drain */
export const drain: Command = {
  name: 'drain',
  short: 'Drain node in preparation for maintenance',
  group: 'Cluster Management Commands',
  usage: 'NODE [options]',
  completes: 'nodes',
  flags: [
    dryRunFlag,
    selectorFlags[0]!,
    defineFlag('chunk-size', 'int', 'Return large lists in chunks rather than all at once.', { initial: '500' }),
    defineFlag(
      'delete-emptydir-data',
      'bool',
      'Continue even if there are pods using emptyDir (local data that will be deleted when the node is drained).',
    ),
    defineFlag(
      'disable-eviction',
      'bool',
      'Force drain to use delete, even if eviction is supported. This will bypass checking PodDisruptionBudgets, use with caution.',
    ),
    defineFlag('force', 'bool', 'Continue even if there are pods that do not declare a controller.'),
    defineFlag('grace-period', 'int', 'Period of time in seconds given to each pod to terminate gracefully.', { initial: '-1' }),
    defineFlag('ignore-daemonsets', 'bool', 'Ignore DaemonSet-managed pods.'),
    defineFlag('pod-selector', 'string', 'Label selector to filter pods on the node'),
    defineFlag('skip-wait-for-delete-timeout', 'int', 'If pod DeletionTimestamp older than N seconds, skip waiting for the pod.', {
      initial: '0',
    }),
    defineFlag('timeout', 'duration', 'The length of time to wait before giving up, zero means infinite', { initial: '0s' }),
  ],
  run,
};
