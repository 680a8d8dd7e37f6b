/**
 * The kubeadm command on a machine: version, config images list, config print, certs check-expiration, token generate/create/list,
 * init and join as what they leave on disk and in the API, reset. Machines of the lab are set up by provisioning; this is for looking and for repeating it by hand.
 */
import type { Secret } from '#api';
import { humanDuration, StatusError } from '#apimachinery';
import { loadKubeconfig, RequestError, resources, restClient, type RestClient } from '#client';
import { parseFlags, type Flags, type Process, type Program } from '#host';
import { applyInitObjects, markControlPlane, writeFiles } from './apply.ts';
import { bootstrapTokenSecret, clusterConfigurationText, initObjects } from './bootstrap-objects.ts';
import { checkExpiration } from './check-expiration.ts';
import { CommandError, type UnitControl } from './command-error.ts';
import {
  API_SERVER_PORT,
  defaultClusterConfiguration,
  IMAGE_TAGS,
  type ClusterConfiguration,
  type NodeConfiguration,
} from './configuration.ts';
import { caCertHash } from './join/discovery.ts';
import { join } from './join/join.ts';
import { createClusterPki, PKI_DIRECTORY, readClusterPki } from './pki.ts';
import { provisionControlPlane } from './provision.ts';
import { reset } from './reset.ts';
import { MANIFESTS_DIRECTORY } from './static-pods.ts';

const ADMIN_CONF = '/etc/kubernetes/admin.conf';
const SUPER_ADMIN_CONF = '/etc/kubernetes/super-admin.conf';

const TOKEN_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
function newToken(process: Process): string {
  const letters = (length: number): string =>
    Array.from({ length }, () => TOKEN_LETTERS[process.random.below(TOKEN_LETTERS.length)]).join('');
  return `${letters(6)}.${letters(16)}`;
}

/** --kubeconfig, else KUBECONFIG where there is one, else the machine's own. */
const kubeconfigPath = (process: Process, flags: Flags, fallback = ADMIN_CONF): string =>
  flags.get('kubeconfig') ?? (process.files.stat(fallback) ? fallback : (process.env['KUBECONFIG'] ?? fallback));

function clientOf(process: Process, flags: Flags, fallback = ADMIN_CONF): RestClient {
  const path = kubeconfigPath(process, flags, fallback);
  if (!process.files.stat(path)) throw new CommandError(`failed to load admin kubeconfig: open ${path}: no such file or directory`);
  return restClient({
    network: process.network,
    clock: process.clock,
    files: process.files,
    config: loadKubeconfig(process.files, path, process.crypto),
    userAgent: 'kubeadm/v1.33.0 (linux/amd64)',
  });
}

function clusterOf(flags: Flags): ClusterConfiguration {
  return {
    ...defaultClusterConfiguration,
    controlPlaneEndpoint: flags.get('control-plane-endpoint') ?? '',
    podSubnet: flags.get('pod-network-cidr') ?? defaultClusterConfiguration.podSubnet,
    serviceSubnet: flags.get('service-cidr') ?? defaultClusterConfiguration.serviceSubnet,
    dnsDomain: flags.get('service-dns-domain') ?? defaultClusterConfiguration.dnsDomain,
  };
}

/** Images of a version, in kubeadm's order. */
export function imageList(version: string): string[] {
  const own = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map(
    (name) => `registry.k8s.io/${name}:${version}`,
  );
  return [
    ...own,
    `registry.k8s.io/coredns/coredns:${IMAGE_TAGS.coredns}`,
    `registry.k8s.io/pause:${IMAGE_TAGS.pause}`,
    `registry.k8s.io/etcd:${IMAGE_TAGS.etcd}`,
  ];
}

const HEALTH_LIMIT_MS = 240_000;

/** Waits until the API server of a client answers; kubeadm's four minutes. */
async function waitForApiServer(process: Process, client: RestClient): Promise<void> {
  const startedMs = process.clock.monotonicMs();
  for (;;) {
    try {
      const response = await client.request({ method: 'GET', path: '/livez', timeoutMs: 10_000 });
      if (response.status === 200) return;
    } catch (error) {
      if (process.clock.monotonicMs() - startedMs > HEALTH_LIMIT_MS)
        throw new CommandError(`error execution phase wait-control-plane: ${(error as Error).message}`);
    }
    if (process.clock.monotonicMs() - startedMs > HEALTH_LIMIT_MS)
      throw new CommandError('error execution phase wait-control-plane: failed while waiting for the control plane to start');
    await process.clock.sleep(500);
  }
}

async function init(process: Process, flags: Flags): Promise<string> {
  const { files, crypto, clock, stdout } = process;
  const cluster = clusterOf(flags);
  const node: NodeConfiguration = {
    name: flags.get('node-name') ?? process.hostname,
    address: flags.get('apiserver-advertise-address') ?? process.network.addresses[0] ?? '127.0.0.1',
  };
  if (files.stat(`${MANIFESTS_DIRECTORY}/kube-apiserver.yaml`)) {
    throw new CommandError(
      `error execution phase preflight: [preflight] Some fatal errors occurred:\n\t[ERROR FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml]: ${MANIFESTS_DIRECTORY}/kube-apiserver.yaml already exists\n[preflight] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\``,
    );
  }
  await stdout.write(
    `[init] Using Kubernetes version: ${cluster.kubernetesVersion}\n[preflight] Running pre-flight checks\n[certs] Using certificateDir folder "${PKI_DIRECTORY}"\n`,
  );
  const pki = files.stat(`${PKI_DIRECTORY}/ca.key`) ? readClusterPki(files, crypto) : createClusterPki(crypto, clock.wallMs());
  writeFiles(files, provisionControlPlane({ crypto, nowMs: clock.wallMs(), pki, cluster, node }, { members: [node], isJoining: false }));
  await files.sync();
  await stdout.write(
    `[kubeconfig] Using kubeconfig folder "/etc/kubernetes"\n[control-plane] Using manifest folder "${MANIFESTS_DIRECTORY}"\n[wait-control-plane] Waiting for the kubelet to boot up the control plane as static Pods from directory "${MANIFESTS_DIRECTORY}"\n`,
  );
  const client = clientOf(process, flags, SUPER_ADMIN_CONF);
  await waitForApiServer(process, client);
  const token = flags.get('token') ?? newToken(process);
  await applyInitObjects(client, initObjects(crypto, pki, cluster, node, token, clock.wallMs()));
  await markControlPlane(client, node.name);
  const hash = caCertHash(crypto, pki.ca.certificate.publicKey);
  const endpoint = cluster.controlPlaneEndpoint || `${node.address}:${API_SERVER_PORT}`;
  return `[addons] Applied essential addon: CoreDNS\n[addons] Applied essential addon: kube-proxy\n\nYour Kubernetes control-plane has initialized successfully!\n\nThen you can join any number of worker nodes by running the following on each as root:\n\nkubeadm join ${endpoint} --token ${token} \\\n\t--discovery-token-ca-cert-hash ${hash} \n`;
}

const CALL_LIMIT_MS = 60_000;
const CALL_RETRY_MS = 500;

/** kubeadm's patience with the API (KubernetesAPICall: a minute): what the server could not do is asked again, what it refused is not. */
async function persist(process: Process, act: () => Promise<unknown>): Promise<void> {
  const deadlineMs = process.clock.monotonicMs() + CALL_LIMIT_MS;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      const mayPass = error instanceof RequestError || (error instanceof StatusError && (error.status.code ?? 0) >= 500);
      if (!mayPass || process.clock.monotonicMs() >= deadlineMs) throw error;
    }
    await process.clock.sleep(CALL_RETRY_MS);
  }
}

async function token(process: Process, flags: Flags, verb: string | undefined): Promise<string> {
  if (verb === 'generate') return `${newToken(process)}\n`;
  const client = clientOf(process, flags);
  if (verb === 'create') {
    const value = flags.args[2] ?? newToken(process);
    const secret = bootstrapTokenSecret(value, process.clock.wallMs(), flags.get('description') ?? '') as unknown as Secret;
    await persist(process, () => client.create(resources.secrets, secret));
    if (!flags.boolean('print-join-command', false)) return `${value}\n`;
    const config = loadKubeconfig(process.files, kubeconfigPath(process, flags), process.crypto);
    const hash = caCertHash(process.crypto, config.rootCas![0]!.publicKey);
    return `kubeadm join ${config.server.replace('https://', '')} --token ${value} --discovery-token-ca-cert-hash ${hash} \n`;
  }
  if (verb !== 'list') throw new CommandError(`unknown command "${verb ?? ''}" for "kubeadm token"`);
  const { items } = await client.list(resources.secrets, { namespace: 'kube-system', fieldSelector: 'type=bootstrap.kubernetes.io/token' });
  const lines = items.map((secret) => {
    const read = (key: string): string => atob(secret.data?.[key] ?? '');
    const expires = read('expiration');
    const ttl = expires ? humanDuration(new Date(expires).getTime() - process.clock.wallMs()) : '<forever>';
    return `${read('token-id')}.${read('token-secret')}   ${ttl.padEnd(11)} ${(expires || '<never>').padEnd(22)} authentication,signing   ${(read('description') || '<none>').padEnd(56)} ${read('auth-extra-groups')}`;
  });
  return `${['TOKEN                     TTL         EXPIRES                USAGES                   DESCRIPTION                                              EXTRA GROUPS', ...lines].join('\n')}\n`;
}

async function run(process: Process, flags: Flags, units: UnitControl | undefined): Promise<string> {
  const [command, verb, noun] = flags.args;
  if (command === 'version')
    return flags.get('output') === 'short'
      ? `${IMAGE_TAGS.kubernetes}\n`
      : `kubeadm version: &version.Info{Major:"1", Minor:"33", GitVersion:"${IMAGE_TAGS.kubernetes}", Platform:"linux/amd64"}\n`;
  if (command === 'init') return init(process, flags);
  if (command === 'token') return token(process, flags, verb);
  if (command === 'join') return join(process, flags, units);
  if (command === 'reset') return reset(process, units);
  if (command === 'certs' && verb === 'check-expiration') return checkExpiration(process);
  if (command === 'config' && verb === 'images' && noun === 'list')
    return imageList(flags.get('kubernetes-version') ?? IMAGE_TAGS.kubernetes)
      .map((image) => `${image}\n`)
      .join('');
  if (command === 'config' && verb === 'print') return clusterConfigurationText(clusterOf(flags));
  throw new CommandError(
    command
      ? `unknown command "${[command, verb].filter(Boolean).join(' ')}" for "kubeadm"`
      : 'a command is required: init, join, token, certs, config, reset, version',
  );
}

/** Flags that take no value. */
const SWITCHES = ['upload-certs', 'print-join-command', 'force', 'v', 'f', 'control-plane', 'discovery-token-unsafe-skip-ca-verification'];

/** The command, over the units of its machine (none: the kubelet is left as it is); ends with 1 and a text on standard error where something is wrong. */
export const kubeadmWith =
  (units: UnitControl | undefined): Program =>
  async (process) => {
    try {
      await process.stdout.write(await run(process, parseFlags(process.argv, SWITCHES), units));
      return 0;
    } catch (error) {
      await process.stderr.write(
        `${error instanceof Error ? error.message : String(error)}\n${error instanceof CommandError ? 'To see the stack trace of this error execute with --v=5 or higher\n' : ''}`,
      );
      return 1;
    }
  };

/** The command where there are no units to start and stop. */
export const kubeadm: Program = kubeadmWith(undefined);
