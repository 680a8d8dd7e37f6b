import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createCrypto } from '../../../src/host/pure-crypto.ts';
import { seededRandom } from '../../../src/host/random.ts';
import {
  apiServerPod,
  createClusterPki,
  defaultClusterConfiguration,
  derivedClusterPki,
  etcdPod,
  initObjects,
  kubeletArguments,
  provisionControlPlane,
  provisionEtcdHost,
  provisionWorker,
  type ClusterConfiguration,
} from '../../../src/kubeadm/index.ts';
import { readSettings } from '../../../src/kubelet/configuration.ts';
import { createFileTree } from '../../../src/host/file-tree.ts';

const nowMs = Date.UTC(2026, 0, 5, 9);
const cluster: ClusterConfiguration = { ...defaultClusterConfiguration, controlPlaneEndpoint: '10.0.0.10:6443' };
const node = { name: 'control-plane-1', address: '10.0.0.11' };
const make = (seed = 'kubeadm') => {
  const crypto = createCrypto(seededRandom(seed));
  return { crypto, pki: createClusterPki(crypto, nowMs) };
};

describe('authorities derived from a seed', () => {
  const derived = (asked: string[] = []) =>
    derivedClusterPki((part) => {
      asked.push(part);
      return createCrypto(seededRandom(`seed/${part}`));
    }, nowMs);

  it('are the same on every machine, in whatever order they are asked for', () => {
    const [one, other] = [derived(), derived()];
    const etcdFirst = other.etcdCa;
    expect(one.ca.certificate.der).toEqual(other.ca.certificate.der);
    expect(one.etcdCa.certificate.der).toEqual(etcdFirst.certificate.der);
    expect(one.frontProxyCa.key.secret).toEqual(other.frontProxyCa.key.secret);
    expect(one.serviceAccountKey.publicKey).toEqual(other.serviceAccountKey.publicKey);
    expect(one.ca.certificate.der).not.toEqual(one.etcdCa.certificate.der);
  });

  it('are made once, and only those that are asked for', () => {
    const asked: string[] = [];
    const pki = derived(asked);
    expect(pki.ca).toBe(pki.ca);
    expect(asked).toEqual(['ca']);
  });
});

describe('the certificates of a control plane', () => {
  const { crypto, pki } = make();
  const files = new Map(
    provisionControlPlane({ crypto, nowMs, pki, cluster, node }, { members: [node], isJoining: false }).map((file) => [file.path, file]),
  );
  const certificate = (name: string) => crypto.certificatesFromPem(files.get(`/etc/kubernetes/pki/${name}.crt`)!.content)[0]!;

  it('names the API server by every name and address it is reached at', () => {
    expect(certificate('apiserver')).toMatchObject({
      subject: { commonName: 'kube-apiserver' },
      issuer: { commonName: 'kubernetes' },
      usages: ['server auth'],
      dnsNames: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'control-plane-1'],
      ipAddresses: ['10.96.0.1', '10.0.0.11', '10.0.0.10'],
    });
  });

  it.each([
    ['apiserver-kubelet-client', 'kube-apiserver-kubelet-client', 'kubernetes'],
    ['apiserver-etcd-client', 'kube-apiserver-etcd-client', 'etcd-ca'],
    ['front-proxy-client', 'front-proxy-client', 'front-proxy-ca'],
    ['etcd/server', 'control-plane-1', 'etcd-ca'],
    ['etcd/peer', 'control-plane-1', 'etcd-ca'],
    ['etcd/healthcheck-client', 'kube-etcd-healthcheck-client', 'etcd-ca'],
  ])('has %s for %s, signed by %s, good for one year', (name, commonName, issuer) => {
    const found = certificate(name);
    expect(found).toMatchObject({ subject: { commonName }, issuer: { commonName: issuer }, isCa: false });
    expect(found.notAfterMs - nowMs).toBe(365 * 24 * 3600 * 1000);
  });

  it.each([
    ['admin.conf', 'kubernetes-admin', ['kubeadm:cluster-admins'], 'https://10.0.0.10:6443'],
    ['super-admin.conf', 'kubernetes-super-admin', ['system:masters'], 'https://10.0.0.10:6443'],
    ['kubelet.conf', 'system:node:control-plane-1', ['system:nodes'], 'https://10.0.0.11:6443'],
    ['controller-manager.conf', 'system:kube-controller-manager', [], 'https://10.0.0.11:6443'],
    ['scheduler.conf', 'system:kube-scheduler', [], 'https://10.0.0.11:6443'],
  ])('writes %s for %s', (file, commonName, organizations, server) => {
    const kubeconfig = parse(files.get(`/etc/kubernetes/${file}`)!.content);
    expect(kubeconfig.clusters[0].cluster.server).toBe(server);
    const [leaf] = crypto.certificatesFromPem(atob(kubeconfig.users[0].user['client-certificate-data']));
    expect(leaf!.subject).toEqual({ commonName, organizations });
  });

  it('is the same for the same seed', () => {
    const again = make();
    const paths = provisionControlPlane(
      { crypto: again.crypto, nowMs, pki: again.pki, cluster, node },
      { members: [node], isJoining: false },
    );
    expect(paths.map((file) => file.content)).toEqual([...files.values()].map((file) => file.content));
  });
});

describe('static pod manifests', () => {
  it('points a stacked API server at the etcd of its own host and an external one at all members', () => {
    expect(apiServerPod(cluster, node).spec!.containers[0]!.command).toContain('--etcd-servers=https://127.0.0.1:2379');
    const endpoints = ['https://10.0.0.21:2379', 'https://10.0.0.22:2379', 'https://10.0.0.23:2379'];
    const external = apiServerPod({ ...cluster, etcd: { kind: 'external', endpoints } }, node);
    expect(external.spec!.containers[0]!.command).toContain(`--etcd-servers=${endpoints.join(',')}`);
  });

  it('lists flags by name and lets extra arguments replace them', () => {
    const [, ...flags] = apiServerPod(
      {
        ...cluster,
        extraArgs: { apiServer: { 'enable-admission-plugins': 'NodeRestriction,PodSecurity', 'storage-media-type': undefined } },
      },
      node,
    ).spec!.containers[0]!.command!;
    expect(flags).toEqual([...flags].sort());
    expect(flags).toContain('--enable-admission-plugins=NodeRestriction,PodSecurity');
    expect(flags.some((flag) => flag.startsWith('--storage-media-type'))).toBe(false);
  });

  it('starts a joining etcd member with the existing cluster', () => {
    const members = [
      { name: 'a', address: '10.0.0.11' },
      { name: 'control-plane-1', address: '10.0.0.12' },
    ];
    const { command } = etcdPod({ name: 'control-plane-1', address: '10.0.0.12' }, members, true).spec!.containers[0]!;
    expect(command).toEqual(
      expect.arrayContaining([
        '--initial-cluster=a=https://10.0.0.11:2380,control-plane-1=https://10.0.0.12:2380',
        '--initial-cluster-state=existing',
        '--snapshot-count=10000',
        '--listen-metrics-urls=http://127.0.0.1:2381',
      ]),
    );
  });
});

describe('the other machines', () => {
  const { crypto, pki } = make();
  it('give a worker nothing but the authority and its own credentials', () => {
    const worker = { name: 'worker-1', address: '10.0.0.31' };
    const files = provisionWorker({ crypto, nowMs, pki, cluster, node: worker }, node);
    expect(files.map((file) => file.path)).toEqual([
      '/etc/kubernetes/pki/ca.crt',
      '/etc/kubernetes/kubelet.conf',
      '/var/lib/kubelet/config.yaml',
      '/var/lib/kubelet/kubeadm-flags.env',
    ]);
    expect(parse(files[1]!.content).clusters[0].cluster.server).toBe('https://10.0.0.10:6443');
  });

  it('give an etcd host no credentials of the API', () => {
    const host = { name: 'etcd-1', address: '10.0.0.21' };
    const paths = provisionEtcdHost({ crypto, nowMs, pki, cluster, node: host }, [host]).map((file) => file.path);
    expect(paths.filter((path) => path.endsWith('.conf') || path.endsWith('sa.key'))).toEqual([]);
    expect(paths).toContain('/etc/kubernetes/manifests/etcd.yaml');
  });

  it('write a kubelet configuration the kubelet reads', () => {
    const files = createFileTree({ nowMs: () => 0 } as never);
    files.makeDirectory('/var/lib/kubelet', { recursive: true });
    for (const file of provisionWorker({ crypto, nowMs, pki, cluster, node }, node))
      if (file.path.endsWith('config.yaml')) files.write(file.path, file.content);
    expect(readSettings(kubeletArguments(node), files, { hostname: 'x', address: '10.0.0.1' })).toMatchObject({
      nodeName: 'control-plane-1',
      nodeIp: '10.0.0.11',
      staticPodPath: '/etc/kubernetes/manifests',
      clusterDns: ['10.96.0.10'],
      clusterDomain: 'cluster.local',
      leaseDurationSeconds: 40,
      nodeStatusUpdateFrequencyMs: 10_000,
      nodeStatusReportFrequencyMs: 300_000,
      kubeconfigPath: '/etc/kubernetes/kubelet.conf',
    });
  });
});

describe('what kubeadm creates in the API', () => {
  it('has the configuration, the token, the rights and the add-ons, in this order', () => {
    const { crypto, pki } = make();
    const objects = initObjects(crypto, pki, cluster, node, 'abcdef.0123456789abcdef', nowMs);
    expect(objects.map((object) => `${object.kind}/${object.metadata.name}`)).toEqual([
      'ClusterRoleBinding/kubeadm:cluster-admins',
      'ConfigMap/kubeadm-config',
      'Role/kubeadm:nodes-kubeadm-config',
      'RoleBinding/kubeadm:nodes-kubeadm-config',
      'ConfigMap/kubelet-config',
      'Role/kubeadm:kubelet-config',
      'RoleBinding/kubeadm:kubelet-config',
      'Secret/bootstrap-token-abcdef',
      'ClusterRole/kubeadm:get-nodes',
      'ClusterRoleBinding/kubeadm:get-nodes',
      'ClusterRoleBinding/kubeadm:kubelet-bootstrap',
      'ClusterRoleBinding/kubeadm:node-autoapprove-bootstrap',
      'ClusterRoleBinding/kubeadm:node-autoapprove-certificate-rotation',
      'ConfigMap/cluster-info',
      'Role/kubeadm:bootstrap-signer-clusterinfo',
      'RoleBinding/kubeadm:bootstrap-signer-clusterinfo',
      'ConfigMap/coredns',
      'ClusterRole/system:coredns',
      'ClusterRoleBinding/system:coredns',
      'ServiceAccount/coredns',
      'Deployment/coredns',
      'Service/kube-dns',
      'ServiceAccount/kube-proxy',
      'ClusterRoleBinding/kubeadm:node-proxier',
      'Role/kube-proxy',
      'RoleBinding/kube-proxy',
      'ConfigMap/kube-proxy',
      'DaemonSet/kube-proxy',
    ]);
    const service = objects.find((object) => object.kind === 'Service') as unknown as { spec: { clusterIP: string } };
    expect(service.spec.clusterIP).toBe('10.96.0.10');
  });
});
