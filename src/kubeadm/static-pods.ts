/** Static pod manifests (kubeadm's phases control-plane and etcd), flag for flag as kubeadm 1.33 writes them; the API server also gets --storage-media-type=application/json. */
import type { Container, Pod, Probe } from '#api';
import { writeYaml } from '#client';
import {
  API_SERVER_PORT,
  IMAGE_TAGS,
  type ClusterConfiguration,
  type EtcdMember,
  type ExtraArgs,
  type GeneratedFile,
  type NodeConfiguration,
} from './configuration.ts';
import { PKI_DIRECTORY } from './pki.ts';

/** Where the kubelet looks for manifests. */
export const MANIFESTS_DIRECTORY = '/etc/kubernetes/manifests';
const REGISTRY = 'registry.k8s.io';
const STATIC_POD_PRIORITY = 2_000_001_000;

interface HostVolume {
  readonly name: string;
  readonly path: string;
  readonly type: 'DirectoryOrCreate' | 'FileOrCreate';
  readonly readOnly: boolean;
}

const certificateVolumes: readonly HostVolume[] = [
  { name: 'ca-certs', path: '/etc/ssl/certs', type: 'DirectoryOrCreate', readOnly: true },
  { name: 'etc-ca-certificates', path: '/etc/ca-certificates', type: 'DirectoryOrCreate', readOnly: true },
  { name: 'k8s-certs', path: PKI_DIRECTORY, type: 'DirectoryOrCreate', readOnly: true },
  { name: 'usr-local-share-ca-certificates', path: '/usr/local/share/ca-certificates', type: 'DirectoryOrCreate', readOnly: true },
  { name: 'usr-share-ca-certificates', path: '/usr/share/ca-certificates', type: 'DirectoryOrCreate', readOnly: true },
];

/** Flags in the order of their names, extra ones laid over. */
function command(name: string, flags: Readonly<Record<string, string>>, extra: ExtraArgs | undefined): string[] {
  const all: Record<string, string | undefined> = { ...flags, ...extra };
  const lines = Object.keys(all)
    .filter((flag) => all[flag] !== undefined)
    .sort()
    .map((flag) => `--${flag}=${all[flag]}`);
  return [name, ...lines];
}

type ProbeTarget = { readonly host: string; readonly port: number; readonly scheme: 'HTTP' | 'HTTPS' };
const httpProbe = (
  target: ProbeTarget,
  path: string,
  failureThreshold: number,
  periodSeconds: number,
  initialDelaySeconds?: number,
): Probe => ({
  failureThreshold,
  httpGet: { host: target.host, path, port: target.port, scheme: target.scheme },
  ...(initialDelaySeconds === undefined ? {} : { initialDelaySeconds }),
  periodSeconds,
  timeoutSeconds: 15,
});
const livenessProbe = (target: ProbeTarget, path: string): Probe => httpProbe(target, path, 8, 10, 10);
const readinessProbe = (target: ProbeTarget, path: string): Probe => httpProbe(target, path, 3, 1);
/** Four minutes (kubeadm's control plane timeout) to come up. */
const startupProbe = (target: ProbeTarget, path: string): Probe => httpProbe(target, path, 24, 10, 10);

function staticPod(
  name: string,
  image: string,
  annotations: Readonly<Record<string, string>>,
  volumes: readonly HostVolume[],
  container: Omit<Container, 'name'>,
): Pod {
  const sorted = [...volumes].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(Object.keys(annotations).length ? { annotations: { ...annotations } } : {}),
      labels: { component: name, tier: 'control-plane' },
      name,
      namespace: 'kube-system',
    },
    spec: {
      containers: [
        {
          ...container,
          image,
          imagePullPolicy: 'IfNotPresent',
          name,
          volumeMounts: sorted.map((volume) => ({
            mountPath: volume.path,
            name: volume.name,
            ...(volume.readOnly ? { readOnly: true } : {}),
          })),
        },
      ],
      hostNetwork: true,
      priority: STATIC_POD_PRIORITY,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: sorted.map((volume) => ({ hostPath: { path: volume.path, type: volume.type }, name: volume.name })),
    },
    status: {},
  };
}

/** kube-apiserver's pod. */
export function apiServerPod(cluster: ClusterConfiguration, node: NodeConfiguration): Pod {
  const pki = PKI_DIRECTORY;
  const flags = {
    'advertise-address': node.address,
    'allow-privileged': 'true',
    'authorization-mode': 'Node,RBAC',
    'client-ca-file': `${pki}/ca.crt`,
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    'etcd-cafile': `${pki}/etcd/ca.crt`,
    'etcd-certfile': `${pki}/apiserver-etcd-client.crt`,
    'etcd-keyfile': `${pki}/apiserver-etcd-client.key`,
    'etcd-servers': cluster.etcd.kind === 'local' ? 'https://127.0.0.1:2379' : cluster.etcd.endpoints.join(','),
    'kubelet-client-certificate': `${pki}/apiserver-kubelet-client.crt`,
    'kubelet-client-key': `${pki}/apiserver-kubelet-client.key`,
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'proxy-client-cert-file': `${pki}/front-proxy-client.crt`,
    'proxy-client-key-file': `${pki}/front-proxy-client.key`,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'secure-port': String(API_SERVER_PORT),
    'service-account-issuer': `https://kubernetes.default.svc.${cluster.dnsDomain}`,
    'service-account-key-file': `${pki}/sa.pub`,
    'service-account-signing-key-file': `${pki}/sa.key`,
    'service-cluster-ip-range': cluster.serviceSubnet,
    'storage-media-type': 'application/json',
    'tls-cert-file': `${pki}/apiserver.crt`,
    'tls-private-key-file': `${pki}/apiserver.key`,
  };
  const target: ProbeTarget = { host: node.address, port: API_SERVER_PORT, scheme: 'HTTPS' };
  const annotations = { 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${node.address}:${API_SERVER_PORT}` };
  return staticPod('kube-apiserver', `${REGISTRY}/kube-apiserver:${cluster.kubernetesVersion}`, annotations, certificateVolumes, {
    command: command('kube-apiserver', flags, cluster.extraArgs?.apiServer),
    livenessProbe: livenessProbe(target, '/livez'),
    readinessProbe: readinessProbe(target, '/readyz'),
    resources: { requests: { cpu: '250m' } },
    startupProbe: startupProbe(target, '/livez'),
  });
}

/** kube-controller-manager's pod. */
export function controllerManagerPod(cluster: ClusterConfiguration): Pod {
  const kubeconfig = '/etc/kubernetes/controller-manager.conf';
  const flags = {
    'allocate-node-cidrs': 'true',
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'client-ca-file': `${PKI_DIRECTORY}/ca.crt`,
    'cluster-cidr': cluster.podSubnet,
    'cluster-name': cluster.clusterName,
    'cluster-signing-cert-file': `${PKI_DIRECTORY}/ca.crt`,
    'cluster-signing-key-file': `${PKI_DIRECTORY}/ca.key`,
    controllers: '*,bootstrapsigner,tokencleaner',
    kubeconfig,
    'leader-elect': 'true',
    'requestheader-client-ca-file': `${PKI_DIRECTORY}/front-proxy-ca.crt`,
    'root-ca-file': `${PKI_DIRECTORY}/ca.crt`,
    'service-account-private-key-file': `${PKI_DIRECTORY}/sa.key`,
    'service-cluster-ip-range': cluster.serviceSubnet,
    'use-service-account-credentials': 'true',
  };
  const target: ProbeTarget = { host: '127.0.0.1', port: 10257, scheme: 'HTTPS' };
  const volumes: HostVolume[] = [
    ...certificateVolumes,
    { name: 'flexvolume-dir', path: '/usr/libexec/kubernetes/kubelet-plugins/volume/exec', type: 'DirectoryOrCreate', readOnly: false },
    { name: 'kubeconfig', path: kubeconfig, type: 'FileOrCreate', readOnly: true },
  ];
  return staticPod('kube-controller-manager', `${REGISTRY}/kube-controller-manager:${cluster.kubernetesVersion}`, {}, volumes, {
    command: command('kube-controller-manager', flags, cluster.extraArgs?.controllerManager),
    livenessProbe: livenessProbe(target, '/healthz'),
    resources: { requests: { cpu: '200m' } },
    startupProbe: startupProbe(target, '/healthz'),
  });
}

/** kube-scheduler's pod. */
export function schedulerPod(cluster: ClusterConfiguration): Pod {
  const kubeconfig = '/etc/kubernetes/scheduler.conf';
  const flags = {
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    kubeconfig,
    'leader-elect': 'true',
  };
  const target: ProbeTarget = { host: '127.0.0.1', port: 10259, scheme: 'HTTPS' };
  return staticPod(
    'kube-scheduler',
    `${REGISTRY}/kube-scheduler:${cluster.kubernetesVersion}`,
    {},
    [{ name: 'kubeconfig', path: kubeconfig, type: 'FileOrCreate', readOnly: true }],
    {
      command: command('kube-scheduler', flags, cluster.extraArgs?.scheduler),
      livenessProbe: livenessProbe(target, '/livez'),
      readinessProbe: readinessProbe(target, '/readyz'),
      resources: { requests: { cpu: '100m' } },
      startupProbe: startupProbe(target, '/livez'),
    },
  );
}

/** etcd's pod. `members` is the whole initial cluster; `isJoining` when that cluster runs already. */
export function etcdPod(node: NodeConfiguration, members: readonly EtcdMember[], isJoining: boolean, extra?: ExtraArgs): Pod {
  const pki = `${PKI_DIRECTORY}/etcd`;
  const client = `https://${node.address}:2379`;
  const flags: Record<string, string> = {
    'advertise-client-urls': client,
    'cert-file': `${pki}/server.crt`,
    'client-cert-auth': 'true',
    'data-dir': '/var/lib/etcd',
    'experimental-initial-corrupt-check': 'true',
    'experimental-watch-progress-notify-interval': '5s',
    'initial-advertise-peer-urls': `https://${node.address}:2380`,
    'initial-cluster': members.map((member) => `${member.name}=https://${member.address}:2380`).join(','),
    ...(isJoining ? { 'initial-cluster-state': 'existing' } : {}),
    'key-file': `${pki}/server.key`,
    'listen-client-urls': `https://127.0.0.1:2379,${client}`,
    'listen-metrics-urls': 'http://127.0.0.1:2381',
    'listen-peer-urls': `https://${node.address}:2380`,
    name: node.name,
    'peer-cert-file': `${pki}/peer.crt`,
    'peer-client-cert-auth': 'true',
    'peer-key-file': `${pki}/peer.key`,
    'peer-trusted-ca-file': `${pki}/ca.crt`,
    'snapshot-count': '10000',
    'trusted-ca-file': `${pki}/ca.crt`,
  };
  const target: ProbeTarget = { host: '127.0.0.1', port: 2381, scheme: 'HTTP' };
  const volumes: HostVolume[] = [
    { name: 'etcd-certs', path: pki, type: 'DirectoryOrCreate', readOnly: false },
    { name: 'etcd-data', path: '/var/lib/etcd', type: 'DirectoryOrCreate', readOnly: false },
  ];
  return staticPod('etcd', `${REGISTRY}/etcd:${IMAGE_TAGS.etcd}`, { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': client }, volumes, {
    command: command('etcd', flags, extra),
    livenessProbe: livenessProbe(target, '/livez'),
    readinessProbe: readinessProbe(target, '/readyz'),
    resources: { requests: { cpu: '100m', memory: '100Mi' } },
    startupProbe: startupProbe(target, '/readyz'),
  });
}

/** A manifest as a file of the manifests directory. */
export function manifestFile(pod: Pod): GeneratedFile {
  return { path: `${MANIFESTS_DIRECTORY}/${pod.metadata.name}.yaml`, content: writeYaml(pod), mode: 0o600 };
}
