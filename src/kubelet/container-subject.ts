/** The subject of events about a container: its pod with the field path of the container. */
import type { Container, Pod } from '#api';
import { referenceOf, type EventSubject } from '#client';

/** `spec.containers{nginx}` of a pod, or `spec.initContainers{…}` and `spec.ephemeralContainers{…}`. */
export function containerSubject(pod: Pod, container: Pick<Container, 'name'>): EventSubject {
  const isNamed = (candidate: { readonly name: string }): boolean => candidate.name === container.name;
  const field = pod.spec?.initContainers?.some(isNamed)
    ? 'initContainers'
    : pod.spec?.ephemeralContainers?.some(isNamed)
      ? 'ephemeralContainers'
      : 'containers';
  return { reference: { ...referenceOf(pod), fieldPath: `spec.${field}{${container.name}}` } };
}
