/**
 * The second half of `kubeadm init` on the first control plane: waits for the API server, then creates what kubeadm creates through it and marks
 * the control-plane nodes. Level, not edge: what is there is left alone, and a marker says when all is done.
 */
import { isAlreadyExists, type KubeObject } from '#apimachinery';
import { kinds } from '#api';
import { loadKubeconfig, resources, restClient, type RestClient } from '#client';
import { initObjects, markControlPlanePatch, type ClusterConfiguration } from '#kubeadm';
import type { Process } from '#host';
import type { Unit } from './systemd.ts';

const MARKER = '/var/lib/kubeadm/init-finished';
const RETRY_MS = 500;

async function until(process: Process, act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      process.telemetry.log('info', `kubeadm: ${error.message}; trying again`);
      await process.clock.sleep(RETRY_MS);
    }
  }
}

async function create(client: RestClient, object: KubeObject): Promise<void> {
  const kind = kinds.find((candidate) => candidate.kind === object.kind && (candidate.group ? `${candidate.group}/${candidate.version}` : candidate.version) === object.apiVersion);
  if (!kind) throw new Error(`no kind ${object.kind} in ${object.apiVersion}`);
  try {
    await client.create(kind, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** The unit; it ends with 0 when everything stands and is not restarted then. */
export const kubeadmInit = (configuration: ClusterConfiguration): Unit => ({
  name: 'kubeadm-init',
  argv: [],
  restartMs: RETRY_MS,
  isOneShot: true,
  program: async (process) => {
    const { files } = process;
    if (files.stat(MARKER)) return 0;
    const config = loadKubeconfig(files, '/etc/kubernetes/super-admin.conf', process.crypto);
    const own = { ...config, server: `https://${process.kernel!.facts.address}:6443` };
    const client = restClient({ network: process.network, clock: process.clock, files, config: own, userAgent: `kubeadm/${configuration.kubernetesVersion}` });
    const caPem = files.readText('/etc/kubernetes/pki/ca.crt');
    for (const object of initObjects(configuration, caPem)) await until(process, () => create(client, object));
    const nodes = resources.nodes;
    for (const { name } of configuration.controlPlanes) await until(process, async () => void (await client.patch(nodes, name, undefined, 'strategic', markControlPlanePatch)));
    files.makeDirectory('/var/lib/kubeadm', { recursive: true });
    files.write(MARKER, 'done\n');
    await files.sync();
    return 0;
  },
});
