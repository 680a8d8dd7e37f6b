/** A followed request: the stages of the chain as spans below the request's own. Requests that nobody follows have no trace, and cost nothing. */
import type { KubeObject } from '#apimachinery';
import type { Attributes, Span } from '#host';

/** Begins a stage of a followed request. */
export type Trace = (stage: string, attributes?: Attributes) => Span;

/** Does a stage's work as a span; without a trace it only does it. */
export async function staged<T>(trace: Trace | undefined, stage: string, work: () => Promise<T> | T): Promise<T> {
  if (!trace) return work();
  const span = trace(stage);
  try {
    return await work();
  } finally {
    span.end();
  }
}

/** As `staged`, for work that is done at once. */
export function stagedAtOnce<T>(trace: Trace | undefined, stage: string, work: () => T): T {
  if (!trace) return work();
  const span = trace(stage);
  try {
    return work();
  } finally {
    span.end();
  }
}

/** By what later work on an object is linked to the write it comes from: its own UID and version, and its controller's UID. */
export function objectAttributes({ metadata }: KubeObject): Record<string, string> {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  return {
    ...(metadata?.uid ? { 'k8s.object.uid': metadata.uid } : {}),
    ...(metadata?.uid && metadata.name ? { 'k8s.object.name': metadata.name } : {}),
    ...(metadata?.resourceVersion ? { 'k8s.object.resource_version': metadata.resourceVersion } : {}),
    ...(owner ? { 'k8s.object.owner.uid': owner.uid } : {}),
  };
}
