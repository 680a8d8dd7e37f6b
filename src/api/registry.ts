// The explicit list of kinds and the lookups over it.
import { controllerRevision } from './apps/controllerrevision.ts';
import { daemonSet } from './apps/daemonset.ts';
import { deployment } from './apps/deployment.ts';
import { replicaSet } from './apps/replicaset.ts';
import { job } from './batch/job.ts';
import { lease } from './coordination/lease.ts';
import { configMap } from './core/configmap.ts';
import { endpoints } from './core/endpoints.ts';
import { event, eventsV1Event } from './core/event.ts';
import { namespace } from './core/namespace.ts';
import { node } from './core/node.ts';
import { pod } from './core/pod.ts';
import { secret } from './core/secret.ts';
import { service } from './core/service.ts';
import { serviceAccount } from './core/serviceaccount.ts';
import { endpointSlice } from './discovery/endpointslice.ts';
import { apiVersionOf, type Kind } from './kind.ts';
import { ipAddress } from './networking/ipaddress.ts';
import { serviceCidr } from './networking/servicecidr.ts';
import { podDisruptionBudget } from './policy/poddisruptionbudget.ts';
import { clusterRole } from './rbac/clusterrole.ts';
import { clusterRoleBinding } from './rbac/clusterrolebinding.ts';
import { role } from './rbac/role.ts';
import { roleBinding } from './rbac/rolebinding.ts';
import { priorityClass } from './scheduling/priorityclass.ts';

/** Every kind that has REST paths of its own, in the order a teacher would choose. */
export const kinds: readonly Kind[] = Object.freeze([
  namespace,
  node,
  pod,
  deployment,
  replicaSet,
  daemonSet,
  job,
  service,
  endpointSlice,
  endpoints,
  configMap,
  secret,
  serviceAccount,
  event,
  eventsV1Event,
  lease,
  role,
  roleBinding,
  clusterRole,
  clusterRoleBinding,
  priorityClass,
  podDisruptionBudget,
  controllerRevision,
  serviceCidr,
  ipAddress,
] as readonly unknown[] as readonly Kind[]);

/** The kind served at /apis/GROUP/VERSION/PLURAL. */
export function kindByResource(group: string, version: string, plural: string): Kind | undefined {
  return kinds.find((kind) => kind.plural === plural && kind.group === group && kind.version === version);
}

/** The kind of an object's apiVersion and kind. */
export function kindOf(apiVersion: string, name: string): Kind | undefined {
  return kinds.find((kind) => kind.kind === name && apiVersionOf(kind) === apiVersion);
}

/** The preferred kind of a group and kind. */
export function kindByGroupKind(group: string, name: string): Kind | undefined {
  return kinds.find((kind) => kind.kind === name && kind.group === group);
}

function isCalled(kind: Kind, word: string): boolean {
  return kind.plural === word || kind.singular === word || kind.shortNames.includes(word) || kind.kind.toLowerCase() === word;
}

/** The kind of a command-line word: plural, singular, short name or Kind, any case, optionally followed by .group or .version.group. */
export function kindByWord(word: string): Kind | undefined {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  const named = kinds.filter((kind) => isCalled(kind, name));
  if (!rest.length) return named[0];
  const qualifier = rest.join('.');
  return named.find((kind) => kind.group === qualifier || (kind.group ? `${kind.version}.${kind.group}` : kind.version) === qualifier);
}
