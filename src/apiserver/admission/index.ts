/** The admission plugins in the order the real server runs them, and which of them are on. */
import type { ApiServerConfig } from '../config.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificate-requests.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { createAdmissionChain, type AdmissionChain, type AdmissionPlugin } from './plugin.ts';
import { podSecurity } from './pod-security.ts';
import { priorityAdmission } from './priority.ts';
import { resourceQuotaAdmission } from './resource-quota.ts';
import { runtimeClassAdmission } from './runtime-class.ts';
import { serviceAccountAdmission } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

/** Every plugin there is, in order. */
export const admissionPlugins: readonly AdmissionPlugin[] = Object.freeze([
  namespaceLifecycle,
  limitRanger,
  serviceAccountAdmission,
  nodeRestriction,
  taintNodesByCondition,
  podSecurity,
  priorityAdmission,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  runtimeClassAdmission,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  defaultIngressClass,
  resourceQuotaAdmission,
]);

/** On unless disabled; NodeRestriction is on where kubeadm asks for it. */
const defaultPlugins: readonly string[] = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'TaintNodesByCondition',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'ResourceQuota',
];

/** The chain the flags ask for. */
export function admissionFor(config: ApiServerConfig): AdmissionChain {
  const isOn = (name: string): boolean =>
    !config.disabledAdmission.includes(name) && (defaultPlugins.includes(name) || config.enabledAdmission.includes(name));
  return createAdmissionChain(admissionPlugins.filter((plugin) => isOn(plugin.name)));
}
