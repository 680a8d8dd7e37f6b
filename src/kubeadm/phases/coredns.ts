/** kubeadm's add-on CoreDNS: Corefile, RBAC, Deployment of two and the Service kube-dns at 10.96.0.10. */
import type { KubeObject } from '#apimachinery';
import { DNS_SERVICE_ADDRESS, type ClusterConfiguration } from '../cluster-configuration.ts';
import { clusterRoleBinding, object } from './objects.ts';

const corefile = (domain: string): string => `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${domain} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success ${domain}
       disable denial ${domain}
    }
    loop
    reload
    loadbalance
}
`;

function podSpec(image: string): Record<string, unknown> {
  return {
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: { labelSelector: { matchExpressions: [{ key: 'k8s-app', operator: 'In', values: ['kube-dns'] }] }, topologyKey: 'kubernetes.io/hostname' }, weight: 100 }] } },
    containers: [
      {
        args: ['-conf', '/etc/coredns/Corefile'],
        image,
        imagePullPolicy: 'IfNotPresent',
        livenessProbe: { failureThreshold: 5, httpGet: { path: '/health', port: 8080, scheme: 'HTTP' }, initialDelaySeconds: 60, successThreshold: 1, timeoutSeconds: 5 },
        name: 'coredns',
        ports: [
          { containerPort: 53, name: 'dns', protocol: 'UDP' },
          { containerPort: 53, name: 'dns-tcp', protocol: 'TCP' },
          { containerPort: 9153, name: 'metrics', protocol: 'TCP' },
        ],
        readinessProbe: { httpGet: { path: '/ready', port: 8181, scheme: 'HTTP' } },
        resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] }, readOnlyRootFilesystem: true },
        volumeMounts: [{ mountPath: '/etc/coredns', name: 'config-volume', readOnly: true }],
      },
    ],
    dnsPolicy: 'Default',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    priorityClassName: 'system-cluster-critical',
    serviceAccountName: 'coredns',
    tolerations: [
      { key: 'CriticalAddonsOnly', operator: 'Exists' },
      { effect: 'NoSchedule', key: 'node-role.kubernetes.io/control-plane' },
    ],
    volumes: [{ configMap: { items: [{ key: 'Corefile', path: 'Corefile' }], name: 'coredns' }, name: 'config-volume' }],
  };
}

/** The objects, in the order they are created. */
export function coreDnsObjects(configuration: ClusterConfiguration, image: string): KubeObject[] {
  const labels = { 'k8s-app': 'kube-dns' };
  const rules = [
    { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ];
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
    { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
    { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
  ];
  return [
    object('v1', 'ConfigMap', 'coredns', { data: { Corefile: corefile(configuration.dnsDomain) } }),
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:coredns', { rules }, null),
    clusterRoleBinding('system:coredns', 'system:coredns', [{ kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system' }]),
    object('v1', 'ServiceAccount', 'coredns', {}),
    object('apps/v1', 'Deployment', 'coredns', { spec: { replicas: 2, selector: { matchLabels: labels }, strategy: { rollingUpdate: { maxUnavailable: 1 }, type: 'RollingUpdate' }, template: { metadata: { labels }, spec: podSpec(image) } } }, 'kube-system', { labels }),
    object(
      'v1',
      'Service',
      'kube-dns',
      { spec: { clusterIP: DNS_SERVICE_ADDRESS, ports, selector: labels } },
      'kube-system',
      { annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' }, labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' } },
    ),
  ];
}
