/** The verbs of kubectl, in the order its help lists them. */
import type { Command } from '../command.ts';
import { apply } from './apply.ts';
import { apiResources, apiVersions, auth, clusterInfo } from './cluster.ts';
import { config } from './config.ts';
import { create } from './create/index.ts';
import { deleteCommand } from './delete.ts';
import { describe } from './describe.ts';
import { exec } from './exec.ts';
import { get } from './get.ts';
import { logs } from './logs.ts';
import { annotate, label } from './metadata.ts';
import { cordon, taint, uncordon } from './nodes.ts';
import { patch, scale } from './patch.ts';
import { rollout } from './rollout.ts';
import { run } from './run.ts';
import { set } from './set.ts';
import { version } from './version.ts';
import { wait } from './wait.ts';

/** Every command. */
export const commands: readonly Command[] = [
  create,
  run,
  set,
  get,
  deleteCommand,
  rollout,
  scale,
  clusterInfo,
  cordon,
  uncordon,
  taint,
  describe,
  logs,
  exec,
  auth,
  apply,
  patch,
  wait,
  label,
  annotate,
  apiResources,
  apiVersions,
  config,
  version,
];
