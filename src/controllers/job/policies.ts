/** What a job says of pods that failed (podFailurePolicy) and of when it has enough (successPolicy). Pure. */
import type { ContainerStatus, Job, Pod } from '#api';
import { parseIndexes } from './indexes.ts';

type FailureRule = NonNullable<NonNullable<Job['spec']>['podFailurePolicy']>['rules'][number];

/** What the policy makes of a failed pod; `message` where it ends the job. */
export interface FailureDecision {
  readonly action: FailureRule['action'];
  readonly message: string;
}

function matchingContainer(
  pod: Pod,
  { containerName, operator, values }: NonNullable<FailureRule['onExitCodes']>,
): ContainerStatus | undefined {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return statuses.find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (containerName && containerName !== name)) return false;
    return values.includes(exitCode) === (operator === 'In');
  });
}

/** The first rule that speaks of this failed pod; undefined: it counts as ever. */
export function failureDecision(job: Job, pod: Pod): FailureDecision | undefined {
  for (const [at, { action, onExitCodes, onPodConditions }] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    if (action === 'FailIndex' && job.spec?.backoffLimitPerIndex === undefined) continue;
    const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
    const rule = `matching ${action} rule at index ${at}`;
    const container = onExitCodes && matchingContainer(pod, onExitCodes);
    if (container)
      return {
        action,
        message: `Container ${container.name} for pod ${name} failed with exit code ${container.state?.terminated?.exitCode ?? 0} ${rule}`,
      };
    const condition = pod.status?.conditions?.find(({ type, status }) =>
      onPodConditions?.some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
    );
    if (condition) return { action, message: `Pod ${name} has condition ${condition.type} ${rule}` };
  }
  return undefined;
}

/** The number of the first rule that is met by the indexes that succeeded. */
export function metSuccessRule(job: Job, succeeded: ReadonlySet<number>): number | undefined {
  const completions = job.spec?.completions ?? 0;
  const met = (job.spec?.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, completions);
    const count = wanted ? [...wanted].filter((index) => succeeded.has(index)).length : succeeded.size;
    return count >= (succeededCount ?? wanted?.size ?? completions);
  });
  return met < 0 ? undefined : met;
}
