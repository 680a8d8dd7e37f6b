/** What machines without a control plane run from power-on, and what every node runs: its systemd units. The kubelet starts the rest. */
import { kubelet } from '#kubelet';
import { bridgeNetwork, loadBalancer, nodeNetwork } from '#network';
import { containerd, type Catalogue } from '#runtime';
import { kubeletArguments } from '#kubeadm';
import type { management } from '#contracts';
import { nodeCatalogue } from './images.ts';
import { afterJoin } from './kubeadm-join.ts';
import { NODE_NETWORK_KUBECONFIG } from './node-network-access.ts';
import { BACKENDS_FILE, KUBERNETES_VERSION } from './provisioning.ts';
import type { Unit } from './systemd.ts';

const CONTAINERD_RESTART_MS = 5_000;
/** RestartSec of kubeadm's kubelet unit. */
const KUBELET_RESTART_MS = 10_000;

/** containerd and the kubelet; `withApi` where the kubelet has an API server to register with, whose pod network it joins. */
export function nodeUnits(boot: management.BootMessage, catalogue: Catalogue, withApi: boolean): Unit[] {
  const kubeletFlags = [
    ...kubeletArguments({ name: boot.machine, address: boot.address }, !withApi),
    `--node-labels=topology.kubernetes.io/zone=${boot.zone}`,
  ];
  return [
    {
      name: 'containerd',
      description: 'containerd container runtime',
      program: containerd(catalogue, bridgeNetwork),
      argv: [],
      restartMs: CONTAINERD_RESTART_MS,
    },
    {
      name: 'kubelet',
      description: 'kubelet: The Kubernetes Node Agent',
      program: boot.role === 'worker' ? afterJoin(kubelet) : kubelet,
      argv: kubeletFlags,
      restartMs: KUBELET_RESTART_MS,
    },
    ...(withApi
      ? [
          {
            name: 'node-network',
            program: nodeNetwork,
            argv: [`--kubeconfig=${NODE_NETWORK_KUBECONFIG}`],
            restartMs: CONTAINERD_RESTART_MS,
          },
        ]
      : []),
  ];
}

/** The units of a worker host, the load balancer or the workstation. Throws for a role that carries a control plane. */
export function workerUnitsOf(boot: management.BootMessage): Unit[] {
  switch (boot.role) {
    case 'worker':
      return nodeUnits(boot, nodeCatalogue(KUBERNETES_VERSION), true);
    case 'load-balancer':
      return [
        {
          name: 'load-balancer',
          program: loadBalancer,
          argv: ['--listen=6443', '--check=readyz', '--ca-file=/etc/haproxy/ca.crt', `--backends-file=${BACKENDS_FILE}`],
          restartMs: 1_000,
        },
      ];
    case 'workstation':
      return [];
    case 'control-plane':
    case 'etcd':
      throw new Error(`${boot.machine} has the role ${boot.role}, whose programs a worker machine does not carry`);
  }
}
