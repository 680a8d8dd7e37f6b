/** Starts any machine but the workstation. A file of its own, so that its worker carries no more than it runs. */
import type { management } from '#contracts';
import { etcdutl } from '#etcd';
import { printerOf } from '#etcdctl';
import type { Machine, Program } from '#host';
import { unitsOf } from './machine-roles.ts';
import { nodePrograms } from './node-shell.ts';
import { startMachineOf, type MachineControl } from './start-machine.ts';

const etcdTools = (): ReadonlyMap<string, Program> =>
  new Map([['etcdutl', etcdutl((status, format) => printerOf(format, false).databaseStatus(status))]]);

/** Provisions and starts a machine by the role in its boot message. */
export const startNode = (machine: Machine, boot: management.BootMessage): Promise<MachineControl> =>
  startMachineOf({ units: unitsOf, shellPrograms: (node) => nodePrograms(node, etcdTools()) }, machine, boot);
