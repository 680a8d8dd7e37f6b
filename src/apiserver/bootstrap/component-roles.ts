/** The roles of the components kubeadm gives certificates to, and of add-ons every cluster has. */
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '#api';
import { nodeRules } from './node-rules.ts';
import { account, clusterBinding, clusterRole, namespacedBinding, namespacedRole, paths, rule, user } from './policy.ts';

const read = 'get list watch';
const events: PolicyRule = rule('create patch update', 'core events.k8s.io', 'events');

const schedulerRules: readonly PolicyRule[] = [
  events,
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get list update watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
  rule('create', 'coordination.k8s.io', 'leasecandidates'),
  rule('deletecollection delete get list patch update watch', 'coordination.k8s.io', 'leasecandidates'),
  rule(read, 'core', 'nodes'),
  rule('delete get list watch', 'core', 'pods'),
  rule('create', 'core', 'bindings pods/binding'),
  rule('patch update', 'core', 'pods/status'),
  rule(read, 'core', 'replicationcontrollers services'),
  rule(read, 'apps extensions', 'replicasets'),
  rule(read, 'apps', 'statefulsets'),
  rule(read, 'policy', 'poddisruptionbudgets'),
  rule(read, 'core', 'persistentvolumeclaims persistentvolumes'),
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  rule(read, 'storage.k8s.io', 'csinodes'),
  rule(read, 'core', 'namespaces'),
  rule(read, 'storage.k8s.io', 'csidrivers'),
  rule(read, 'storage.k8s.io', 'csistoragecapacities'),
];

const controllerManagerRules: readonly PolicyRule[] = [
  events,
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
  rule('create', 'coordination.k8s.io', 'leasecandidates'),
  rule('deletecollection delete get list patch update watch', 'coordination.k8s.io', 'leasecandidates'),
  rule('create', 'core', 'secrets serviceaccounts'),
  rule('delete', 'core', 'secrets'),
  rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
  rule('update', 'core', 'secrets serviceaccounts'),
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  rule('list watch', '*', '*'),
  rule('create', 'core', 'serviceaccounts/token'),
];

/** The roles. */
export const componentRoles: readonly ClusterRole[] = Object.freeze([
  clusterRole('system:node', nodeRules),
  clusterRole('system:node-problem-detector', [rule('get', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), events]),
  clusterRole('system:node-proxier', [
    rule('list watch', 'core', 'endpoints services'),
    rule(read, 'core', 'nodes'),
    events,
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
    rule('list watch', 'networking.k8s.io', 'servicecidrs'),
  ]),
  clusterRole('system:kubelet-api-admin', [
    rule(read, 'core', 'nodes'),
    rule('proxy', 'core', 'nodes'),
    rule('*', 'core', 'nodes/checkpoint nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats'),
  ]),
  clusterRole('system:node-bootstrapper', [rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests')]),
  clusterRole('system:auth-delegator', [
    rule('create', 'authentication.k8s.io', 'tokenreviews'),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
  clusterRole('system:kube-aggregator', [rule(read, 'core', 'endpoints services')]),
  clusterRole('system:kube-controller-manager', controllerManagerRules),
  clusterRole('system:kube-dns', [rule('list watch', 'core', 'endpoints services')]),
  clusterRole('system:persistent-volume-provisioner', [
    rule('create delete get list watch', 'core', 'persistentvolumes'),
    rule('get list update watch', 'core', 'persistentvolumeclaims'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule('watch', 'core', 'events'),
    events,
  ]),
  clusterRole('system:kube-scheduler', schedulerRules),
  clusterRole('system:volume-scheduler', [
    rule('get list patch update watch', 'core', 'persistentvolumes'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule('get list patch update watch', 'core', 'persistentvolumeclaims'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [
    rule('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
    rule('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient'),
  ]),
  ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving'].map((signer) =>
    clusterRole(`system:certificates.k8s.io:${signer}-approver`, [
      rule('approve', 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`),
    ]),
  ),
  clusterRole('system:certificates.k8s.io:legacy-unknown-approver', [
    rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/legacy-unknown'),
  ]),
  clusterRole('system:heapster', [
    rule('get list watch', 'core', 'events namespaces nodes pods'),
    rule(read, 'extensions', 'deployments'),
    paths('get', '/metrics'),
  ]),
]);

/** Their bindings. */
export const componentBindings: readonly ClusterRoleBinding[] = Object.freeze([
  clusterBinding('system:node', []),
  clusterBinding('system:node-proxier', [user('system:kube-proxy')]),
  clusterBinding('system:kube-controller-manager', [user('system:kube-controller-manager')]),
  clusterBinding('system:kube-dns', [account('kube-system', 'kube-dns')]),
  clusterBinding('system:kube-scheduler', [user('system:kube-scheduler')]),
  clusterBinding('system:volume-scheduler', [user('system:kube-scheduler')]),
]);

const system = 'kube-system';
const lockRole = (name: string, lock: string): Role =>
  namespacedRole(system, name, [rule('watch', 'core', 'configmaps'), rule('get update', 'core', 'configmaps', lock)]);

/** Roles inside kube-system and kube-public. */
export const namespacedRoles: readonly Role[] = Object.freeze([
  namespacedRole(system, 'extension-apiserver-authentication-reader', [
    rule(read, 'core', 'configmaps', 'extension-apiserver-authentication'),
  ]),
  namespacedRole(system, 'system:controller:bootstrap-signer', [rule(read, 'core', 'secrets')]),
  namespacedRole(system, 'system:controller:cloud-provider', [rule('create get list watch', 'core', 'configmaps')]),
  namespacedRole(system, 'system:controller:token-cleaner', [rule('delete get list watch', 'core', 'secrets'), events]),
  lockRole('system::leader-locking-kube-controller-manager', 'kube-controller-manager'),
  lockRole('system::leader-locking-kube-scheduler', 'kube-scheduler'),
  namespacedRole('kube-public', 'system:controller:bootstrap-signer', [
    rule(read, 'core', 'configmaps'),
    rule('update', 'core', 'configmaps', 'cluster-info'),
    events,
  ]),
]);

const lockers = (component: string) => [user(`system:${component}`), account(system, component)];

/** Their bindings. */
export const namespacedBindings: readonly RoleBinding[] = Object.freeze([
  namespacedBinding(system, 'system::extension-apiserver-authentication-reader', 'extension-apiserver-authentication-reader', [
    user('system:kube-controller-manager'),
    user('system:kube-scheduler'),
  ]),
  namespacedBinding(
    system,
    'system::leader-locking-kube-controller-manager',
    'system::leader-locking-kube-controller-manager',
    lockers('kube-controller-manager'),
  ),
  namespacedBinding(system, 'system::leader-locking-kube-scheduler', 'system::leader-locking-kube-scheduler', lockers('kube-scheduler')),
  namespacedBinding(system, 'system:controller:bootstrap-signer', 'system:controller:bootstrap-signer', [
    account(system, 'bootstrap-signer'),
  ]),
  namespacedBinding(system, 'system:controller:cloud-provider', 'system:controller:cloud-provider', [account(system, 'cloud-provider')]),
  namespacedBinding(system, 'system:controller:token-cleaner', 'system:controller:token-cleaner', [account(system, 'token-cleaner')]),
  namespacedBinding('kube-public', 'system:controller:bootstrap-signer', 'system:controller:bootstrap-signer', [
    account(system, 'bootstrap-signer'),
  ]),
]);
