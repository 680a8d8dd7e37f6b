/** The roles of the controllers in kube-controller-manager, each bound to the controller's own service account in kube-system. */
import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '#api';
import { account, clusterBinding, clusterRole, rule } from './policy.ts';

const read = 'get list watch';
const events: PolicyRule = rule('create patch update', 'core events.k8s.io', 'events');

/** Rules by service account name. */
const rules: readonly (readonly [string, readonly PolicyRule[]])[] = [
  [
    'attachdetach-controller',
    [
      rule('list watch', 'core', 'persistentvolumeclaims persistentvolumes'),
      rule(read, 'core', 'nodes'),
      rule('patch update', 'core', 'nodes/status'),
      rule('list watch', 'core', 'pods'),
      events,
    ],
  ],
  ['clusterrole-aggregation-controller', [rule('escalate get list patch update watch', 'rbac.authorization.k8s.io', 'clusterroles')]],
  [
    'cronjob-controller',
    [
      rule('get list update watch', 'batch', 'cronjobs'),
      rule('create delete get list patch update watch', 'batch', 'jobs'),
      rule('update', 'batch', 'cronjobs/status cronjobs/finalizers'),
      rule('delete list', 'core', 'pods'),
      events,
    ],
  ],
  [
    'daemon-set-controller',
    [
      rule(read, 'apps extensions', 'daemonsets'),
      rule('update', 'apps extensions', 'daemonsets/status daemonsets/finalizers'),
      rule('list watch', 'core', 'nodes'),
      rule('create delete list patch watch', 'core', 'pods'),
      rule('create delete get list patch update watch', 'apps', 'controllerrevisions'),
      events,
    ],
  ],
  [
    'deployment-controller',
    [
      rule('get list update watch', 'apps extensions', 'deployments'),
      rule('update', 'apps extensions', 'deployments/status deployments/finalizers'),
      rule('create delete get list patch update watch', 'apps extensions', 'replicasets'),
      rule('get list update watch', 'core', 'pods'),
      events,
    ],
  ],
  [
    'disruption-controller',
    [
      rule(read, 'apps extensions', 'deployments replicasets'),
      rule(read, 'core', 'replicationcontrollers'),
      rule(read, 'apps', 'statefulsets'),
      rule(read, 'policy', 'poddisruptionbudgets'),
      rule('update', 'policy', 'poddisruptionbudgets/status'),
      rule('list watch', 'core', 'pods'),
      rule('patch update', 'core', 'pods/status'),
      rule('get', '*', '*/scale'),
      events,
    ],
  ],
  [
    'endpoint-controller',
    [
      rule(read, 'core', 'pods services'),
      rule('create delete get list update', 'core', 'endpoints'),
      rule('create', 'core', 'endpoints/restricted'),
      events,
    ],
  ],
  [
    'endpointslice-controller',
    [
      rule(read, 'core', 'nodes pods services'),
      rule('update', 'core', 'services/finalizers'),
      rule('create delete get list update', 'discovery.k8s.io', 'endpointslices'),
      rule('create', 'discovery.k8s.io', 'endpointslices/restricted'),
      events,
    ],
  ],
  [
    'endpointslicemirroring-controller',
    [
      rule(read, 'core', 'endpoints services'),
      rule('update', 'core', 'services/finalizers endpoints/finalizers'),
      rule('create delete get list update', 'discovery.k8s.io', 'endpointslices'),
      events,
    ],
  ],
  [
    'ephemeral-volume-controller',
    [
      rule('update', 'core', 'pods/finalizers'),
      rule(read, 'core', 'pods'),
      rule('create get list watch', 'core', 'persistentvolumeclaims'),
      events,
    ],
  ],
  [
    'expand-controller',
    [
      rule('get list patch update watch', 'core', 'persistentvolumes'),
      rule('patch update', 'core', 'persistentvolumeclaims/status'),
      rule(read, 'core', 'persistentvolumeclaims'),
      events,
    ],
  ],
  ['generic-garbage-collector', [rule('delete get list patch update watch', '*', '*'), events]],
  [
    'horizontal-pod-autoscaler',
    [
      rule(read, 'autoscaling', 'horizontalpodautoscalers'),
      rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
      rule('get update', '*', '*/scale'),
      rule('list', 'core', 'pods'),
      rule('get list', 'metrics.k8s.io custom.metrics.k8s.io external.metrics.k8s.io', 'pods *'),
      events,
    ],
  ],
  [
    'job-controller',
    [
      rule('get list patch update watch', 'batch', 'jobs'),
      rule('update', 'batch', 'jobs/status jobs/finalizers'),
      rule('create delete list patch watch', 'core', 'pods'),
      events,
    ],
  ],
  [
    'namespace-controller',
    [
      rule('delete get list watch', 'core', 'namespaces'),
      rule('update', 'core', 'namespaces/finalize namespaces/status'),
      rule('delete deletecollection get list', '*', '*'),
    ],
  ],
  [
    'node-controller',
    [
      rule('delete get list patch update', 'core', 'nodes'),
      rule('patch update', 'core', 'nodes/status'),
      rule('patch update', 'core', 'pods/status'),
      rule('delete get list', 'core', 'pods'),
      rule(read, 'coordination.k8s.io', 'leases'),
      events,
    ],
  ],
  [
    'persistent-volume-binder',
    [
      rule('create delete get list update watch', 'core', 'persistentvolumes'),
      rule('update', 'core', 'persistentvolumes/status persistentvolumeclaims/status'),
      rule('get list update watch', 'core', 'persistentvolumeclaims'),
      rule('create delete get list watch', 'core', 'pods'),
      rule(read, 'storage.k8s.io', 'storageclasses'),
      events,
    ],
  ],
  [
    'pod-garbage-collector',
    [rule('delete list watch', 'core', 'pods'), rule('get list', 'core', 'nodes'), rule('patch', 'core', 'pods/status')],
  ],
  [
    'replicaset-controller',
    [
      rule('get list update watch', 'apps extensions', 'replicasets'),
      rule('update', 'apps extensions', 'replicasets/status replicasets/finalizers'),
      rule('create delete list patch watch', 'core', 'pods'),
      events,
    ],
  ],
  [
    'replication-controller',
    [
      rule('get list update watch', 'core', 'replicationcontrollers'),
      rule('update', 'core', 'replicationcontrollers/status replicationcontrollers/finalizers'),
      rule('create delete list patch watch', 'core', 'pods'),
      events,
    ],
  ],
  ['resourcequota-controller', [rule('list watch', '*', '*'), rule('update', 'core', 'resourcequotas/status'), events]],
  ['root-ca-cert-publisher', [rule('create update', 'core', 'configmaps'), events]],
  ['route-controller', [rule('list watch', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), events]],
  ['service-account-controller', [rule('create', 'core', 'serviceaccounts'), events]],
  [
    'service-controller',
    [rule(read, 'core', 'services'), rule('patch update', 'core', 'services/status'), rule('list watch', 'core', 'nodes'), events],
  ],
  [
    'service-cidrs-controller',
    [
      rule('get list patch update watch', 'networking.k8s.io', 'servicecidrs'),
      rule('patch update', 'networking.k8s.io', 'servicecidrs/finalizers servicecidrs/status'),
      rule(read, 'networking.k8s.io', 'ipaddresses'),
      events,
    ],
  ],
  [
    'statefulset-controller',
    [
      rule('list watch', 'core', 'pods'),
      rule(read, 'apps', 'statefulsets'),
      rule('update', 'apps', 'statefulsets/status statefulsets/finalizers'),
      rule('create delete get patch update', 'core', 'pods'),
      rule('create delete get list patch update watch', 'apps', 'controllerrevisions'),
      rule('create get', 'core', 'persistentvolumeclaims'),
      events,
    ],
  ],
  ['ttl-controller', [rule('list patch update watch', 'core', 'nodes'), events]],
  ['ttl-after-finished-controller', [rule('delete get list watch', 'batch', 'jobs'), events]],
  [
    'certificate-controller',
    [
      rule('delete get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
      rule('update', 'certificates.k8s.io', 'certificatesigningrequests/approval certificatesigningrequests/status'),
      rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
      rule(
        'sign',
        'certificates.k8s.io',
        'signers',
        'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
      ),
      rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
      events,
    ],
  ],
  ['pvc-protection-controller', [rule('get list update watch', 'core', 'persistentvolumeclaims'), rule(read, 'core', 'pods'), events]],
  ['pv-protection-controller', [rule('get list update watch', 'core', 'persistentvolumes'), events]],
  [
    'legacy-service-account-token-cleaner',
    [rule('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'), rule('delete patch', 'core', 'secrets')],
  ],
];

/** system:controller:<name> roles. */
export const controllerRoles: readonly ClusterRole[] = Object.freeze(
  rules.map(([name, list]) => clusterRole(`system:controller:${name}`, list)),
);

/** Their bindings. */
export const controllerBindings: readonly ClusterRoleBinding[] = Object.freeze(
  rules.map(([name]) => clusterBinding(`system:controller:${name}`, [account('kube-system', name)])),
);
