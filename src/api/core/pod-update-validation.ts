// What an update may change in a pod (validation.ValidatePodUpdate): images, deadline, additional tolerations, grace period.
import { deepCopy, deepEqual, forbiddenField, invalid, path, required, semanticEqual, type FieldError } from '#apimachinery';
import type { Container, Pod, PodSpec, Toleration } from '../types.ts';
import { podSpecDifference } from './pod-difference.ts';
import { validatePod } from './pod-validation.ts';

const spec = path('spec');
const updatable =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function checkImages(containers: readonly Container[], old: readonly Container[], name: 'containers' | 'initContainers'): FieldError[] {
  if (containers.length !== old.length) {
    const detail =
      name === 'containers' ? 'pod updates may not add or remove containers' : 'pod updates may not add or remove init containers';
    return [forbiddenField(spec.child(name), detail)];
  }
  return containers.flatMap((container, index) => {
    if (container.image === old[index]?.image) return [];
    const at = spec.child(name).index(index).child('image');
    if (!container.image) return [required(at)];
    return container.image.trim() === container.image ? [] : [invalid(at, container.image, 'must not have leading or trailing whitespace')];
  });
}

function checkDeadline(now: number | undefined, before: number | undefined): FieldError[] {
  if (now === undefined)
    return before === undefined
      ? []
      : [invalid(spec.child('activeDeadlineSeconds'), null, 'must not update from a positive integer to nil value')];
  if (before !== undefined && now > before)
    return [invalid(spec.child('activeDeadlineSeconds'), now, 'must be less than or equal to previous value')];
  return [];
}

const sameToleration = (a: Toleration, b: Toleration): boolean => deepEqual({ ...a, tolerationSeconds: 0 }, { ...b, tolerationSeconds: 0 });

function checkTolerations(now: readonly Toleration[], before: readonly Toleration[]): FieldError[] {
  const keepsAll = before.every((old) => now.some((toleration) => sameToleration(toleration, old)));
  return keepsAll
    ? []
    : [forbiddenField(spec.child('tolerations'), 'existing toleration can not be modified except its tolerationSeconds')];
}

/** The new spec with everything that may change put back, to see whether anything else did. */
function withoutAllowedChanges(now: PodSpec, before: PodSpec): PodSpec {
  const munged = deepCopy(now);
  munged.containers.forEach((container, index) => {
    const image = before.containers[index]?.image;
    if (image !== undefined) container.image = image;
  });
  munged.initContainers?.forEach((container, index) => {
    const image = before.initContainers?.[index]?.image;
    if (image !== undefined) container.image = image;
  });
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'] as const) {
    if (before[field] === undefined) delete munged[field];
    else Object.assign(munged, { [field]: before[field] });
  }
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1)
    munged.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  return munged;
}

/** Everything wrong with a pod's update through the main resource. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const now = pod.spec ?? { containers: [] };
  const before = old.spec ?? { containers: [] };
  const errors = [
    ...checkImages(now.containers ?? [], before.containers, 'containers'),
    ...checkImages(now.initContainers ?? [], before.initContainers ?? [], 'initContainers'),
  ];
  // Kubernetes looks no further when containers were added or removed.
  if (errors.some((error) => error.reason === 'FieldValueForbidden')) return errors;
  errors.push(...checkDeadline(now.activeDeadlineSeconds, before.activeDeadlineSeconds));
  errors.push(...checkTolerations(now.tolerations ?? [], before.tolerations ?? []));
  const munged = withoutAllowedChanges(now, before);
  if (!semanticEqual(munged, before)) {
    errors.push(forbiddenField(spec, `pod updates may not change fields other than ${updatable}\n${podSpecDifference(before, munged)}`));
  }
  return errors.length ? errors : validatePod(pod);
}

/** Ephemeral containers can be added, never changed or removed. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  const now = pod.spec?.ephemeralContainers ?? [];
  const at = spec.child('ephemeralContainers');
  const errors: FieldError[] = [];
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const found = now.find((container) => container.name === before.name);
    if (!found) errors.push(forbiddenField(at, `existing ephemeral containers ${JSON.stringify(before.name)} may not be removed\n`));
    else if (!semanticEqual(found, before))
      errors.push(forbiddenField(at, `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n`));
  }
  return errors.length ? errors : validatePod(pod);
}
