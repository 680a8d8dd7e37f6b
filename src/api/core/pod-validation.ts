// Validation of pods and pod templates (validation.ValidatePodSpec), in the API server's order and words.
import {
  forbiddenField,
  invalid,
  isDns1123Label,
  isDns1123Subdomain,
  isInRange,
  isValidIp,
  notSupported,
  path,
  required,
  validateLabels,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import type { Pod, PodSpec } from '../types.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './container-validation.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling-validation.ts';
import { validateVolumes } from './volume-validation.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];
const maxInt32 = 2_147_483_647;
const mirrorAnnotation = 'kubernetes.io/config.mirror';

function validateDns(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.dnsPolicy) errors.push(required(at.child('dnsPolicy')));
  else if (!dnsPolicies.includes(spec.dnsPolicy)) errors.push(notSupported(at.child('dnsPolicy'), spec.dnsPolicy, dnsPolicies));
  const servers = spec.dnsConfig?.nameservers ?? [];
  if (spec.dnsPolicy === 'None') {
    if (!spec.dnsConfig) errors.push(required(at.child('dnsConfig'), 'must provide `dnsConfig` when `dnsPolicy` is None'));
    else if (!servers.length)
      errors.push(required(at.child('dnsConfig', 'nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  }
  servers.forEach((address, index) => {
    for (const message of isValidIp(address)) errors.push(invalid(at.child('dnsConfig', 'nameservers').index(index), address, message));
  });
  return errors;
}

function validateHostNamespaces(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(invalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'));
  if (spec.hostNetwork) {
    spec.containers.forEach((container, index) =>
      (container.ports ?? []).forEach((port, position) => {
        if (port.hostPort === port.containerPort) return;
        errors.push(
          invalid(
            at.child('containers').index(index).child('ports').index(position).child('containerPort'),
            port.containerPort,
            'must match `hostPort` when `hostNetwork` is true',
          ),
        );
      }),
    );
  }
  const { runAsUser, runAsGroup, fsGroup } = spec.securityContext ?? {};
  for (const [name, value] of Object.entries({ runAsUser, runAsGroup, fsGroup })) {
    if (value === undefined) continue;
    for (const message of isInRange(value, 0, maxInt32)) errors.push(invalid(at.child('securityContext', name), value, message));
  }
  return errors;
}

function validateNames(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.serviceAccountName) {
    for (const message of isDns1123Subdomain(spec.serviceAccountName))
      errors.push(invalid(at.child('serviceAccountName'), spec.serviceAccountName, message));
  }
  if (spec.nodeName)
    for (const message of isDns1123Subdomain(spec.nodeName)) errors.push(invalid(at.child('nodeName'), spec.nodeName, message));
  if (spec.hostname)
    for (const message of isDns1123Label(spec.hostname)) errors.push(invalid(at.child('hostname'), spec.hostname, message));
  if (spec.subdomain)
    for (const message of isDns1123Label(spec.subdomain)) errors.push(invalid(at.child('subdomain'), spec.subdomain, message));
  if (spec.priorityClassName) {
    for (const message of isDns1123Subdomain(spec.priorityClassName))
      errors.push(invalid(at.child('priorityClassName'), spec.priorityClassName, message));
  }
  (spec.hostAliases ?? []).forEach((alias, index) => {
    for (const message of isValidIp(alias.ip)) errors.push(invalid(at.child('hostAliases').index(index).child('ip'), alias.ip, message));
  });
  (spec.imagePullSecrets ?? []).forEach((secret, index) => {
    if (!secret.name) errors.push(required(at.child('imagePullSecrets').index(index).child('name')));
  });
  return errors;
}

/** Everything wrong with a pod spec; `at` is "spec" or "spec.template.spec". */
export function validatePodSpec(spec: PodSpec, at: FieldPath): FieldError[] {
  const volumes = spec.volumes ?? [];
  const containers = spec.containers ?? [];
  const initContainers = spec.initContainers ?? [];
  const grace = spec.terminationGracePeriodSeconds ?? 0;
  const errors = validateVolumes(volumes, at.child('volumes'));
  errors.push(...validateContainers(containers, volumes, grace, at.child('containers')));
  errors.push(...validateInitContainers(initContainers, containers, volumes, grace, at.child('initContainers')));
  errors.push(
    ...validateEphemeralContainers(
      spec.ephemeralContainers ?? [],
      [...containers, ...initContainers],
      volumes,
      at.child('ephemeralContainers'),
    ),
  );
  if (!spec.restartPolicy) errors.push(required(at.child('restartPolicy')));
  else if (!restartPolicies.includes(spec.restartPolicy))
    errors.push(notSupported(at.child('restartPolicy'), spec.restartPolicy, restartPolicies));
  errors.push(...validateDns({ ...spec, containers }, at));
  errors.push(...validateLabels(spec.nodeSelector, at.child('nodeSelector')));
  errors.push(...validateHostNamespaces({ ...spec, containers }, at));
  errors.push(...validateAffinity(spec.affinity, at.child('affinity')));
  errors.push(...validateTopologySpread(spec.topologySpreadConstraints ?? [], at.child('topologySpreadConstraints')));
  errors.push(...validateNames(spec, at));
  if (spec.activeDeadlineSeconds !== undefined) {
    for (const message of isInRange(spec.activeDeadlineSeconds, 1, maxInt32))
      errors.push(invalid(at.child('activeDeadlineSeconds'), spec.activeDeadlineSeconds, message));
  }
  errors.push(...validateTolerations(spec.tolerations ?? [], at.child('tolerations')));
  const policy = spec.preemptionPolicy;
  if (policy && policy !== 'PreemptLowerPriority' && policy !== 'Never')
    errors.push(notSupported(at.child('preemptionPolicy'), policy, ['Never', 'PreemptLowerPriority']));
  return errors;
}

/** Everything wrong with a pod, ObjectMeta aside; on create ephemeral containers are not allowed. */
export function validatePod(pod: Pod, onCreate = false): FieldError[] {
  const spec = pod.spec ?? { containers: [] };
  const errors: FieldError[] = [];
  if (pod.metadata.annotations?.[mirrorAnnotation] && !spec.nodeName) {
    errors.push(
      invalid(path('metadata', 'annotations').key(mirrorAnnotation), '', 'must set spec.nodeName if mirror pod annotation is set'),
    );
  }
  errors.push(...validatePodSpec(spec, path('spec')));
  if (onCreate && spec.ephemeralContainers?.length)
    errors.push(forbiddenField(path('spec', 'ephemeralContainers'), 'cannot be set on create'));
  return errors;
}
