/** The pod of a job: its template, what tracks it, and of Indexed jobs its index as label, annotation, host name and variable. */
import type { Container, Job, Pod, PodTemplateSpec } from '#api';
import { podFromTemplate } from '../pod-control.ts';
import { earlierFailures, INDEX_FAILURES, TRACKING } from './accounting.ts';
import { COMPLETION_INDEX } from './indexes.ts';
import { failureDecision } from './policies.ts';

const VARIABLE = 'JOB_COMPLETION_INDEX';
/** The API server's limit for generateName before it adds its five letters. */
const GENERATE_NAME_MAX = 58;

function addVariable(container: Container): void {
  if (container.env?.some(({ name }) => name === VARIABLE)) return;
  const fieldPath = `metadata.labels['${COMPLETION_INDEX}']`;
  container.env = [...(container.env ?? []), { name: VARIABLE, valueFrom: { fieldRef: { fieldPath } } }];
}

/** Makes the pod; `replaced` is the failed one of the same index that it follows. */
export function podOf(job: Job, index: number | undefined, replaced: Pod | undefined): Pod {
  const pod = podFromTemplate(job.spec!.template as PodTemplateSpec, job);
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), TRACKING];
  if (index === undefined) return pod;
  const suffix = `-${index}-`;
  pod.metadata.generateName = job.metadata.name.slice(0, GENERATE_NAME_MAX - suffix.length) + suffix;
  pod.metadata.labels = { ...pod.metadata.labels, [COMPLETION_INDEX]: String(index) };
  pod.metadata.annotations = { ...pod.metadata.annotations, [COMPLETION_INDEX]: String(index) };
  if (job.spec?.backoffLimitPerIndex !== undefined) {
    const counts = replaced !== undefined && failureDecision(job, replaced)?.action !== 'Ignore';
    pod.metadata.annotations[INDEX_FAILURES] = String(replaced ? earlierFailures(replaced) + (counts ? 1 : 0) : 0);
  }
  pod.spec!.hostname ??= `${job.metadata.name}-${index}`;
  for (const container of [...(pod.spec!.initContainers ?? []), ...(pod.spec!.containers ?? [])]) addVariable(container);
  return pod;
}
