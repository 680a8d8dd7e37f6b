/** kubeadm's phase `etcd`: the static pod manifest of a member. A fresh cluster starts with all members in `--initial-cluster`. */
import { imagesOf, type ClusterConfiguration, type ClusterHost, type PhaseFiles } from '../cluster-configuration.ts';
import { flagWords, staticPodManifest } from './static-pod.ts';

const PKI = '/etc/kubernetes/pki/etcd';

/** Manifest of the member on `host`; `members` are those it starts with. */
export function etcdManifest(configuration: ClusterConfiguration, host: ClusterHost, members: readonly ClusterHost[] = configuration.etcdHosts, state: 'new' | 'existing' = 'new'): PhaseFiles {
  const { etcd, extraArgs } = configuration;
  const flags = {
    'advertise-client-urls': `https://${host.address}:2379`,
    'cert-file': `${PKI}/server.crt`,
    'client-cert-auth': 'true',
    'data-dir': '/var/lib/etcd',
    'election-timeout': `${etcd.electionMs}`,
    'experimental-initial-corrupt-check': 'true',
    'experimental-watch-progress-notify-interval': '5s',
    'heartbeat-interval': `${etcd.heartbeatMs}`,
    'initial-advertise-peer-urls': `https://${host.address}:2380`,
    'initial-cluster': members.map(({ name, address }) => `${name}=https://${address}:2380`).join(','),
    ...(state === 'existing' ? { 'initial-cluster-state': 'existing' } : {}),
    'key-file': `${PKI}/server.key`,
    'listen-client-urls': `https://127.0.0.1:2379,https://${host.address}:2379`,
    'listen-metrics-urls': 'http://127.0.0.1:2381',
    'listen-peer-urls': `https://${host.address}:2380`,
    name: host.name,
    'peer-cert-file': `${PKI}/peer.crt`,
    'peer-client-cert-auth': 'true',
    'peer-key-file': `${PKI}/peer.key`,
    'peer-trusted-ca-file': `${PKI}/ca.crt`,
    'quota-backend-bytes': `${etcd.quotaBytes}`,
    'snapshot-count': '10000',
    'trusted-ca-file': `${PKI}/ca.crt`,
    ...extraArgs['etcd'],
  };
  const probe = (path: string) => ({ host: '127.0.0.1', port: 2381, path, scheme: 'HTTP' as const });
  return {
    '/etc/kubernetes/manifests/etcd.yaml': staticPodManifest({
      component: 'etcd',
      image: imagesOf(configuration).etcd,
      command: ['etcd', ...flagWords(flags)],
      annotations: { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': `https://${host.address}:2379` },
      cpu: '100m',
      memory: '100Mi',
      liveness: probe('/livez'),
      readiness: probe('/readyz'),
      startup: probe('/readyz'),
      volumes: [
        { name: 'etcd-data', path: '/var/lib/etcd', type: 'DirectoryOrCreate', readOnly: false },
        { name: 'etcd-certs', path: PKI, type: 'DirectoryOrCreate', readOnly: false },
      ],
    }),
  };
}
