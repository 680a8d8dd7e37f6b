/** The verbs of kubectl, in the order its help lists them. */
import type { Command } from '../command.ts';
import { apply } from './apply.ts';
import { get } from './get.ts';

/** Every command. */
export const commands: readonly Command[] = [get, apply];
