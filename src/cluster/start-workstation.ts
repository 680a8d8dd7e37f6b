/** Starts the workstation. A file of its own, so that its worker carries the shell and kubectl and nothing of the servers. */
import type { management } from '#contracts';
import type { Machine } from '#host';
import { startMachineOf, type MachineControl } from './start-machine.ts';
import { createWorkstation } from './workstation.ts';

/** Provisions and starts the workstation. */
export const startWorkstation = (machine: Machine, boot: management.BootMessage): Promise<MachineControl> =>
  startMachineOf({ units: () => [], offers: createWorkstation }, machine, boot);
