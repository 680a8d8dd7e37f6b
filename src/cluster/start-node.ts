/** Starts any machine but the workstation: control-plane host, worker, etcd host, load balancer. */
import type { management } from '#contracts';
import type { Machine } from '#host';
import { unitsOf } from './machine-roles.ts';
import { startMachineOf, type MachineControl } from './start-machine.ts';

/** Provisions and starts a machine by the role in its boot message. */
export const startNode = (machine: Machine, boot: management.BootMessage): Promise<MachineControl> =>
  startMachineOf({ units: unitsOf }, machine, boot);
