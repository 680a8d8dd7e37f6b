/** Starts a machine without a control plane. A file of its own, so that its worker carries none of the control plane's programs. */
import type { management } from '#contracts';
import type { Machine } from '#host';
import { nodePrograms } from './node-shell.ts';
import { startMachineOf, type MachineControl } from './start-machine.ts';
import { workerUnitsOf } from './worker-roles.ts';

/** Provisions and starts a worker host or the load balancer; rejects for the roles that carry a control plane. */
export const startWorkerNode = (machine: Machine, boot: management.BootMessage): Promise<MachineControl> =>
  startMachineOf({ units: workerUnitsOf, shellPrograms: nodePrograms }, machine, boot);
