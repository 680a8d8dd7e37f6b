/**
 * `kubeadm join`: a worker, or with --control-plane a further control plane whose etcd member joins as a learner and is promoted.
 * Left out: certificate upload and download (the shared certificates have to be on the machine), TLS bootstrap by a signing request.
 */
import { kubeconfigText } from '../kubeconfigs.ts';
import { loadKubeconfig, restClient, type RestClient } from '#client';
import { createHttpClient, NetworkError, type Flags, type Process } from '#host';
import { markControlPlane, writeFiles } from '../apply.ts';
import { CommandError, preflightError, type UnitControl } from '../command-error.ts';
import type { ClusterConfiguration, GeneratedFile, NodeConfiguration } from '../configuration.ts';
import { clusterServer } from '../configuration.ts';
import { HANDED_CREDENTIALS, kubeletFiles } from '../kubelet-start.ts';
import { PKI_DIRECTORY, readClusterPki } from '../pki.ts';
import { provisionControlPlane } from '../provision.ts';
import { etcdPod, manifestFile, MANIFESTS_DIRECTORY } from '../static-pods.ts';
import { discover, type Discovered, type JoinTarget } from './discovery.ts';
import { etcdEndpoints, etcdMembers } from './etcd-members.ts';

const KUBELET_CONF = '/etc/kubernetes/kubelet.conf';
const CA_FILE = `${PKI_DIRECTORY}/ca.crt`;
const HEALTHZ_PORT = 10248;
const PATIENCE_MS = 240_000;
const RETRY_MS = 500;

/** Tries until it works, at most four minutes. */
async function until<Result>(process: Process, phase: string, act: () => Promise<Result>): Promise<Result> {
  const { clock } = process;
  const deadlineMs = clock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Error) || error instanceof CommandError) throw error;
      if (clock.monotonicMs() >= deadlineMs) throw new CommandError(`error execution phase ${phase}: ${error.message}`);
      process.telemetry.log('info', `kubeadm: ${phase}: ${error.message}; trying again`);
    }
    await clock.sleep(RETRY_MS);
  }
}

function preflight({ files }: Process, isControlPlane: boolean): void {
  if (files.stat(KUBELET_CONF)) throw preflightError('FileAvailable--etc-kubernetes-kubelet.conf', `${KUBELET_CONF} already exists`);
  if (!isControlPlane && files.stat(CA_FILE)) throw preflightError('FileAvailable--etc-kubernetes-pki-ca.crt', `${CA_FILE} already exists`);
  if (files.stat(MANIFESTS_DIRECTORY) && files.list(MANIFESTS_DIRECTORY).length > 0)
    throw preflightError('DirAvailable--etc-kubernetes-manifests', `${MANIFESTS_DIRECTORY} is not empty`);
}

function checkSharedCertificates({ files }: Process): void {
  const missing = ['ca.crt', 'ca.key', 'sa.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'etcd/ca.crt'].filter(
    (name) => !files.stat(`${PKI_DIRECTORY}/${name}`),
  );
  if (missing.length === 0) return;
  throw new CommandError(
    `error execution phase preflight: \nOne or more conditions for hosting a new control plane instance is not satisfied.\n\n[failure loading certificate for CA: couldn't load the certificate file ${PKI_DIRECTORY}/${missing[0]!}: open ${PKI_DIRECTORY}/${missing[0]!}: no such file or directory]\n\nPlease ensure that:\n* The cluster has a stable controlPlaneEndpoint address.\n* The certificates that must be shared among control plane instances are provided.\n\n`,
  );
}

/** The kubelet's kubeconfig of a worker, from the credentials that were handed over. */
function workerKubeletConf(process: Process, { cluster, caPem }: Discovered, node: NodeConfiguration): GeneratedFile {
  const { files, crypto } = process;
  if (!files.stat(`${HANDED_CREDENTIALS}.crt`))
    throw new CommandError(
      `error execution phase kubelet-start: cannot create a kubelet client certificate: this machine has no signed one in ${HANDED_CREDENTIALS}.crt, and certificate signing requests are not served`,
    );
  const identity = {
    chain: crypto.certificatesFromPem(files.readText(`${HANDED_CREDENTIALS}.crt`)),
    key: crypto.keyFromPem(files.readText(`${HANDED_CREDENTIALS}.key`)),
  };
  const [certificate] = crypto.certificatesFromPem(caPem);
  const pki = { ca: { certificate: certificate!, key: identity.key } };
  return {
    path: KUBELET_CONF,
    content: kubeconfigText(crypto, cluster.clusterName, clusterServer(cluster, node), pki, `system:node:${node.name}`, identity),
    mode: 0o600,
  };
}

async function startKubelet(process: Process, units: UnitControl | undefined): Promise<void> {
  const { stdout, network, clock } = process;
  await stdout.write(
    '[kubelet-start] Writing kubelet configuration to file "/var/lib/kubelet/config.yaml"\n[kubelet-start] Writing kubelet environment file with flags to file "/var/lib/kubelet/kubeadm-flags.env"\n[kubelet-start] Starting the kubelet\n',
  );
  if (units && !(await units.restart('kubelet')))
    throw new CommandError('error execution phase kubelet-start: the kubelet could not be started');
  await stdout.write(
    `[kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:${HEALTHZ_PORT}/healthz. This can take up to 4m0s\n`,
  );
  const startedMs = clock.monotonicMs();
  await until(process, 'kubelet-start', async () => {
    const client = createHttpClient(network, clock, { address: '127.0.0.1', port: HEALTHZ_PORT });
    try {
      const answer = await client.request({ method: 'GET', path: '/healthz', headers: [] }, { timeoutMs: 10_000 });
      await answer.text();
      if (answer.status !== 200) throw new NetworkError('ECONNREFUSED', `the kubelet answers ${answer.status}`);
    } finally {
      client.close();
    }
  });
  await stdout.write(`[kubelet-check] The kubelet is healthy after ${((clock.monotonicMs() - startedMs) / 1_000).toFixed(3)}s\n`);
}

const adminClient = (process: Process): RestClient =>
  restClient({
    network: process.network,
    clock: process.clock,
    files: process.files,
    config: loadKubeconfig(process.files, '/etc/kubernetes/admin.conf', process.crypto),
    userAgent: 'kubeadm/v1.33.0 (linux/amd64)',
  });

/** Brings this machine's etcd member into the running cluster behind `endpoints`: learner, manifest, promotion. Safe to do again. */
export async function joinEtcd(
  process: Process,
  cluster: ClusterConfiguration,
  node: NodeConfiguration,
  endpoints: readonly string[],
): Promise<void> {
  const { files, stdout } = process;
  const cluster1 = etcdMembers(process, endpoints);
  const { member, members } = await cluster1.addLearner(`https://${node.address}:2380`);
  await stdout.write(
    '[etcd] Announced new etcd member joining to the existing etcd cluster\n[etcd] Creating static Pod manifest for "etcd"\n',
  );
  const initial = members.map(({ id, name, peerUrls }) => ({
    name: id === member.id ? node.name : name,
    address: /\/\/([^:]+)/.exec(peerUrls[0] ?? '')?.[1] ?? '',
  }));
  writeFiles(files, [manifestFile(etcdPod(node, initial, true, cluster.extraArgs?.etcd))]);
  await files.sync();
  await stdout.write('[etcd] Waiting for the new etcd member to join the cluster. This can take up to 40s\n');
  await cluster1.promote(member.id);
}

async function joinControlPlane(
  process: Process,
  units: UnitControl | undefined,
  cluster: ClusterConfiguration,
  node: NodeConfiguration,
): Promise<void> {
  const { files, crypto, clock, stdout } = process;
  await stdout.write(
    `[preflight] Running pre-flight checks before initializing the new control plane instance\n[certs] Using certificateDir folder "${PKI_DIRECTORY}"\n[certs] Valid certificates and keys now exist in "${PKI_DIRECTORY}"\n[certs] Using the existing "sa" key\n[kubeconfig] Generating kubeconfig files\n[kubeconfig] Using kubeconfig folder "/etc/kubernetes"\n`,
  );
  const isStacked = cluster.etcd.kind === 'local';
  const pki = readClusterPki(files, crypto, isStacked);
  const all = provisionControlPlane(
    { crypto, nowMs: clock.wallMs(), pki, cluster, node },
    isStacked ? { members: [], isJoining: true } : undefined,
  );
  const isShared = (path: string): boolean => files.stat(path) !== undefined && path.startsWith(PKI_DIRECTORY);
  // super-admin.conf is init's alone; the etcd manifest follows once the member is announced.
  const own = all.filter(
    ({ path }) => !isShared(path) && !path.endsWith('super-admin.conf') && path !== `${MANIFESTS_DIRECTORY}/etcd.yaml`,
  );
  writeFiles(files, own);
  await files.sync();
  await stdout.write(
    `[control-plane] Using manifest folder "${MANIFESTS_DIRECTORY}"\n${['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) => `[control-plane] Creating static Pod manifest for "${name}"\n`).join('')}[check-etcd] Checking that the etcd cluster is healthy\n`,
  );
  await startKubelet(process, units);
  const client = adminClient(process);
  if (isStacked) await joinEtcd(process, cluster, node, await until(process, 'etcd-join', () => etcdEndpoints(client)));
  await until(process, 'mark-control-plane', () => markControlPlane(client, node.name));
  await stdout.write(
    `[mark-control-plane] Marking the node ${node.name} as control-plane by adding the labels: [node-role.kubernetes.io/control-plane node.kubernetes.io/exclude-from-external-load-balancers]\n[mark-control-plane] Marking the node ${node.name} as control-plane by adding the taints [node-role.kubernetes.io/control-plane:NoSchedule]\n\nThis node has joined the cluster and a new control plane instance was created:\n\n* The Kubelet was informed of the new secure connection details.\n* Control plane label and taint were applied to the new node.\n* The Kubernetes control plane instances scaled up.\n${isStacked ? '* A new etcd member was added to the local/stacked etcd cluster.\n' : ''}\nTo start administering your cluster from this node, you need to run the following as a regular user:\n\n\tmkdir -p $HOME/.kube\n\tsudo cp -i /etc/kubernetes/admin.conf $HOME/.kube/config\n\tsudo chown $(id -u):$(id -g) $HOME/.kube/config\n\nRun 'kubectl get nodes' to see this node join the cluster.\n\n`,
  );
}

function targetOf(flags: Flags): JoinTarget {
  const endpoint = flags.args[1];
  const token = flags.get('token') ?? flags.get('discovery-token') ?? '';
  if (endpoint === undefined || !/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token))
    throw new CommandError('discovery.bootstrapToken.token: Invalid value: "": the bootstrap token is invalid');
  const caHashes = flags.list('discovery-token-ca-cert-hash');
  if (caHashes.length === 0 && !flags.boolean('discovery-token-unsafe-skip-ca-verification', false))
    throw new CommandError(
      'discovery.bootstrapToken: Invalid value: "": using token-based discovery without caCertHashes can be unsafe. Set unsafeSkipCAVerification as true in your kubeadm config file or pass --discovery-token-unsafe-skip-ca-verification flag to continue',
    );
  return { endpoint, token, caHashes };
}

/** `kubeadm join ENDPOINT --token … --discovery-token-ca-cert-hash … [--control-plane]`; gives its last words. */
export async function join(process: Process, flags: Flags, units: UnitControl | undefined): Promise<string> {
  const { files, stdout } = process;
  const target = targetOf(flags);
  const isControlPlane = flags.boolean('control-plane', false);
  const node: NodeConfiguration = {
    name: flags.get('node-name') ?? process.hostname,
    address: flags.get('apiserver-advertise-address') ?? process.network.addresses[0] ?? '127.0.0.1',
  };
  await stdout.write('[preflight] Running pre-flight checks\n');
  if (!flags.list('ignore-preflight-errors').includes('all')) preflight(process, isControlPlane);
  if (isControlPlane) checkSharedCertificates(process);
  await stdout.write(
    '[preflight] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...\n[preflight] Use \'kubeadm init phase upload-config --config your-config-file\' to re-upload it.\n',
  );
  const discovered = await until(process, 'preflight', () => discover(process, target));
  if (isControlPlane) {
    await joinControlPlane(process, units, discovered.cluster, node);
    return '';
  }
  const conf = workerKubeletConf(process, discovered, node);
  writeFiles(files, [{ path: CA_FILE, content: discovered.caPem, mode: 0o644 }, conf, ...kubeletFiles(discovered.cluster, node)]);
  await files.sync();
  await startKubelet(process, units);
  return "\nThis node has joined the cluster:\n* The Kubelet was informed of the new secure connection details.\n\nRun 'kubectl get nodes' on the control-plane to see this node join the cluster.\n\n";
}
