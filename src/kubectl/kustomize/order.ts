/** The order of what a build prints: kustomize's fixed ("legacy") order of kinds, or as accumulated. */
import { CommandError } from '../errors.ts';
import type { Kustomization } from './kustomization.ts';
import { groupVersionOf, identityOf, type Resource } from './resource.ts';

const FIRST =
  'Namespace ResourceQuota StorageClass CustomResourceDefinition ServiceAccount PodSecurityPolicy Role ClusterRole RoleBinding ClusterRoleBinding ConfigMap Secret Endpoints Service LimitRange PriorityClass PersistentVolume PersistentVolumeClaim Deployment StatefulSet CronJob PodDisruptionBudget'.split(
    ' ',
  );
const LAST = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];

/** The resources in the order of `sortOptions`; the fixed order where it says nothing. */
export function inOrder(resources: readonly Resource[], options: Kustomization['sortOptions']): Resource[] {
  const order = options?.order ?? 'legacy';
  if (order === 'fifo') return [...resources];
  if (order !== 'legacy') throw new CommandError("the field 'sortOptions.order' must be one of [fifo, legacy]");
  const first = options?.legacySortOptions?.orderFirst ?? (options?.legacySortOptions ? [] : FIRST);
  const last = options?.legacySortOptions?.orderLast ?? (options?.legacySortOptions ? [] : LAST);
  const rank = (kind: string): number =>
    first.includes(kind) ? first.indexOf(kind) - first.length : last.includes(kind) ? last.indexOf(kind) + 1 : 0;
  const keyed = resources.map((resource) => {
    const { kind, apiVersion, name, namespace } = identityOf(resource);
    const { group, version } = groupVersionOf(apiVersion);
    return {
      resource,
      rank: rank(kind),
      type: `${group || '~G'}_${version || '~V'}_${kind || '~K'}`,
      name: `${namespace || '~X'}|${name || '~N'}`,
    };
  });
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return keyed.sort((a, b) => a.rank - b.rank || compare(a.type, b.type) || compare(a.name, b.name)).map(({ resource }) => resource);
}
