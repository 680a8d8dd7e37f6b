/** The verbs of kubectl, in the order its help lists them. */
import type { Command } from '../command.ts';
import { apply } from './apply.ts';
import { create } from './create/index.ts';
import { deleteCommand } from './delete.ts';
import { exec } from './exec.ts';
import { get } from './get.ts';
import { logs } from './logs.ts';
import { version } from './version.ts';

/** Every command. */
export const commands: readonly Command[] = [create, get, deleteCommand, logs, exec, apply, version];
