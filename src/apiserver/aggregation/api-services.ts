/**
 * The APIService objects the aggregator keeps of what this server answers itself (kube-aggregator autoregister, crdregistration): one per
 * group and version, the built-in ones at start-up, those of definitions as these come and go.
 */
import { kindByGroupKind, type APIService, type Kind } from '#api';
import { formatTime, isNotFound } from '#apimachinery';
import { ensureReported } from '../bootstrap/ensure.ts';
import type { Core } from '../core.ts';
import { deleteObject } from '../registry/delete.ts';
import { loopbackContext } from '../registry/write-context.ts';

const apiServices = kindByGroupKind('apiregistration.k8s.io', 'APIService')!;
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';

/** Priorities of built-in groups: a group's place in discovery. */
const groupPriorities: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
};
/** Priorities of versions that differ from the usual 15. */
const versionPriorities: Readonly<Record<string, number>> = { '/v1': 1, 'autoscaling/v2': 30, 'flowcontrol.apiserver.k8s.io/v1': 21 };

const nameOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string => `${version}.${group}`;

function apiServiceOf({ group, version, ownSchema }: Kind, now: string): APIService {
  const priorities = ownSchema
    ? { groupPriorityMinimum: 1_000, versionPriority: 100 }
    : { groupPriorityMinimum: groupPriorities[group] ?? 1_000, versionPriority: versionPriorities[`${group}/${version}`] ?? 15 };
  const available = {
    type: 'Available',
    status: 'True',
    lastTransitionTime: now,
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
  return {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    metadata: { name: nameOf({ group, version }), labels: { [managedLabel]: ownSchema ? 'true' : 'onstart' } },
    spec: { ...(group ? { group } : {}), version, ...priorities },
    status: { conditions: [available] },
  };
}

/** One kind for each group and version; the aggregator does not list its own group. */
function groupVersions(kinds: readonly Kind[]): Map<string, Kind> {
  const found = new Map<string, Kind>();
  for (const kind of kinds) if (kind.group !== apiServices.group) found.set(nameOf(kind), found.get(nameOf(kind)) ?? kind);
  return found;
}

/** Registers what is served, and follows the definitions; settles when the built-in groups are there. */
export async function registerApiServices(core: Core): Promise<void> {
  const register = (kind: Kind): Promise<void> =>
    ensureReported(core, apiServiceOf(kind, formatTime(core.clock.wallMs())), 'kube-apiserver');
  const withdraw = async (name: string): Promise<void> => {
    try {
      await deleteObject(core, apiServices, '', name, { dryRun: false }, loopbackContext(core));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };
  let known = groupVersions(core.served.all);
  const tell = (work: Promise<void>): void =>
    void work.catch((error: unknown) => core.log('warning', `apiservice: ${error instanceof Error ? error.message : String(error)}`));
  const follow = (kinds: readonly Kind[]): void => {
    const now = groupVersions(kinds);
    for (const [name, kind] of now) if (!known.has(name)) tell(register(kind));
    for (const name of known.keys()) if (!now.has(name)) tell(withdraw(name));
    known = now;
  };
  await Promise.all([...known.values()].map(register));
  core.served.onChange(follow);
  follow(core.served.all);
}
