/** The restricted standard: what hardened pods say of themselves, beside everything the baseline forbids. */
import type { Container, PodSpec } from '#api';
import { settersOf } from './baseline.ts';
import { allContainers, containersWhere, named, plural, quoted, sorted, type Finding, type PodCheck } from './containers.ts';

const allowedVolumes: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);
const allowedProfiles: ReadonlySet<string> = new Set(['RuntimeDefault', 'Localhost']);

function allowPrivilegeEscalation(spec: PodSpec): Finding {
  const containers = containersWhere(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  return containers.length > 0
    ? {
        reason: 'allowPrivilegeEscalation != false',
        detail: `${named(containers)} must set securityContext.allowPrivilegeEscalation=false`,
      }
    : undefined;
}

function capabilities(spec: PodSpec): Finding {
  const forbidden = (container: Container): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  const missing = containersWhere(spec, ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
  const adding = containersWhere(spec, (container) => forbidden(container).length > 0);
  const details = [
    ...(missing.length > 0 ? [`${named(missing)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${named(adding)} must not include ${quoted(sorted(allContainers(spec).flatMap(forbidden)))} in securityContext.capabilities.add`]
      : []),
  ];
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
}

function restrictedVolumes({ volumes = [] }: PodSpec): Finding {
  const typeOf = (volume: object): string => Object.keys(volume).find((field) => field !== 'name') ?? 'unknown';
  const bad = volumes.filter((volume) => !allowedVolumes.has(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(typeOf));
  const who = `${plural('volume', 'volumes', bad.length)} ${quoted(bad.map(({ name }) => name))} ${plural('uses', 'use', bad.length)}`;
  return {
    reason: 'restricted volume types',
    detail: `${who} ${plural('restricted volume type', 'restricted volume types', types.length)} ${quoted(types)}`,
  };
}

function runAsNonRoot(spec: PodSpec): Finding {
  const reason = 'runAsNonRoot != true';
  const pod = spec.securityContext?.runAsNonRoot;
  const ofContainer = ({ securityContext }: Container): boolean | undefined => securityContext?.runAsNonRoot;
  const setters = settersOf(
    pod === false,
    containersWhere(spec, (container) => ofContainer(container) === false),
  );
  if (setters.length > 0) return { reason, detail: `${setters.join(' and ')} must not set securityContext.runAsNonRoot=false` };
  const silent = pod ? [] : containersWhere(spec, (container) => ofContainer(container) === undefined);
  return silent.length > 0 ? { reason, detail: `pod or ${named(silent)} must set securityContext.runAsNonRoot=true` } : undefined;
}

function runAsUser(spec: PodSpec): Finding {
  const setters = settersOf(
    spec.securityContext?.runAsUser === 0,
    containersWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0),
  );
  return setters.length > 0 ? { reason: 'runAsUser=0', detail: `${setters.join(' and ')} must not set runAsUser=0` } : undefined;
}

function seccomp(spec: PodSpec): Finding {
  const reason = 'seccompProfile';
  const pod = spec.securityContext?.seccompProfile?.type;
  const ofContainer = ({ securityContext }: Container): string | undefined => securityContext?.seccompProfile?.type;
  const isBad = (type: string | undefined): boolean => type !== undefined && !allowedProfiles.has(type);
  const setters = settersOf(
    isBad(pod),
    containersWhere(spec, (container) => isBad(ofContainer(container))),
  );
  if (setters.length > 0) {
    const types = sorted([pod, ...allContainers(spec).map(ofContainer)].filter(isBad) as string[]);
    return { reason, detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(types)}` };
  }
  const silent = pod ? [] : containersWhere(spec, (container) => ofContainer(container) === undefined);
  return silent.length > 0
    ? { reason, detail: `pod or ${named(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` }
    : undefined;
}

/** The checks that the restricted standard adds. */
export const restrictedChecks: readonly PodCheck[] = Object.freeze([
  { id: 'allowPrivilegeEscalation', run: allowPrivilegeEscalation },
  { id: 'capabilities_restricted', run: capabilities },
  { id: 'restrictedVolumes', run: restrictedVolumes },
  { id: 'runAsNonRoot', run: runAsNonRoot },
  { id: 'runAsUser', run: runAsUser },
  { id: 'seccompProfile_restricted', run: seccomp },
]);

/** Checks of the baseline that one of these takes the place of. */
export const overriddenChecks: ReadonlySet<string> = new Set(['capabilities_baseline', 'hostPathVolumes', 'seccompProfile_baseline']);
