/** kubeadm's phase `control-plane`: static pod manifests of kube-apiserver, kube-controller-manager and kube-scheduler with kubeadm 1.33's flags. */
import { imagesOf, type ClusterConfiguration, type ClusterHost, type PhaseFiles } from '../cluster-configuration.ts';
import { flagWords, staticPodManifest, type HttpProbe, type StaticPod } from './static-pod.ts';

const PKI = '/etc/kubernetes/pki';
const probe = (host: string, port: number | string, path: string): HttpProbe => ({ host, port, path, scheme: 'HTTPS' });
const sharedVolumes: StaticPod['volumes'] = [
  { name: 'ca-certs', path: '/etc/ssl/certs', type: 'DirectoryOrCreate', readOnly: true },
  { name: 'k8s-certs', path: PKI, type: 'DirectoryOrCreate', readOnly: true },
];

function etcdServers({ topology, etcdHosts }: ClusterConfiguration): string {
  return topology === 'stacked' ? 'https://127.0.0.1:2379' : etcdHosts.map(({ address }) => `https://${address}:2379`).join(',');
}

function apiServer(configuration: ClusterConfiguration, host: ClusterHost): StaticPod {
  const flags = {
    'advertise-address': host.address,
    'allow-privileged': 'true',
    'authorization-mode': 'Node,RBAC',
    'client-ca-file': `${PKI}/ca.crt`,
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    'etcd-cafile': `${PKI}/etcd/ca.crt`,
    'etcd-certfile': `${PKI}/apiserver-etcd-client.crt`,
    'etcd-keyfile': `${PKI}/apiserver-etcd-client.key`,
    'etcd-servers': etcdServers(configuration),
    'kubelet-client-certificate': `${PKI}/apiserver-kubelet-client.crt`,
    'kubelet-client-key': `${PKI}/apiserver-kubelet-client.key`,
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'proxy-client-cert-file': `${PKI}/front-proxy-client.crt`,
    'proxy-client-key-file': `${PKI}/front-proxy-client.key`,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-client-ca-file': `${PKI}/front-proxy-ca.crt`,
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'secure-port': '6443',
    'service-account-issuer': `https://kubernetes.default.svc.${configuration.dnsDomain}`,
    'service-account-key-file': `${PKI}/sa.pub`,
    'service-account-signing-key-file': `${PKI}/sa.key`,
    'service-cluster-ip-range': configuration.serviceSubnet,
    // Not kubeadm's, but a real flag: what etcd holds can then be read by a student (architecture decision record 2).
    'storage-media-type': 'application/json',
    'tls-cert-file': `${PKI}/apiserver.crt`,
    'tls-private-key-file': `${PKI}/apiserver.key`,
    ...configuration.extraArgs['kube-apiserver'],
  };
  return {
    component: 'kube-apiserver',
    image: imagesOf(configuration)['kube-apiserver'],
    command: ['kube-apiserver', ...flagWords(flags)],
    annotations: { 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${host.address}:6443` },
    cpu: '250m',
    liveness: probe(host.address, 6443, '/livez'),
    readiness: probe(host.address, 6443, '/readyz'),
    startup: probe(host.address, 6443, '/livez'),
    volumes: sharedVolumes,
  };
}

function controllerManager(configuration: ClusterConfiguration): StaticPod {
  const flags = {
    'allocate-node-cidrs': 'true',
    'authentication-kubeconfig': '/etc/kubernetes/controller-manager.conf',
    'authorization-kubeconfig': '/etc/kubernetes/controller-manager.conf',
    'bind-address': '127.0.0.1',
    'client-ca-file': `${PKI}/ca.crt`,
    'cluster-cidr': configuration.podSubnet,
    'cluster-name': configuration.clusterName,
    'cluster-signing-cert-file': `${PKI}/ca.crt`,
    'cluster-signing-key-file': `${PKI}/ca.key`,
    controllers: '*,bootstrapsigner,tokencleaner',
    kubeconfig: '/etc/kubernetes/controller-manager.conf',
    'leader-elect': 'true',
    'requestheader-client-ca-file': `${PKI}/front-proxy-ca.crt`,
    'root-ca-file': `${PKI}/ca.crt`,
    'service-account-private-key-file': `${PKI}/sa.key`,
    'service-cluster-ip-range': configuration.serviceSubnet,
    'use-service-account-credentials': 'true',
    ...configuration.extraArgs['kube-controller-manager'],
  };
  return {
    component: 'kube-controller-manager',
    image: imagesOf(configuration)['kube-controller-manager'],
    command: ['kube-controller-manager', ...flagWords(flags)],
    cpu: '200m',
    liveness: probe('127.0.0.1', 10257, '/healthz'),
    startup: probe('127.0.0.1', 10257, '/healthz'),
    volumes: [...sharedVolumes, { name: 'kubeconfig', path: '/etc/kubernetes/controller-manager.conf', type: 'FileOrCreate', readOnly: true }],
  };
}

function scheduler(configuration: ClusterConfiguration): StaticPod {
  const flags = {
    'authentication-kubeconfig': '/etc/kubernetes/scheduler.conf',
    'authorization-kubeconfig': '/etc/kubernetes/scheduler.conf',
    'bind-address': '127.0.0.1',
    kubeconfig: '/etc/kubernetes/scheduler.conf',
    'leader-elect': 'true',
    ...configuration.extraArgs['kube-scheduler'],
  };
  return {
    component: 'kube-scheduler',
    image: imagesOf(configuration)['kube-scheduler'],
    command: ['kube-scheduler', ...flagWords(flags)],
    cpu: '100m',
    liveness: probe('127.0.0.1', 10259, '/livez'),
    readiness: probe('127.0.0.1', 10259, '/readyz'),
    startup: probe('127.0.0.1', 10259, '/livez'),
    volumes: [{ name: 'kubeconfig', path: '/etc/kubernetes/scheduler.conf', type: 'FileOrCreate', readOnly: true }],
  };
}

/** Manifests of a control-plane host. */
export function controlPlaneManifests(configuration: ClusterConfiguration, host: ClusterHost): PhaseFiles {
  return {
    '/etc/kubernetes/manifests/kube-apiserver.yaml': staticPodManifest(apiServer(configuration, host)),
    '/etc/kubernetes/manifests/kube-controller-manager.yaml': staticPodManifest(controllerManager(configuration)),
    '/etc/kubernetes/manifests/kube-scheduler.yaml': staticPodManifest(scheduler(configuration)),
  };
}
