/** What each kind of machine runs from power-on: its systemd units. Everything else is started by the kubelet from manifests. */
import { kubelet } from '#kubelet';
import { bridgeNetwork, loadBalancer, nodeNetwork } from '#network';
import { containerd } from '#runtime';
import { kubeletArguments } from '#kubeadm';
import type { management } from '#contracts';
import { clusterCatalogue } from './images.ts';
import { kubeadmInit } from './kubeadm-init.ts';
import { NODE_NETWORK_KUBECONFIG } from './node-network-access.ts';
import { KUBERNETES_VERSION, type PlannedCluster } from './provisioning.ts';
import type { Unit } from './systemd.ts';

const CONTAINERD_RESTART_MS = 5_000;
/** RestartSec of kubeadm's kubelet unit. */
const KUBELET_RESTART_MS = 10_000;

function nodeUnits(boot: management.BootMessage, withApi: boolean): Unit[] {
  const kubeletFlags = [...kubeletArguments({ name: boot.machine, address: boot.address }, !withApi), `--node-labels=topology.kubernetes.io/zone=${boot.zone}`];
  return [
    { name: 'containerd', program: containerd(clusterCatalogue(KUBERNETES_VERSION), bridgeNetwork), argv: [], restartMs: CONTAINERD_RESTART_MS },
    { name: 'kubelet', program: kubelet, argv: kubeletFlags, restartMs: KUBELET_RESTART_MS },
    ...(withApi ? [{ name: 'node-network', program: nodeNetwork, argv: [`--kubeconfig=${NODE_NETWORK_KUBECONFIG}`], restartMs: CONTAINERD_RESTART_MS }] : []),
  ];
}

/** The units of a machine. */
export function unitsOf(boot: management.BootMessage, cluster: PlannedCluster): Unit[] {
  switch (boot.role) {
    case 'control-plane':
      return [...nodeUnits(boot, true), ...(cluster.controlPlanes[0]?.name === boot.machine ? [kubeadmInit(cluster)] : [])];
    case 'worker':
      return nodeUnits(boot, true);
    case 'etcd':
      return nodeUnits(boot, false);
    case 'load-balancer': {
      const backends = cluster.controlPlanes.map(({ address }) => `--backend=${address}:6443`);
      return [{ name: 'load-balancer', program: loadBalancer, argv: ['--listen=6443', '--check=readyz', '--ca-file=/etc/haproxy/ca.crt', ...backends], restartMs: 1_000 }];
    }
    case 'workstation':
      return [];
  }
}
