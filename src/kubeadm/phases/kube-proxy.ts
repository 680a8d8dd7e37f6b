/** kubeadm's add-on kube-proxy: configuration, service account, RBAC and the DaemonSet. */
import type { KubeObject } from '#apimachinery';
import { stringify } from 'yaml';
import type { ClusterConfiguration } from '../cluster-configuration.ts';
import { clusterRoleBinding, group, object } from './objects.ts';

/** The objects, in the order they are created. */
export function kubeProxyObjects(configuration: ClusterConfiguration, image: string): KubeObject[] {
  const labels = { 'k8s-app': 'kube-proxy' };
  const proxyConfiguration = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    bindAddress: '0.0.0.0',
    clientConnection: { acceptContentTypes: '', burst: 0, contentType: '', kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf', qps: 0 },
    clusterCIDR: configuration.podSubnet,
    kind: 'KubeProxyConfiguration',
    mode: configuration.proxyMode === 'iptables' ? '' : configuration.proxyMode,
  };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ cluster: { 'certificate-authority': '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt', server: `https://${configuration.endpointAddress}:6443` }, name: 'default' }],
    contexts: [{ context: { cluster: 'default', namespace: 'default', user: 'default' }, name: 'default' }],
    'current-context': 'default',
    users: [{ name: 'default', user: { tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' } }],
  };
  const text = (value: unknown): string => stringify(value, { lineWidth: 0, indentSeq: false });
  return [
    object('v1', 'ServiceAccount', 'kube-proxy', {}),
    object('v1', 'ConfigMap', 'kube-proxy', { data: { 'config.conf': text(proxyConfiguration), 'kubeconfig.conf': text(kubeconfig) } }, 'kube-system', { labels: { app: 'kube-proxy' } }),
    clusterRoleBinding('kubeadm:node-proxier', 'system:node-proxier', [{ kind: 'ServiceAccount', name: 'kube-proxy', namespace: 'kube-system' }]),
    object('rbac.authorization.k8s.io/v1', 'Role', 'kube-proxy', { rules: [{ apiGroups: [''], resourceNames: ['kube-proxy'], resources: ['configmaps'], verbs: ['get'] }] }),
    object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'kube-proxy', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'kube-proxy' }, subjects: [group('system:bootstrappers:kubeadm:default-node-token')] }),
    object(
      'apps/v1',
      'DaemonSet',
      'kube-proxy',
      {
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [
                {
                  command: ['/usr/local/bin/kube-proxy', '--config=/var/lib/kube-proxy/config.conf', '--hostname-override=$(NODE_NAME)'],
                  env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
                  image,
                  imagePullPolicy: 'IfNotPresent',
                  name: 'kube-proxy',
                  securityContext: { privileged: true },
                  volumeMounts: [
                    { mountPath: '/var/lib/kube-proxy', name: 'kube-proxy' },
                    { mountPath: '/run/xtables.lock', name: 'xtables-lock' },
                    { mountPath: '/lib/modules', name: 'lib-modules', readOnly: true },
                  ],
                },
              ],
              hostNetwork: true,
              nodeSelector: { 'kubernetes.io/os': 'linux' },
              priorityClassName: 'system-node-critical',
              serviceAccountName: 'kube-proxy',
              tolerations: [{ operator: 'Exists' }],
              volumes: [
                { configMap: { name: 'kube-proxy' }, name: 'kube-proxy' },
                { hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' }, name: 'xtables-lock' },
                { hostPath: { path: '/lib/modules' }, name: 'lib-modules' },
              ],
            },
          },
          updateStrategy: { type: 'RollingUpdate' },
        },
      },
      'kube-system',
      { labels },
    ),
  ];
}
