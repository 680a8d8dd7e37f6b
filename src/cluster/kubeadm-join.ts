/**
 * The first half of `kubeadm join` on a worker: at its first boot the kubelet is started once the cluster has been discovered, that is
 * once anybody can read kube-public/cluster-info, signed. A kubelet that has joined before starts at power-on.
 */
import { loadKubeconfig, resources, restClient } from '#client';
import type { Process, Program } from '#host';

/** As kubeadm waits between two looks at cluster-info (DiscoveryRetryInterval). */
const DISCOVERY_RETRY_MS = 5_000;
const MARKER = '/var/lib/kubeadm/join-finished';
const SIGNATURE = 'jws-kubeconfig-';

/** Rejects with what is wrong with the cluster as it can be discovered now. */
async function discover({ files, crypto, network, clock }: Process): Promise<void> {
  // Anybody may look: without the certificate that joining would bring.
  const config = { ...loadKubeconfig(files, '/etc/kubernetes/kubelet.conf', crypto), identity: undefined };
  const client = restClient({ network, clock, files, config, userAgent: 'kubeadm/v1.33.0' });
  try {
    const { data = {} } = await client.get(resources.configmaps, 'cluster-info', 'kube-public');
    if (!Object.keys(data).some((key) => key.startsWith(SIGNATURE)))
      throw new Error('there is no JWS signed token in the cluster-info ConfigMap');
  } finally {
    client.close();
  }
}

/** The kubelet of a worker as its unit runs it: after the discovery at the first boot, at once later. */
export const afterJoin =
  (kubelet: Program): Program =>
  async (process) => {
    const { files, clock, telemetry } = process;
    while (!files.stat(MARKER)) {
      try {
        await discover(process);
        files.makeDirectory('/var/lib/kubeadm', { recursive: true });
        files.write(MARKER, 'done\n');
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        telemetry.log('info', `[discovery] Failed to request cluster-info, will try again: ${error.message}`);
        await clock.sleep(DISCOVERY_RETRY_MS);
      }
    }
    return kubelet(process);
  };
