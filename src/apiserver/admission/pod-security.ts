/** PodSecurity: pods keep to the standard that their namespace's labels ask for; workloads that would make others are warned of. */
import { kindByGroupKind, storageKey, type Namespace, type Pod, type PodSpec, type PodTemplateSpec } from '#api';
import { invalidObject } from '#apimachinery';
import type { Core } from '../core.ts';
import { detailText, levels, levelText, policyOf, violations, type LevelVersion } from '../pod-security/policy.ts';
import { isAbout, refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

const namespaces = kindByGroupKind('', 'Namespace')!;
const pods = kindByGroupKind('', 'Pod')!;
/** Resources with a pod template, by group. */
const workloads: Readonly<Record<string, readonly string[]>> = {
  '': ['replicationcontrollers', 'podtemplates'],
  apps: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'],
  batch: ['jobs', 'cronjobs'],
};

interface WithTemplate {
  template?: PodTemplateSpec;
  spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } };
}

function labelsOf(core: Core, namespace: string): Record<string, string> {
  return core.caches.of(namespaces).get(storageKey(namespaces, namespace))?.object.metadata.labels ?? {};
}

function warn(attributes: AdmissionAttributes, level: LevelVersion, spec: PodSpec, annotations: Record<string, string> = {}): void {
  const found = violations(level, spec, annotations);
  if (found.length > 0) attributes.warnings.add(`would violate PodSecurity "${levelText(level)}": ${detailText(found)}`);
}

function judgePod(core: Core, attributes: AdmissionAttributes): void {
  const pod = attributes.object as Pod;
  const { policy } = policyOf(labelsOf(core, attributes.namespace));
  const { annotations = {} } = pod.metadata;
  if (!pod.spec) return;
  const found = violations(policy.enforce, pod.spec, annotations);
  if (found.length > 0) throw refuse(attributes, `violates PodSecurity "${levelText(policy.enforce)}": ${detailText(found)}`);
  warn(attributes, policy.warn, pod.spec, annotations);
}

function judgeWorkload(core: Core, attributes: AdmissionAttributes): void {
  const { template, spec } = attributes.object as unknown as WithTemplate;
  const found = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template;
  const { policy } = policyOf(labelsOf(core, attributes.namespace));
  if (found?.spec) warn(attributes, policy.warn, found.spec, (found.metadata?.annotations ?? {}) as Record<string, string>);
}

/** Texts about the pods of a namespace that a new standard would refuse. */
function existingPods(core: Core, name: string, level: LevelVersion): string[] {
  const byReason = new Map<string, string[]>();
  for (const { object } of core.caches.of(pods).list({ namespace: name })) {
    const { spec, metadata } = object as Pod;
    const reason = spec
      ? violations(level, spec, metadata.annotations)
          .map((each) => each.reason)
          .join(', ')
      : '';
    if (reason) byReason.set(reason, [...(byReason.get(reason) ?? []), metadata.name]);
  }
  const texts = [...byReason].map(([reason, names]) => {
    const others = names.length - 1;
    const more = others === 0 ? '' : others === 1 ? ' (and 1 other pod)' : ` (and ${others} other pods)`;
    return `${[...names].sort()[0]}${more}: ${reason}`;
  });
  const head = `existing pods in namespace "${name}" violate the new PodSecurity enforce level "${levelText(level)}"`;
  return texts.length > 0 ? [head, ...texts.sort()] : [];
}

function judgeNamespace(core: Core, attributes: AdmissionAttributes): void {
  const namespace = attributes.object as Namespace;
  const { policy, errors } = policyOf(namespace.metadata.labels);
  const before = policyOf(attributes.old?.metadata.labels);
  if (errors.length > before.errors.length || (errors.length > 0 && attributes.operation === 'CREATE'))
    throw invalidObject(namespaces, namespace.metadata.name, errors);
  if (attributes.operation !== 'UPDATE' || errors.length > 0) return;
  const isStricter = levels.indexOf(policy.enforce.level) > levels.indexOf(before.policy.enforce.level);
  const isOther = policy.enforce.version !== before.policy.enforce.version && policy.enforce.level !== 'privileged';
  if (isStricter || isOther) for (const text of existingPods(core, namespace.metadata.name, policy.enforce)) attributes.warnings.add(text);
}

/** The plugin. */
export const podSecurity: AdmissionPlugin = {
  name: 'PodSecurity',
  async validate(attributes, core) {
    const { operation, kind, subresource, object } = attributes;
    if (!object || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    if (isAbout(attributes, '', 'namespaces')) return judgeNamespace(core, attributes);
    // Of a pod that is there, only its ephemeral containers can still make it violate anything.
    const isNewContent = operation === 'CREATE' ? subresource === '' : subresource === 'ephemeralcontainers';
    if (kind === pods) return isNewContent ? judgePod(core, attributes) : undefined;
    if (subresource === '' && workloads[kind.group]?.includes(kind.plural)) judgeWorkload(core, attributes);
  },
};
