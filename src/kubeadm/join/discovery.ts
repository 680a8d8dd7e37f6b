/**
 * How a machine that knows a token finds its cluster and comes to trust it (kubeadm's token discovery): it reads cluster-info without
 * credentials, checks the token's signature on it and the hash of the authority, and reads the cluster's configuration with the token.
 */
import type { ConfigMap } from '#api';
import { resources, restClient, type Kubeconfig, type RestClient, type RestConfig } from '#client';
import type { Crypto, Process } from '#host';
import { parse } from 'yaml';
import { CommandError } from '../command-error.ts';
import { defaultClusterConfiguration, type ClusterConfiguration, type ExtraArgs } from '../configuration.ts';

/** What kubeadm join is told of the cluster. */
export interface JoinTarget {
  /** `10.0.0.10:6443`. */
  readonly endpoint: string;
  readonly token: string;
  /** `sha256:…`; empty with --discovery-token-unsafe-skip-ca-verification. */
  readonly caHashes: readonly string[];
}

/** What discovery gives. */
export interface Discovered {
  readonly cluster: ClusterConfiguration;
  /** PEM of the cluster's authority. */
  readonly caPem: string;
}

/** SHA-256 over a certificate's public key in its PKIX form, as --discovery-token-ca-cert-hash takes it. */
export function caCertHash(crypto: Crypto, publicKey: Uint8Array): string {
  const body = crypto.publicKeyToPem(publicKey).replace(/-----[^-]+-----|\s/g, '');
  const der = Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
  return `sha256:${Array.from(crypto.sha256(der), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const base64Url = (bytes: Uint8Array): string => {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
};

/** Whether a detached JWS (`header..signature`) over `content` was made with the token's secret. */
export function isSignedByToken(crypto: Crypto, jws: string, content: string, secret: string): boolean {
  const [header = '', , signature = ''] = jws.split('.');
  const encoder = new TextEncoder();
  return (
    base64Url(crypto.hmacSha256(encoder.encode(secret), encoder.encode(`${header}.${base64Url(encoder.encode(content))}`))) === signature
  );
}

const clientWith = ({ network, clock, files }: Process, config: RestConfig): RestClient =>
  restClient({ network, clock, files, config, userAgent: 'kubeadm/v1.33.0 (linux/amd64)' });

const extraArgsOf = (list: readonly { readonly name: string; readonly value: string }[] = []): ExtraArgs =>
  Object.fromEntries(list.map(({ name, value }) => [name, value]));

interface ExtraArgsHolder {
  readonly extraArgs?: readonly { readonly name: string; readonly value: string }[];
}
interface ConfigurationText {
  readonly clusterName?: string;
  readonly kubernetesVersion?: string;
  readonly controlPlaneEndpoint?: string;
  readonly networking?: { readonly podSubnet?: string; readonly serviceSubnet?: string; readonly dnsDomain?: string };
  readonly apiServer?: ExtraArgsHolder & { readonly certSANs?: readonly string[] };
  readonly controllerManager?: ExtraArgsHolder;
  readonly scheduler?: ExtraArgsHolder;
  readonly etcd?: { readonly local?: ExtraArgsHolder; readonly external?: { readonly endpoints?: readonly string[] } };
}

/** The ClusterConfiguration behind its text in the ConfigMap kubeadm-config. */
export function parseClusterConfiguration(text: string): ClusterConfiguration {
  const read = parse(text) as ConfigurationText;
  const { networking = {}, apiServer, controllerManager, scheduler, etcd } = read;
  return {
    clusterName: read.clusterName ?? defaultClusterConfiguration.clusterName,
    kubernetesVersion: read.kubernetesVersion ?? defaultClusterConfiguration.kubernetesVersion,
    controlPlaneEndpoint: read.controlPlaneEndpoint ?? '',
    podSubnet: networking.podSubnet ?? defaultClusterConfiguration.podSubnet,
    serviceSubnet: networking.serviceSubnet ?? defaultClusterConfiguration.serviceSubnet,
    dnsDomain: networking.dnsDomain ?? defaultClusterConfiguration.dnsDomain,
    certSANs: apiServer?.certSANs ?? [],
    etcd: etcd?.external ? { kind: 'external', endpoints: etcd.external.endpoints ?? [] } : { kind: 'local' },
    extraArgs: {
      apiServer: extraArgsOf(apiServer?.extraArgs),
      controllerManager: extraArgsOf(controllerManager?.extraArgs),
      scheduler: extraArgsOf(scheduler?.extraArgs),
      etcd: extraArgsOf(etcd?.local?.extraArgs),
    },
  };
}

async function readConfigMap(client: RestClient, namespace: string, name: string): Promise<ConfigMap> {
  return client.get(resources.configmaps, name, namespace);
}

/** Finds the cluster. Rejects with CommandError, or as the client does while no API server answers. */
export async function discover(process: Process, { endpoint, token, caHashes }: JoinTarget): Promise<Discovered> {
  const { crypto } = process;
  const [tokenId = '', secret = ''] = token.split('.');
  const server = `https://${endpoint}`;
  const anonymous = clientWith(process, { server, insecureSkipVerify: true, namespace: 'default' } as RestConfig);
  const info = await readConfigMap(anonymous, 'kube-public', 'cluster-info');
  const text = info.data?.['kubeconfig'] ?? '';
  const signature = info.data?.[`jws-kubeconfig-${tokenId}`];
  if (signature === undefined)
    throw new CommandError(
      `error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID "${tokenId}"`,
    );
  if (!isSignedByToken(crypto, signature, text, secret))
    throw new CommandError(
      "error execution phase preflight: couldn't validate the identity of the API Server: failed to verify JWS signature of received cluster info object, can't trust this API Server",
    );
  const config = parse(text) as Kubeconfig;
  const caPem = atob(config.clusters?.[0]?.cluster['certificate-authority-data'] ?? '');
  const [ca] = crypto.certificatesFromPem(caPem);
  if (!ca) throw new CommandError('error execution phase preflight: cluster CA found in cluster-info ConfigMap is invalid');
  const hash = caCertHash(crypto, ca.publicKey);
  if (caHashes.length > 0 && !caHashes.includes(hash))
    throw new CommandError(
      `error execution phase preflight: couldn't validate the identity of the API Server: cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "${hash}" are pinned`,
    );
  const trusted = clientWith(process, { server, rootCas: [ca], token: () => token, namespace: 'default' } as RestConfig);
  const { data } = await readConfigMap(trusted, 'kube-system', 'kubeadm-config');
  return { cluster: parseClusterConfiguration(data?.['ClusterConfiguration'] ?? ''), caPem };
}
