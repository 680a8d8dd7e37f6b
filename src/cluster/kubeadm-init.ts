/**
 * The second half of `kubeadm init` on the first control plane: waits for the API server, then creates what kubeadm creates through it and marks
 * the control-plane nodes. Level, not edge: what is there is left alone, and a marker says when all is done.
 */
import { loadKubeconfig, restClient } from '#client';
import { applyInitObjects, initObjects, markControlPlane } from '#kubeadm';
import type { Process } from '#host';
import { nodeNetworkObjects } from './node-network-access.ts';
import type { PlannedCluster } from './provisioning.ts';
import { standardStorageClass } from './standard-storage-class.ts';
import type { Unit } from './systemd.ts';

const MARKER = '/var/lib/kubeadm/init-finished';
const RETRY_MS = 500;

async function until(process: Process, act: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      process.telemetry.log('info', `kubeadm: ${error.message}; trying again`);
      await process.clock.sleep(RETRY_MS);
    }
  }
}

const token = (process: Process): string => {
  const letters = Array.from(process.random.bytes(22), (byte) => 'abcdefghijklmnopqrstuvwxyz0123456789'[byte % 36]).join('');
  return `${letters.slice(0, 6)}.${letters.slice(6)}`;
};

/** The unit; it ends with 0 when everything stands and is not restarted then. */
export const kubeadmInit = ({ configuration, controlPlanes, pki }: PlannedCluster): Unit => ({
  name: 'kubeadm-init',
  argv: [],
  restartMs: RETRY_MS,
  isOneShot: true,
  program: async (process) => {
    const { files, crypto, clock, network } = process;
    if (files.stat(MARKER)) return 0;
    const own = {
      ...loadKubeconfig(files, '/etc/kubernetes/super-admin.conf', crypto),
      server: `https://${process.kernel!.facts.address}:6443`,
    };
    const client = restClient({ network, clock, files, config: own, userAgent: `kubeadm/${configuration.kubernetesVersion}` });
    const objects = [
      ...initObjects(crypto, pki, configuration, controlPlanes[0]!, token(process), clock.wallMs()),
      ...nodeNetworkObjects(),
      standardStorageClass(),
    ];
    await until(process, async () => {
      const unknown = await applyInitObjects(client, objects);
      if (unknown.length > 0)
        process.telemetry.log('warning', `kubeadm: the API has no ${[...new Set(unknown.map(({ kind }) => kind))].join(', ')}`);
    });
    for (const { name } of controlPlanes) await until(process, () => markControlPlane(client, name));
    files.makeDirectory('/var/lib/kubeadm', { recursive: true });
    files.write(MARKER, 'done\n');
    await files.sync();
    return 0;
  },
});
