/** pods/eviction: a delete that asks the pod's disruption budgets first (kubectl drain). */
import { kindByGroupKind, storageKey, type Kind, type Pod } from '#api';
import { failure, notFound, selectorFromLabelSelector, type KubeObject, type LabelSelector } from '#apimachinery';
import { decodeBody, readWriteOptions } from '../chain/4-validation.ts';
import type { Core, Exchange, ObjectReply } from '../core.ts';
import { deleteObject, type DeleteOptions } from '../registry/delete.ts';
import { question } from '../reviews/kinds.ts';

const evictionKind = question('policy', 'Eviction', 'Namespaced');
type Eviction = KubeObject & {
  deleteOptions?: { gracePeriodSeconds?: number; propagationPolicy?: string; preconditions?: DeleteOptions['preconditions'] };
};
type Budget = KubeObject & {
  spec?: { selector?: LabelSelector };
  status?: { disruptionsAllowed?: number; desiredHealthy?: number; currentHealthy?: number };
};

function budgetsOf(core: Core, pod: Pod): Budget[] {
  const kind = kindByGroupKind('policy', 'PodDisruptionBudget');
  if (!kind) return [];
  const versions = core.caches.of(kind).list({ namespace: pod.metadata.namespace ?? '' });
  return versions
    .map((version) => version.object as Budget)
    .filter((budget) => budget.spec?.selector && selectorFromLabelSelector(budget.spec.selector).matches(pod.metadata.labels));
}

function checkBudgets(core: Core, pod: Pod): void {
  const phase = pod.status?.phase ?? '';
  if (phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata.deletionTimestamp) return;
  const budgets = budgetsOf(core, pod);
  if (budgets.length > 1)
    throw failure(
      500,
      'InternalError',
      'Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  const budget = budgets[0];
  const status = budget?.status;
  if (!budget || (status?.disruptionsAllowed ?? 0) > 0) return;
  const message = `The disruption budget ${budget.metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`;
  throw failure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
  });
}

/** Serves POST of an eviction. Throws 429 where a budget forbids it. */
export async function serveEviction(core: Core, exchange: Exchange, kind: Kind): Promise<ObjectReply> {
  const { namespace, name } = exchange.info;
  const options = readWriteOptions(exchange, 'CreateOptions');
  const eviction = (await decodeBody(exchange, evictionKind, options.fieldValidation)) as Eviction;
  const stored = await core.store.get(kind, storageKey(kind, name, namespace));
  if (!stored) throw notFound({ group: '', resource: 'pods' }, name);
  checkBudgets(core, stored.object as Pod);
  const deletion: DeleteOptions = { ...eviction.deleteOptions, dryRun: options.dryRun };
  await deleteObject(core, kind, namespace, name, deletion, {
    user: exchange.user,
    nowMs: exchange.nowMs,
    warnings: exchange.warnings,
    manager: options.manager,
    dryRun: options.dryRun,
  });
  return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}
