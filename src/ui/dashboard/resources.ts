/** The kinds that the dashboard shows, in Headlamp's groups and words, and where the API serves them. */

/** A kind of object and its place in the API. */
export interface Resource {
  readonly kind: string;
  /** As in paths and on kubectl's command line. */
  readonly plural: string;
  /** `/api/v1` or `/apis/<group>/<version>`. */
  readonly root: string;
  readonly isNamespaced: boolean;
  /** Has a scale subresource. */
  readonly isScalable?: boolean;
}

/** Kinds under one heading. */
export interface ResourceGroup {
  readonly title: string;
  readonly resources: readonly Resource[];
}

const of =
  (root: string, isNamespaced = true) =>
  (kind: string, plural: string, more: Partial<Resource> = {}): Resource => ({ kind, plural, root, isNamespaced, ...more });
const core = of('/api/v1');
const coreOfCluster = of('/api/v1', false);
const apps = of('/apis/apps/v1');
const batch = of('/apis/batch/v1');
const storage = of('/apis/storage.k8s.io/v1', false);
const networking = of('/apis/networking.k8s.io/v1');
const rbac = of('/apis/rbac.authorization.k8s.io/v1');
const rbacOfCluster = of('/apis/rbac.authorization.k8s.io/v1', false);
const scales = { isScalable: true };

/** All groups, in the order of the navigation. */
export const RESOURCE_GROUPS: readonly ResourceGroup[] = [
  { title: 'Cluster', resources: [coreOfCluster('Namespace', 'namespaces'), coreOfCluster('Node', 'nodes'), core('Event', 'events')] },
  {
    title: 'Workloads',
    resources: [
      core('Pod', 'pods'),
      apps('Deployment', 'deployments', scales),
      apps('StatefulSet', 'statefulsets', scales),
      apps('DaemonSet', 'daemonsets'),
      apps('ReplicaSet', 'replicasets', scales),
      batch('Job', 'jobs'),
      batch('CronJob', 'cronjobs'),
    ],
  },
  {
    title: 'Storage',
    resources: [
      core('PersistentVolumeClaim', 'persistentvolumeclaims'),
      coreOfCluster('PersistentVolume', 'persistentvolumes'),
      storage('StorageClass', 'storageclasses'),
    ],
  },
  {
    title: 'Network',
    resources: [
      core('Service', 'services'),
      of('/apis/discovery.k8s.io/v1')('EndpointSlice', 'endpointslices'),
      networking('Ingress', 'ingresses'),
      networking('NetworkPolicy', 'networkpolicies'),
    ],
  },
  {
    title: 'Security',
    resources: [
      core('ServiceAccount', 'serviceaccounts'),
      rbac('Role', 'roles'),
      rbac('RoleBinding', 'rolebindings'),
      rbacOfCluster('ClusterRole', 'clusterroles'),
      rbacOfCluster('ClusterRoleBinding', 'clusterrolebindings'),
    ],
  },
  {
    title: 'Configuration',
    resources: [
      core('ConfigMap', 'configmaps'),
      core('Secret', 'secrets'),
      of('/apis/policy/v1')('PodDisruptionBudget', 'poddisruptionbudgets'),
      core('ResourceQuota', 'resourcequotas'),
      of('/apis/coordination.k8s.io/v1')('Lease', 'leases'),
    ],
  },
];

const ALL = RESOURCE_GROUPS.flatMap(({ resources }) => resources);

/** A kind by its plural; pods where there is none of that name. */
export function resourceOf(plural: string): Resource {
  return ALL.find((resource) => resource.plural === plural) ?? resourceOf('pods');
}

/** Where the objects of a kind are listed: of one namespace, or of all (''). */
export function listPath({ root, plural, isNamespaced }: Resource, namespace: string): string {
  return isNamespaced && namespace !== '' ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
}

/** Where one object is. */
export function objectPath({ root, plural, isNamespaced }: Resource, namespace: string, name: string): string {
  return isNamespaced ? `${root}/namespaces/${namespace}/${plural}/${name}` : `${root}/${plural}/${name}`;
}

/** ` -n kube-system`, nothing for the default namespace and for kinds without one. */
export const namespaceFlag = ({ isNamespaced }: Resource, namespace: string): string =>
  isNamespaced && namespace !== 'default' ? ` -n ${namespace}` : '';

/** The heading over several objects of a kind: `Pods`, `Ingresses`, `NetworkPolicies`. */
export function severalOf(kind: string): string {
  if (kind.endsWith('s')) return `${kind}es`;
  return kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}
