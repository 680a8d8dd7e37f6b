/** What each kind of machine runs from power-on, the control plane's hosts included: its systemd units. */
import type { management } from '#contracts';
import { controlPlaneCatalogue } from './control-plane-images.ts';
import { kubeadmInit } from './kubeadm-init.ts';
import { KUBERNETES_VERSION, type PlannedCluster } from './provisioning.ts';
import type { Unit } from './systemd.ts';
import { nodeUnits, workerUnitsOf } from './worker-roles.ts';

/** The units of a machine. */
export function unitsOf(boot: management.BootMessage, cluster: PlannedCluster): Unit[] {
  switch (boot.role) {
    case 'control-plane':
      return [
        ...nodeUnits(boot, controlPlaneCatalogue(KUBERNETES_VERSION), true),
        ...(cluster.controlPlanes[0]?.name === boot.machine ? [kubeadmInit(cluster)] : []),
      ];
    case 'etcd':
      return nodeUnits(boot, controlPlaneCatalogue(KUBERNETES_VERSION), false);
    case 'worker':
    case 'load-balancer':
    case 'workstation':
      return workerUnitsOf(boot);
  }
}
