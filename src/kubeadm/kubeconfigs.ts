/** Kubeconfig files of a machine (kubeadm's phase kubeconfig): credentials as client certificates, inline. */
import { writeYaml } from '#client';
import type { Crypto, Identity } from '#host';
import { API_SERVER_PORT, clusterServer, type ClusterConfiguration, type GeneratedFile, type NodeConfiguration } from './configuration.ts';
import { issue, type ClusterPki } from './pki.ts';

/** Base64 of a text. */
export function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The text of a kubeconfig for one user of one cluster. */
export function kubeconfigText(
  crypto: Crypto,
  clusterName: string,
  server: string,
  pki: Pick<ClusterPki, 'ca'>,
  user: string,
  identity: Identity,
): string {
  const context = `${user}@${clusterName}`;
  return writeYaml({
    apiVersion: 'v1',
    clusters: [
      { cluster: { 'certificate-authority-data': base64(crypto.certificatesToPem([pki.ca.certificate])), server }, name: clusterName },
    ],
    contexts: [{ context: { cluster: clusterName, user }, name: context }],
    'current-context': context,
    kind: 'Config',
    preferences: {},
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(crypto.certificatesToPem(identity.chain)),
          'client-key-data': base64(crypto.keyToPem(identity.key)),
        },
      },
    ],
  });
}

interface Account {
  readonly file: string;
  readonly user: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly server: string;
}

function writeAll(
  crypto: Crypto,
  nowMs: number,
  pki: ClusterPki,
  cluster: ClusterConfiguration,
  accounts: readonly Account[],
): GeneratedFile[] {
  return accounts.map(({ file, user, commonName, organizations, server }) => ({
    path: `/etc/kubernetes/${file}`,
    content: kubeconfigText(
      crypto,
      cluster.clusterName,
      server,
      pki,
      user,
      issue(crypto, nowMs, pki.ca, { commonName, organizations, usages: ['client auth'] }),
    ),
    mode: 0o600,
  }));
}

const kubeletAccount = (node: NodeConfiguration, server: string): Account => ({
  file: 'kubelet.conf',
  user: `system:node:${node.name}`,
  commonName: `system:node:${node.name}`,
  organizations: ['system:nodes'],
  server,
});

/** The kubeconfigs of a control plane. Its own components and its kubelet use its own API server; the administrators use the cluster's endpoint. */
export function controlPlaneKubeconfigs(
  crypto: Crypto,
  nowMs: number,
  pki: ClusterPki,
  cluster: ClusterConfiguration,
  node: NodeConfiguration,
): GeneratedFile[] {
  const own = `https://${node.address}:${API_SERVER_PORT}`;
  const shared = clusterServer(cluster, node);
  return writeAll(crypto, nowMs, pki, cluster, [
    {
      file: 'admin.conf',
      user: 'kubernetes-admin',
      commonName: 'kubernetes-admin',
      organizations: ['kubeadm:cluster-admins'],
      server: shared,
    },
    {
      file: 'super-admin.conf',
      user: 'kubernetes-super-admin',
      commonName: 'kubernetes-super-admin',
      organizations: ['system:masters'],
      server: shared,
    },
    kubeletAccount(node, own),
    {
      file: 'controller-manager.conf',
      user: 'system:kube-controller-manager',
      commonName: 'system:kube-controller-manager',
      organizations: [],
      server: own,
    },
    { file: 'scheduler.conf', user: 'system:kube-scheduler', commonName: 'system:kube-scheduler', organizations: [], server: own },
  ]);
}

/** The kubeconfig of a worker's kubelet, which uses the cluster's endpoint. */
export function workerKubeconfig(
  crypto: Crypto,
  nowMs: number,
  pki: ClusterPki,
  cluster: ClusterConfiguration,
  node: NodeConfiguration,
  firstControlPlane: NodeConfiguration,
): GeneratedFile[] {
  return writeAll(crypto, nowMs, pki, cluster, [kubeletAccount(node, clusterServer(cluster, firstControlPlane))]);
}
