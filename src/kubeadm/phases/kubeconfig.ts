/** kubeadm's phase `kubeconfig`: admin.conf, super-admin.conf, controller-manager.conf, scheduler.conf, kubelet.conf, with certificates inside. */
import type { Crypto } from '#host';
import { stringify } from 'yaml';
import type { ClusterConfiguration, ClusterHost, PhaseFile, PhaseFiles } from '../cluster-configuration.ts';
import { issueBelow, type ClusterPki } from './certs.ts';

const toBase64 = (text: string): string => {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
};

/** A user of a kubeconfig: who it is and how it is called in the file. */
export interface KubeconfigUser {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Name of the user entry; default the common name. */
  readonly entry?: string;
}

/** The text of a kubeconfig for `user` at `server` (an address). */
export function kubeconfigText(configuration: ClusterConfiguration, pki: ClusterPki, crypto: Crypto, server: string, user: KubeconfigUser): string {
  const { clusterName, createdWallMs } = configuration;
  const entry = user.entry ?? user.commonName;
  const pair = issueBelow(pki.ca, crypto, createdWallMs, { subject: user, usages: ['client auth'] });
  return stringify({
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': toBase64(crypto.certificatesToPem([pki.ca.certificate])), server: `https://${server}:6443` }, name: clusterName }],
    contexts: [{ context: { cluster: clusterName, user: entry }, name: `${entry}@${clusterName}` }],
    'current-context': `${entry}@${clusterName}`,
    kind: 'Config',
    preferences: {},
    users: [{ name: entry, user: { 'client-certificate-data': toBase64(crypto.certificatesToPem([pair.certificate])), 'client-key-data': toBase64(crypto.keyToPem(pair.key)) } }],
  }, { lineWidth: 0 });
}

const file = (content: string): PhaseFile => ({ content, mode: 0o600 });

/** The administrator of a kubeadm cluster. */
export const ADMIN: KubeconfigUser = { commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'] };

/** kubeconfigs of a control-plane host: components talk to the API server of their own host, the admin to the endpoint. */
export function controlPlaneKubeconfigs(configuration: ClusterConfiguration, host: ClusterHost, pki: ClusterPki, crypto: Crypto): PhaseFiles {
  const text = (server: string, user: KubeconfigUser): PhaseFile => file(kubeconfigText(configuration, pki, crypto, server, user));
  return {
    '/etc/kubernetes/admin.conf': text(configuration.endpointAddress, ADMIN),
    '/etc/kubernetes/super-admin.conf': text(configuration.endpointAddress, { commonName: 'kubernetes-super-admin', organizations: ['system:masters'] }),
    '/etc/kubernetes/controller-manager.conf': text(host.address, { commonName: 'system:kube-controller-manager', organizations: [] }),
    '/etc/kubernetes/scheduler.conf': text(host.address, { commonName: 'system:kube-scheduler', organizations: [] }),
  };
}

/** kubelet.conf of a host; `server` is its own API server on a control plane, the endpoint on a worker. */
export function kubeletKubeconfig(configuration: ClusterConfiguration, host: ClusterHost, server: string, pki: ClusterPki, crypto: Crypto): PhaseFiles {
  return { '/etc/kubernetes/kubelet.conf': file(kubeconfigText(configuration, pki, crypto, server, { commonName: `system:node:${host.name}`, organizations: ['system:nodes'] })) };
}

/** The pod network's own identity on a node: it may read nodes, nothing else. */
export const NODE_NETWORK_USER = 'node-network';

/** kubeconfig of a host's pod network, beside its CNI configuration. */
export function nodeNetworkKubeconfig(configuration: ClusterConfiguration, server: string, pki: ClusterPki, crypto: Crypto): PhaseFiles {
  return { '/etc/cni/net.d/node-network-kubeconfig': file(kubeconfigText(configuration, pki, crypto, server, { commonName: NODE_NETWORK_USER, organizations: [] })) };
}
