/** kubectl apply --prune: what an earlier apply made, matches the selector and is in no manifest any more is deleted (pkg/cmd/apply/prune.go). */
import type { KubeObject } from '#apimachinery';
import { klogLine } from '#client';
import type { Invocation } from '../command.ts';
import { dryRunSuffix, type DryRun } from '../dry-run.ts';
import { isNotFound, pathOf, printedName } from '../discovery.ts';
import { CommandError } from '../errors.ts';
import { LAST_APPLIED } from '../last-applied.ts';

/** Group, version and kind of what is looked at when no --prune-allowlist is given. */
const namespaced: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['v1', 'ConfigMap'],
  ['v1', 'Endpoints'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'Pod'],
  ['v1', 'ReplicationController'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['apps/v1', 'DaemonSet'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['apps/v1', 'StatefulSet'],
];
const clusterScoped: typeof namespaced = [
  ['v1', 'Namespace'],
  ['v1', 'PersistentVolume'],
];
const DEPRECATED =
  'Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.';

/** Throws CommandError where --prune would take in everything unasked. */
export function checkPrune({ flags }: Invocation): void {
  if (flags.on('prune') && flags.text('selector') === '' && !flags.on('all'))
    throw new CommandError(
      'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector',
    );
}

/** `core/v1/ConfigMap`, as --prune-allowlist has it. Throws CommandError for another form. */
function parseAllowed(text: string): readonly [string, string] {
  const [group = '', version, kind, ...more] = text.split('/');
  if (version === undefined || kind === undefined || more.length > 0)
    throw new CommandError(`invalid GroupVersionKind format: ${text}, please follow <group/version/kind>`);
  return [group === 'core' ? version : `${group}/${version}`, kind];
}

/** Deletes what was applied before and is not among `applied`, in the namespaces of these and in none. */
export async function prune({ session, flags }: Invocation, applied: readonly KubeObject[], dryRun: DryRun): Promise<void> {
  const kept = new Set(applied.map(({ metadata }) => metadata.uid));
  const allowed = flags.list('prune-allowlist').map(parseAllowed);
  const namespaces = [...new Set(applied.map(({ metadata }) => metadata.namespace).filter((name) => name !== undefined))].sort();
  const pruneIn = async ([apiVersion, kind]: readonly [string, string], namespace: string | undefined): Promise<void> => {
    const resource = await session.discovery.resourceOfKind(apiVersion, kind);
    if (!resource || (resource.scope === 'Namespaced') !== (namespace !== undefined)) return;
    const labelSelector = flags.text('selector') || undefined;
    const { items } = await session.json<{ items: KubeObject[] }>({
      method: 'GET',
      path: pathOf(resource, namespace),
      query: { labelSelector },
    });
    for (const { metadata } of items) {
      if (metadata.annotations?.[LAST_APPLIED] === undefined || kept.has(metadata.uid)) continue;
      if (dryRun !== 'client') {
        const query = { dryRun: dryRun === 'server' ? 'All' : undefined };
        const body = {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: flags.text('cascade') === 'orphan' ? 'Orphan' : 'Background',
        };
        try {
          await session.json({ method: 'DELETE', path: pathOf(resource, namespace, metadata.name), query, body });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }
      await session.out(`${printedName(resource, metadata.name)} pruned${dryRunSuffix(dryRun)}\n`);
    }
  };
  if (allowed.length === 0) await session.err(klogLine('warning', session.nowMs(), session.process.pid, 'prune.go:87', DEPRECATED));
  for (const namespace of namespaces) for (const each of allowed.length > 0 ? allowed : namespaced) await pruneIn(each, namespace);
  for (const each of allowed.length > 0 ? allowed : clusterScoped) await pruneIn(each, undefined);
}
