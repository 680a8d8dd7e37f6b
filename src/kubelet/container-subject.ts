/** The subject of events about a container: its pod with the field path of the container. */
import type { Container, Pod } from '#api';
import { referenceOf, type EventSubject } from '#client';

/** `spec.containers{nginx}` of a pod, or `spec.initContainers{…}`. */
export function containerSubject(pod: Pod, container: Pick<Container, 'name'>): EventSubject {
  const isInit = pod.spec?.initContainers?.some((candidate) => candidate.name === container.name);
  return { reference: { ...referenceOf(pod), fieldPath: `spec.${isInit ? 'initContainers' : 'containers'}{${container.name}}` } };
}
