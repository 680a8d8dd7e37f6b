/** The commands of etcdctl, in the order its help lists them. */
import type { Command } from '../command.ts';
import { authCommands } from './auth.ts';
import { checkCommands } from './check.ts';
import { concurrencyCommands } from './concurrency.ts';
import { del } from './del.ts';
import { endpointCommands } from './endpoint.ts';
import { get } from './get.ts';
import { leaseCommands } from './lease.ts';
import { maintenanceCommands } from './maintenance.ts';
import { memberCommands } from './member.ts';
import { put } from './put.ts';
import { roleCommands } from './role.ts';
import { snapshotCommands } from './snapshot.ts';
import { txn } from './txn.ts';
import { userCommands } from './user.ts';
import { watch } from './watch.ts';

/** Every command, by its words. */
export const commands: readonly Command[] = [
  ...authCommands,
  ...checkCommands,
  del,
  ...concurrencyCommands,
  ...endpointCommands,
  get,
  ...leaseCommands,
  ...maintenanceCommands,
  ...memberCommands,
  put,
  ...roleCommands,
  ...snapshotCommands,
  txn,
  ...userCommands,
  watch,
].sort((one, other) => (one.name < other.name ? -1 : 1));
