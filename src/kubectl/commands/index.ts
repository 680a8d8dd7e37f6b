/** The verbs of kubectl, in the order its help lists them. */
import type { Command } from '../command.ts';
import { apply } from './apply.ts';
import { attach } from './attach.ts';
import { apiResources, apiVersions, auth, clusterInfo } from './cluster.ts';
import { config } from './config/index.ts';
import { certificate } from './certificate.ts';
import { cp } from './cp.ts';
import { create } from './create/index.ts';
import { debug } from './debug/index.ts';
import { deleteCommand } from './delete.ts';
import { describe } from './describe.ts';
import { diff } from './diff.ts';
import { drain } from './drain.ts';
import { edit } from './edit.ts';
import { events } from './events.ts';
import { exec } from './exec.ts';
import { explain } from './explain.ts';
import { autoscale, expose } from './expose.ts';
import { get } from './get.ts';
import { kustomize } from './kustomize.ts';
import { logs } from './logs.ts';
import { annotate, label } from './metadata.ts';
import { cordon, taint, uncordon } from './nodes.ts';
import { patch, scale } from './patch.ts';
import { portForward } from './port-forward.ts';
import { proxy } from './proxy.ts';
import { replace } from './replace.ts';
import { rollout } from './rollout.ts';
import { run } from './run.ts';
import { set } from './set/index.ts';
import { completion, options, plugin } from './shell-help.ts';
import { top } from './top.ts';
import { version } from './version.ts';
import { wait } from './wait.ts';

/** Every command. */
export const commands: readonly Command[] = [
  create,
  expose,
  run,
  set,
  explain,
  get,
  edit,
  deleteCommand,
  rollout,
  scale,
  autoscale,
  certificate,
  clusterInfo,
  top,
  cordon,
  uncordon,
  drain,
  taint,
  describe,
  logs,
  attach,
  exec,
  portForward,
  proxy,
  cp,
  auth,
  debug,
  events,
  diff,
  apply,
  patch,
  replace,
  wait,
  kustomize,
  label,
  annotate,
  completion,
  apiResources,
  apiVersions,
  config,
  plugin,
  version,
  options,
];
