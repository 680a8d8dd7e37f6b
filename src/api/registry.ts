// The explicit list of kinds and the lookups over it.
import { validatingAdmissionPolicy, validatingAdmissionPolicyBinding } from './admissionregistration/validatingadmissionpolicy.ts';
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from './admissionregistration/webhookconfiguration.ts';
import { customResourceDefinition } from './apiextensions/customresourcedefinition.ts';
import { apiService } from './apiregistration/apiservice.ts';
import { controllerRevision } from './apps/controllerrevision.ts';
import { daemonSet } from './apps/daemonset.ts';
import { deployment } from './apps/deployment.ts';
import { replicaSet } from './apps/replicaset.ts';
import { statefulSet } from './apps/statefulset.ts';
import { horizontalPodAutoscaler, horizontalPodAutoscalerV1 } from './autoscaling/horizontalpodautoscaler.ts';
import { cronJob } from './batch/cronjob.ts';
import { job } from './batch/job.ts';
import { certificateSigningRequest } from './certificates/certificatesigningrequest.ts';
import { lease } from './coordination/lease.ts';
import { componentStatus } from './core/componentstatus.ts';
import { configMap } from './core/configmap.ts';
import { endpoints } from './core/endpoints.ts';
import { event, eventsV1Event } from './core/event.ts';
import { limitRange } from './core/limitrange.ts';
import { namespace } from './core/namespace.ts';
import { node } from './core/node.ts';
import { persistentVolume } from './core/persistentvolume.ts';
import { persistentVolumeClaim } from './core/persistentvolumeclaim.ts';
import { pod } from './core/pod.ts';
import { podTemplate } from './core/podtemplate.ts';
import { replicationController } from './core/replicationcontroller.ts';
import { resourceQuota } from './core/resourcequota.ts';
import { secret } from './core/secret.ts';
import { service } from './core/service.ts';
import { serviceAccount } from './core/serviceaccount.ts';
import { endpointSlice } from './discovery/endpointslice.ts';
import { flowSchema } from './flowcontrol/flowschema.ts';
import { priorityLevelConfiguration } from './flowcontrol/prioritylevelconfiguration.ts';
import { apiVersionOf, type Kind } from './kind.ts';
import { ingress } from './networking/ingress.ts';
import { ingressClass } from './networking/ingressclass.ts';
import { ipAddress } from './networking/ipaddress.ts';
import { networkPolicy } from './networking/networkpolicy.ts';
import { serviceCidr } from './networking/servicecidr.ts';
import { runtimeClass } from './node/runtimeclass.ts';
import { podDisruptionBudget } from './policy/poddisruptionbudget.ts';
import { clusterRole } from './rbac/clusterrole.ts';
import { clusterRoleBinding } from './rbac/clusterrolebinding.ts';
import { role } from './rbac/role.ts';
import { roleBinding } from './rbac/rolebinding.ts';
import { priorityClass } from './scheduling/priorityclass.ts';
import { csiDriver } from './storage/csidriver.ts';
import { csiNode } from './storage/csinode.ts';
import { csiStorageCapacity } from './storage/csistoragecapacity.ts';
import { storageClass } from './storage/storageclass.ts';
import { volumeAttachment } from './storage/volumeattachment.ts';

/** Every kind that has REST paths of its own, in the order a teacher would choose. */
export const kinds: readonly Kind[] = Object.freeze([
  namespace,
  node,
  pod,
  deployment,
  replicaSet,
  daemonSet,
  statefulSet,
  job,
  cronJob,
  service,
  endpointSlice,
  endpoints,
  configMap,
  secret,
  serviceAccount,
  event,
  eventsV1Event,
  lease,
  role,
  roleBinding,
  clusterRole,
  clusterRoleBinding,
  priorityClass,
  podDisruptionBudget,
  controllerRevision,
  serviceCidr,
  ipAddress,
  persistentVolumeClaim,
  persistentVolume,
  storageClass,
  ingress,
  ingressClass,
  networkPolicy,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  resourceQuota,
  limitRange,
  replicationController,
  podTemplate,
  runtimeClass,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  volumeAttachment,
  certificateSigningRequest,
  mutatingWebhookConfiguration,
  validatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  flowSchema,
  priorityLevelConfiguration,
  apiService,
  customResourceDefinition,
  componentStatus,
] as readonly unknown[] as readonly Kind[]);

/** The kind served at /apis/GROUP/VERSION/PLURAL. */
export function kindByResource(group: string, version: string, plural: string): Kind | undefined {
  return kinds.find((kind) => kind.plural === plural && kind.group === group && kind.version === version);
}

/** The kind of an object's apiVersion and kind. */
export function kindOf(apiVersion: string, name: string): Kind | undefined {
  return kinds.find((kind) => kind.kind === name && apiVersionOf(kind) === apiVersion);
}

/** The preferred kind of a group and kind. */
export function kindByGroupKind(group: string, name: string): Kind | undefined {
  return kinds.find((kind) => kind.kind === name && kind.group === group);
}

function isCalled(kind: Kind, word: string): boolean {
  return kind.plural === word || kind.singular === word || kind.shortNames.includes(word) || kind.kind.toLowerCase() === word;
}

/** The kind of a command-line word: plural, singular, short name or Kind, any case, optionally followed by .group or .version.group. */
export function kindByWord(word: string): Kind | undefined {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  const named = kinds.filter((kind) => isCalled(kind, name));
  if (!rest.length) return named[0];
  const qualifier = rest.join('.');
  return named.find((kind) => kind.group === qualifier || (kind.group ? `${kind.version}.${kind.group}` : kind.version) === qualifier);
}
