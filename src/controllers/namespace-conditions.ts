/** The conditions a terminating namespace tells its progress by (namespace controller's condition updater). */
import type { Namespace } from '#api';
import { setCondition, type Condition } from '#apimachinery';

/** What is left of a namespace's content. */
export interface Remaining {
  /** `pods.` as Kubernetes prints a resource: plural, dot, group; with the number of objects left. */
  readonly byResource: ReadonlyMap<string, number>;
  /** Objects left per finalizer. */
  readonly byFinalizer: ReadonlyMap<string, number>;
  readonly discoveryFailures: readonly string[];
  readonly deletionFailures: readonly string[];
}

type NamespaceCondition = NonNullable<NonNullable<Namespace['status']>['conditions']>[number];

const counted = (counts: ReadonlyMap<string, number>, unit: string): string =>
  [...counts]
    .map(([name, count]) => `${name} ${unit} ${count} resource instances`)
    .sort()
    .join(', ');

/** The namespace's conditions after a deletion pass. */
export function namespaceConditions(
  current: readonly NamespaceCondition[] | undefined,
  remaining: Remaining,
  now: string,
): NamespaceCondition[] {
  const { discoveryFailures, deletionFailures, byResource, byFinalizer } = remaining;
  const next: Condition[] = [
    discoveryFailures.length
      ? {
          type: 'NamespaceDeletionDiscoveryFailure',
          status: 'True',
          reason: 'DiscoveryFailed',
          message: `Discovery failed for some groups, ${discoveryFailures.length} failing: ${discoveryFailures.join(', ')}`,
        }
      : {
          type: 'NamespaceDeletionDiscoveryFailure',
          status: 'False',
          reason: 'ResourcesDiscovered',
          message: 'All resources successfully discovered',
        },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    deletionFailures.length
      ? {
          type: 'NamespaceDeletionContentFailure',
          status: 'True',
          reason: 'ContentDeletionFailed',
          message: `Failed to delete all resource types, ${deletionFailures.length} remaining: ${deletionFailures.join(', ')}`,
        }
      : {
          type: 'NamespaceDeletionContentFailure',
          status: 'False',
          reason: 'ContentDeleted',
          message: 'All content successfully deleted, may be waiting on finalization',
        },
    byResource.size
      ? {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${counted(byResource, 'has')}`,
        }
      : { type: 'NamespaceContentRemaining', status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' },
    byFinalizer.size
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${counted(byFinalizer, 'in')}`,
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        },
  ];
  let conditions = (current ?? []) as Condition[];
  for (const condition of next) conditions = setCondition(conditions, condition, now);
  return conditions as NamespaceCondition[];
}
