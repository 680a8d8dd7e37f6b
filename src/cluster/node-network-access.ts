/** The pod network's own identity: kubeadm leaves the network to others, and a kubelet may not read other nodes. It may read nodes, nothing else. */
import type { ApiObject } from '#kubeadm';

/** User name in the certificate of every host's pod network. */
export const NODE_NETWORK_USER = 'node-network';
/** Its kubeconfig, beside the CNI configuration. */
export const NODE_NETWORK_KUBECONFIG = '/etc/cni/net.d/node-network-kubeconfig';

/** The role and its binding. */
export const nodeNetworkObjects = (): ApiObject[] =>
  [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: NODE_NETWORK_USER },
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: NODE_NETWORK_USER },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NODE_NETWORK_USER },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: NODE_NETWORK_USER }],
    },
  ] as unknown as ApiObject[];
