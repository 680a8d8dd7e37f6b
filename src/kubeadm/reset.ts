/** `kubeadm reset`: the etcd member leaves its cluster, the kubelet stops, the pods go, and what init or join wrote is deleted. */
import { loadKubeconfig, restClient } from '#client';
import type { cri } from '#contracts';
import { createRpcClient, RpcError, type Process } from '#host';
import { CommandError, type UnitControl } from './command-error.ts';
import { etcdEndpoints, etcdMembers } from './join/etcd-members.ts';
import { PKI_DIRECTORY } from './pki.ts';
import { MANIFESTS_DIRECTORY } from './static-pods.ts';

const ETCD_MANIFEST = `${MANIFESTS_DIRECTORY}/etcd.yaml`;
const ETCD_DATA = '/var/lib/etcd';
const KUBELET_DATA = '/var/lib/kubelet';
/** Loopback stand-in for the runtime's socket (`WellKnownPorts.cri`). */
const CRI_PORT = 10010;
const STOP_TIMEOUT_MS = 60_000;

async function removeEtcdMember(process: Process): Promise<void> {
  const { files, crypto, network, clock, stdout } = process;
  if (!files.stat(ETCD_MANIFEST)) return;
  const config = loadKubeconfig(files, '/etc/kubernetes/admin.conf', crypto);
  const client = restClient({ network, clock, files, config, userAgent: 'kubeadm/v1.33.0 (linux/amd64)' });
  await stdout.write('[reset] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...\n');
  const members = etcdMembers(process, await etcdEndpoints(client));
  const list = await members.list();
  const own = list.find(({ name }) => name === process.hostname);
  if (!own) return;
  // The last member of a cluster is not taken out; it goes with its data.
  if (list.length === 1) return;
  await members.remove(own.id);
}

async function removeSandboxes({ network, clock }: Process): Promise<void> {
  const runtime = createRpcClient(network, clock, '127.0.0.1', CRI_PORT);
  try {
    const { items } = await runtime.call<{ items: cri.PodSandbox[] }>('Runtime/ListPodSandbox', {});
    for (const { id } of items) {
      await runtime.call('Runtime/StopPodSandbox', { podSandboxId: id }, { timeoutMs: STOP_TIMEOUT_MS });
      await runtime.call('Runtime/RemovePodSandbox', { podSandboxId: id }, { timeoutMs: STOP_TIMEOUT_MS });
    }
  } catch (error) {
    if (error instanceof RpcError) throw new CommandError(`[reset] Failed to remove containers: ${error.message}`);
    throw error;
  } finally {
    runtime.close();
  }
}

/** Undoes init or join on this machine; gives its last words. Rejects with CommandError. */
export async function reset(process: Process, units: UnitControl | undefined): Promise<string> {
  const { files, stdout } = process;
  await stdout.write('[preflight] Running pre-flight checks\n');
  try {
    await removeEtcdMember(process);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A cluster that does not answer must not keep a machine from being reset.
    await process.stderr.write(
      `W [reset] Failed to remove etcd member: ${error.message}, please manually remove this etcd member using etcdctl\n`,
    );
  }
  await stdout.write('[reset] Stopping the kubelet service\n');
  await units?.stop('kubelet');
  await removeSandboxes(process);
  const directories = [MANIFESTS_DIRECTORY, KUBELET_DATA, PKI_DIRECTORY, ...(files.stat(ETCD_DATA) ? [ETCD_DATA] : [])];
  await stdout.write(`[reset] Deleting contents of directories: [${directories.join(' ')}]\n`);
  for (const directory of directories)
    if (files.stat(directory)) for (const name of files.list(directory)) files.remove(`${directory}/${name}`, { recursive: true });
  const configs = ['admin', 'super-admin', 'kubelet', 'bootstrap-kubelet', 'controller-manager', 'scheduler'].map(
    (name) => `/etc/kubernetes/${name}.conf`,
  );
  for (const path of configs) if (files.stat(path)) files.remove(path);
  await files.sync();
  return `[reset] Deleting files: [${configs.join(' ')}]\n\nThe reset process does not perform cleanup of CNI plugin configuration,\nnetwork filtering rules and kubeconfig files.\n\nFor information on how to perform this cleanup manually, please see:\n    https://k8s.io/docs/reference/setup-tools/kubeadm/kubeadm-reset/\n\n`;
}
