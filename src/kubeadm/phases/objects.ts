/**
 * What kubeadm creates through the API once the first control plane serves: upload-config, mark-control-plane, RBAC of administrators
 * and bootstrap tokens, cluster-info, and the kube-proxy and CoreDNS add-ons. Objects as data, in the order they are created.
 */
import type { KubeObject } from '#apimachinery';
import { stringify } from 'yaml';
import { imagesOf, type ClusterConfiguration } from '../cluster-configuration.ts';
import { coreDnsObjects } from './coredns.ts';
import { NODE_NETWORK_USER } from './kubeconfig.ts';
import { kubeletConfiguration } from './kubelet.ts';
import { kubeProxyObjects } from './kube-proxy.ts';

type Plain = Record<string, unknown>;

/** An object of kube-system, of another `namespace`, or (null) of the cluster. */
export const object = (apiVersion: string, kind: string, name: string, rest: Plain, namespace: string | null = 'kube-system', metadata: Plain = {}): KubeObject =>
  ({ apiVersion, kind, metadata: { name, ...(namespace === null ? {} : { namespace }), ...metadata }, ...rest }) as unknown as KubeObject;

/** A ClusterRoleBinding. */
export const clusterRoleBinding = (name: string, role: string, subjects: readonly Plain[]): KubeObject =>
  object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', name, { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role }, subjects }, null);

/** A group as RBAC subject. */
export const group = (name: string): Plain => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name });

const text = (value: unknown): string => stringify(value, { lineWidth: 0, indentSeq: false });

function uploadConfig(configuration: ClusterConfiguration): KubeObject[] {
  const { clusterName, kubernetesVersion, endpointAddress, podSubnet, serviceSubnet, dnsDomain, topology, etcdHosts } = configuration;
  const clusterConfiguration = {
    apiServer: {},
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    caCertificateValidityPeriod: '87600h0m0s',
    certificateValidityPeriod: '8760h0m0s',
    certificatesDir: '/etc/kubernetes/pki',
    clusterName,
    controlPlaneEndpoint: `${endpointAddress}:6443`,
    controllerManager: {},
    dns: {},
    encryptionAlgorithm: 'ECDSA-P256',
    etcd: topology === 'stacked' ? { local: { dataDir: '/var/lib/etcd' } } : { external: { caFile: '/etc/kubernetes/pki/etcd/ca.crt', certFile: '/etc/kubernetes/pki/apiserver-etcd-client.crt', endpoints: etcdHosts.map(({ address }) => `https://${address}:2379`), keyFile: '/etc/kubernetes/pki/apiserver-etcd-client.key' } },
    imageRepository: 'registry.k8s.io',
    kind: 'ClusterConfiguration',
    kubernetesVersion,
    networking: { dnsDomain, podSubnet, serviceSubnet },
    proxy: {},
    scheduler: {},
  };
  const readers = (name: string, resource: string, groups: readonly string[]): KubeObject[] => [
    object('rbac.authorization.k8s.io/v1', 'Role', name, { rules: [{ apiGroups: [''], resourceNames: [resource], resources: ['configmaps'], verbs: ['get'] }] }),
    object('rbac.authorization.k8s.io/v1', 'RoleBinding', name, { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: groups.map(group) }),
  ];
  const nodes = ['system:bootstrappers:kubeadm:default-node-token', 'system:nodes'];
  return [
    object('v1', 'ConfigMap', 'kubeadm-config', { data: { ClusterConfiguration: text(clusterConfiguration) } }),
    ...readers('kubeadm:nodes-kubeadm-config', 'kubeadm-config', nodes),
    object('v1', 'ConfigMap', 'kubelet-config', { data: { kubelet: text(kubeletConfiguration(configuration)) } }),
    ...readers('kubeadm:kubelet-config', 'kubelet-config', nodes),
  ];
}

function bootstrapRbac(): KubeObject[] {
  const tokens = group('system:bootstrappers:kubeadm:default-node-token');
  return [
    clusterRoleBinding('kubeadm:cluster-admins', 'cluster-admin', [group('kubeadm:cluster-admins')]),
    clusterRoleBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', [tokens]),
    clusterRoleBinding('kubeadm:node-autoapprove-bootstrap', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', [tokens]),
    clusterRoleBinding('kubeadm:node-autoapprove-certificate-rotation', 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [group('system:nodes')]),
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'kubeadm:get-nodes', { rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }] }, null),
    clusterRoleBinding('kubeadm:get-nodes', 'kubeadm:get-nodes', [tokens]),
  ];
}

function clusterInfo(configuration: ClusterConfiguration, caPem: string): KubeObject[] {
  let binary = '';
  for (const byte of new TextEncoder().encode(caPem)) binary += String.fromCharCode(byte);
  const kubeconfig = { apiVersion: 'v1', clusters: [{ cluster: { 'certificate-authority-data': btoa(binary), server: `https://${configuration.endpointAddress}:6443` }, name: '' }], contexts: null, 'current-context': '', kind: 'Config', preferences: {}, users: null };
  const name = 'kubeadm:bootstrap-signer-clusterinfo';
  return [
    object('v1', 'ConfigMap', 'cluster-info', { data: { kubeconfig: text(kubeconfig) } }, 'kube-public'),
    object('rbac.authorization.k8s.io/v1', 'Role', name, { rules: [{ apiGroups: [''], resourceNames: ['cluster-info'], resources: ['configmaps'], verbs: ['get'] }] }, 'kube-public'),
    object('rbac.authorization.k8s.io/v1', 'RoleBinding', name, { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }] }, 'kube-public'),
  ];
}

/** The pod network's right to read nodes. kubeadm leaves the network to others; this is the lab's. */
function nodeNetworkRbac(): KubeObject[] {
  return [
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', NODE_NETWORK_USER, { rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }] }, null),
    clusterRoleBinding(NODE_NETWORK_USER, NODE_NETWORK_USER, [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: NODE_NETWORK_USER }]),
  ];
}

/** Everything `kubeadm init` creates, in order. */
export function initObjects(configuration: ClusterConfiguration, caPem: string): KubeObject[] {
  return [
    ...bootstrapRbac().slice(0, 1),
    ...uploadConfig(configuration),
    ...bootstrapRbac().slice(1),
    ...nodeNetworkRbac(),
    ...clusterInfo(configuration, caPem),
    ...kubeProxyObjects(configuration, imagesOf(configuration)['kube-proxy']),
    ...coreDnsObjects(configuration, imagesOf(configuration).coredns),
  ];
}

/** The patch `mark-control-plane` applies to a control-plane Node. */
export const markControlPlanePatch = {
  metadata: { labels: { 'node-role.kubernetes.io/control-plane': '', 'node.kubernetes.io/exclude-from-external-load-balancers': '' } },
  spec: { taints: [{ effect: 'NoSchedule', key: 'node-role.kubernetes.io/control-plane' }] },
} as const;
