/** How the Pod Security Standards walk a pod and name what they found (pod-security-admission policy/helpers, visitor). */
import type { Container, PodSpec } from '#api';

/** What a check found: undefined when all is well. */
export type Finding = { readonly reason: string; readonly detail: string } | undefined;

/** A check of one standard. */
export interface PodCheck {
  readonly id: string;
  run(spec: PodSpec, annotations: Readonly<Record<string, string>>): Finding;
}

/** Every container of a pod: init containers first, ephemeral ones last. */
export function allContainers(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...((spec.ephemeralContainers ?? []) as Container[])];
}

/** Names of the containers a test holds for. */
export function containersWhere(spec: PodSpec, test: (container: Container) => boolean): string[] {
  return allContainers(spec)
    .filter(test)
    .map(({ name }) => name);
}

/** "a", "b" */
export const quoted = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(', ');

/** The word for one or for several. */
export const plural = (one: string, many: string, count: number): string => (count === 1 ? one : many);

/** container "a", or containers "a", "b" */
export const named = (names: readonly string[]): string => `${plural('container', 'containers', names.length)} ${quoted(names)}`;

/** A set's texts in order. */
export const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();
