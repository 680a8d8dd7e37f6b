/**
 * What the client knows of a resource to address it: the names of its REST paths, tied to the TypeScript type of its objects.
 * Every Kind of #api is a Resource; the table below names those the components work with.
 */
import type {
  CertificateSigningRequest,
  ConfigMap,
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Endpoints,
  EndpointSlice,
  Event,
  EventsV1Event,
  HorizontalPodAutoscaler,
  Job,
  Kind,
  Lease,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
} from '#api';
import type { KubeObject } from '#apimachinery';

/** The names of a resource. The optional strategy only ties the type: `Resource<Pod>` answers Pods. */
export type Resource<T extends KubeObject = KubeObject> = Pick<Kind<T>, 'group' | 'version' | 'kind' | 'plural' | 'scope'> &
  Partial<Pick<Kind<T>, 'strategy'>>;

function namespaced<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Resource<T> {
  return { ...split(apiVersion), kind, plural, scope: 'Namespaced' };
}
function clusterScoped<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Resource<T> {
  return { ...split(apiVersion), kind, plural, scope: 'Cluster' };
}
function split(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** The resources that components work with, typed, by plural. Others come from #api's registry. */
export const resources = Object.freeze({
  namespaces: clusterScoped<Namespace>('v1', 'Namespace', 'namespaces'),
  nodes: clusterScoped<Node>('v1', 'Node', 'nodes'),
  pods: namespaced<Pod>('v1', 'Pod', 'pods'),
  services: namespaced<Service>('v1', 'Service', 'services'),
  endpoints: namespaced<Endpoints>('v1', 'Endpoints', 'endpoints'),
  certificatesigningrequests: clusterScoped<CertificateSigningRequest>(
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    'certificatesigningrequests',
  ),
  configmaps: namespaced<ConfigMap>('v1', 'ConfigMap', 'configmaps'),
  secrets: namespaced<Secret>('v1', 'Secret', 'secrets'),
  serviceaccounts: namespaced<ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts'),
  events: namespaced<Event>('v1', 'Event', 'events'),
  eventsV1: namespaced<EventsV1Event>('events.k8s.io/v1', 'Event', 'events'),
  leases: namespaced<Lease>('coordination.k8s.io/v1', 'Lease', 'leases'),
  endpointslices: namespaced<EndpointSlice>('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
  deployments: namespaced<Deployment>('apps/v1', 'Deployment', 'deployments'),
  replicasets: namespaced<ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets'),
  daemonsets: namespaced<DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets'),
  controllerrevisions: namespaced<ControllerRevision>('apps/v1', 'ControllerRevision', 'controllerrevisions'),
  statefulsets: namespaced<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets'),
  replicationcontrollers: namespaced<ReplicationController>('v1', 'ReplicationController', 'replicationcontrollers'),
  cronjobs: namespaced<CronJob>('batch/v1', 'CronJob', 'cronjobs'),
  jobs: namespaced<Job>('batch/v1', 'Job', 'jobs'),
  persistentvolumeclaims: namespaced<PersistentVolumeClaim>('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  persistentvolumes: clusterScoped<PersistentVolume>('v1', 'PersistentVolume', 'persistentvolumes'),
  storageclasses: clusterScoped<StorageClass>('storage.k8s.io/v1', 'StorageClass', 'storageclasses'),
  horizontalpodautoscalers: namespaced<HorizontalPodAutoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  resourcequotas: namespaced<ResourceQuota>('v1', 'ResourceQuota', 'resourcequotas'),
  priorityclasses: clusterScoped<PriorityClass>('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses'),
});
