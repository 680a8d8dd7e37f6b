/** Descriptions by `group/Kind`; other kinds get the generic one. */
import type { KubeObject } from '#apimachinery';
import {
  describeAnything,
  describeConfigMap,
  describeRole,
  describeRoleBinding,
  describeSecret,
  describeService,
  describeServiceAccount,
} from './core.ts';
import type { Description } from './description.ts';
import { describeNode } from './node.ts';
import {
  describeAutoscaler,
  describeEndpoints,
  describeEndpointSlice,
  describePodDisruptionBudget,
  describePriorityClass,
} from './others.ts';
import { describeIngress, describeIngressClass, describeNetworkPolicy } from './networking.ts';
import { describePod } from './pod.ts';
import { describeLimitRange, describeNamespace, describeQuota } from './quotas.ts';
import { describeClaim, describeStorageClass, describeVolume } from './storage.ts';
import {
  describeCronJob,
  describeDaemonSet,
  describeDeployment,
  describeJob,
  describeReplicaSet,
  describeStatefulSet,
} from './workloads.ts';

/** The description of a kind. */
export function descriptionOf(group: string, kind: string): Description {
  const known: Readonly<Record<string, Description<never>>> = {
    '/Pod': describePod,
    '/Node': describeNode,
    '/Namespace': describeNamespace,
    '/Service': describeService,
    '/ConfigMap': describeConfigMap,
    '/Secret': describeSecret,
    '/ServiceAccount': describeServiceAccount,
    '/Endpoints': describeEndpoints,
    'discovery.k8s.io/EndpointSlice': describeEndpointSlice,
    'apps/Deployment': describeDeployment,
    'apps/ReplicaSet': describeReplicaSet,
    'apps/DaemonSet': describeDaemonSet,
    'apps/StatefulSet': describeStatefulSet,
    'batch/Job': describeJob,
    'batch/CronJob': describeCronJob,
    '/PersistentVolumeClaim': describeClaim,
    '/PersistentVolume': describeVolume,
    'storage.k8s.io/StorageClass': describeStorageClass,
    '/ResourceQuota': describeQuota,
    '/LimitRange': describeLimitRange,
    'networking.k8s.io/Ingress': describeIngress,
    'networking.k8s.io/IngressClass': describeIngressClass,
    'networking.k8s.io/NetworkPolicy': describeNetworkPolicy,
    'autoscaling/HorizontalPodAutoscaler': describeAutoscaler,
    'policy/PodDisruptionBudget': describePodDisruptionBudget,
    'scheduling.k8s.io/PriorityClass': describePriorityClass,
    'rbac.authorization.k8s.io/Role': describeRole,
    'rbac.authorization.k8s.io/ClusterRole': describeRole,
    'rbac.authorization.k8s.io/RoleBinding': describeRoleBinding,
    'rbac.authorization.k8s.io/ClusterRoleBinding': describeRoleBinding,
  };
  return (known[`${group}/${kind}`] as Description<KubeObject> | undefined) ?? describeAnything;
}
