/** The baseline standard: nothing of the known ways out of a container, in the order of the checks' names. */
import type { Container, PodSpec } from '#api';
import { allContainers, containersWhere, named, plural, quoted, sorted, type Finding, type PodCheck } from './containers.ts';

/** Capabilities any container may have. */
const defaultCapabilities: ReadonlySet<string> = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(' '),
);
const safeSysctls: ReadonlySet<string> = new Set(
  `kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start
  net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes`.split(
    /\s+/,
  ),
);
const seLinuxTypes: ReadonlySet<string> = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);
const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';

/** "pod", the containers a test holds for, or both: who set something. */
export function settersOf(isPod: boolean, containers: readonly string[]): string[] {
  return [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [named(containers)] : [])];
}

const added = (container: Container): string[] => container.securityContext?.capabilities?.add ?? [];

function appArmor(spec: PodSpec, annotations: Readonly<Record<string, string>>): Finding {
  const isBad = (profile: { type: string } | undefined): boolean => profile?.type === 'Unconfined';
  const pod = isBad(spec.securityContext?.appArmorProfile);
  const containers = containersWhere(spec, ({ securityContext }) => isBad(securityContext?.appArmorProfile));
  const notes = Object.entries(annotations).filter(
    ([key, value]) => key.startsWith(appArmorAnnotation) && value !== 'runtime/default' && !value.startsWith('localhost/') && value !== '',
  );
  const setters = settersOf(pod, containers);
  if (setters.length + notes.length === 0) return undefined;
  const texts = [
    ...(setters.length > 0 ? [`${setters.join(' and ')} must not set AppArmor profile type to "Unconfined"`] : []),
    ...(notes.length > 0 ? [notes.map(([key, value]) => `${key}="${value}"`).join(', ')] : []),
  ];
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', setters.length + notes.length),
    detail: texts.join('; '),
  };
}

function capabilities(spec: PodSpec): Finding {
  const isBad = (name: string): boolean => !defaultCapabilities.has(name);
  const containers = containersWhere(spec, (container) => added(container).some(isBad));
  if (containers.length === 0) return undefined;
  const names = sorted(allContainers(spec).flatMap(added).filter(isBad));
  return {
    reason: 'non-default capabilities',
    detail: `${named(containers)} must not include ${quoted(names)} in securityContext.capabilities.add`,
  };
}

function hostNamespaces({ hostNetwork, hostPID, hostIPC }: PodSpec): Finding {
  const set = [hostNetwork && 'hostNetwork=true', hostPID && 'hostPID=true', hostIPC && 'hostIPC=true'].filter(Boolean);
  return set.length > 0 ? { reason: 'host namespaces', detail: set.join(', ') } : undefined;
}

function hostPathVolumes({ volumes = [] }: PodSpec): Finding {
  const names = volumes.filter(({ hostPath }) => hostPath).map(({ name }) => name);
  return names.length > 0
    ? { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)}` }
    : undefined;
}

function hostPorts(spec: PodSpec): Finding {
  const portsOf = (container: Container): number[] =>
    (container.ports ?? []).map(({ hostPort = 0 }) => hostPort).filter((port) => port !== 0);
  const containers = containersWhere(spec, (container) => portsOf(container).length > 0);
  if (containers.length === 0) return undefined;
  const ports = sorted(allContainers(spec).flatMap(portsOf).map(String));
  const use = plural('uses', 'use', containers.length);
  return { reason: 'hostPort', detail: `${named(containers)} ${use} ${plural('hostPort', 'hostPorts', ports.length)} ${ports.join(', ')}` };
}

function privileged(spec: PodSpec): Finding {
  const containers = containersWhere(spec, ({ securityContext }) => securityContext?.privileged === true);
  return containers.length > 0
    ? { reason: 'privileged', detail: `${named(containers)} must not set securityContext.privileged=true` }
    : undefined;
}

function procMount(spec: PodSpec): Finding {
  const isBad = ({ securityContext }: Container): boolean => !['Default', undefined].includes(securityContext?.procMount);
  const containers = containersWhere(spec, isBad);
  if (containers.length === 0) return undefined;
  const values = sorted(
    allContainers(spec)
      .filter(isBad)
      .map(({ securityContext }) => securityContext?.procMount ?? ''),
  );
  return { reason: 'procMount', detail: `${named(containers)} must not set securityContext.procMount to ${quoted(values)}` };
}

function seLinux(spec: PodSpec): Finding {
  type Options = NonNullable<NonNullable<PodSpec['securityContext']>['seLinuxOptions']> | undefined;
  const isBad = (options: Options): boolean => Boolean(options && (!seLinuxTypes.has(options.type ?? '') || options.user || options.role));
  const containers = containersWhere(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions));
  const setters = settersOf(isBad(spec.securityContext?.seLinuxOptions), containers);
  if (setters.length === 0) return undefined;
  const all = [spec.securityContext?.seLinuxOptions, ...allContainers(spec).map(({ securityContext }) => securityContext?.seLinuxOptions)];
  const types = sorted(all.map((options) => options?.type ?? '').filter((type) => !seLinuxTypes.has(type)));
  const problems = [
    ...(types.length > 0 ? [`${plural('type', 'types', types.length)} ${quoted(types)}`] : []),
    ...(all.some((options) => options?.user) ? ['user may not be set'] : []),
    ...(all.some((options) => options?.role) ? ['role may not be set'] : []),
  ];
  const verb = plural('sets', 'set', setters.length + (containers.length > 1 ? 1 : 0));
  return {
    reason: 'seLinuxOptions',
    detail: `${setters.join(' and ')} ${verb} forbidden securityContext.seLinuxOptions: ${problems.join('; ')}`,
  };
}

function seccomp(spec: PodSpec): Finding {
  const isBad = (profile: { type: string } | undefined): boolean => profile?.type === 'Unconfined';
  const containers = containersWhere(spec, ({ securityContext }) => isBad(securityContext?.seccompProfile));
  const setters = settersOf(isBad(spec.securityContext?.seccompProfile), containers);
  return setters.length > 0
    ? { reason: 'seccompProfile', detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"` }
    : undefined;
}

function sysctls({ securityContext }: PodSpec): Finding {
  const names = (securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safeSysctls.has(name));
  return names.length > 0 ? { reason: 'forbidden sysctls', detail: names.join(', ') } : undefined;
}

function hostProcess(spec: PodSpec): Finding {
  const containers = containersWhere(spec, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
  const setters = settersOf(spec.securityContext?.windowsOptions?.hostProcess === true, containers);
  return setters.length > 0
    ? { reason: 'hostProcess', detail: `${setters.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true` }
    : undefined;
}

/** The checks of the baseline standard. */
export const baselineChecks: readonly PodCheck[] = Object.freeze([
  { id: 'appArmorProfile', run: appArmor },
  { id: 'capabilities_baseline', run: capabilities },
  { id: 'hostNamespaces', run: hostNamespaces },
  { id: 'hostPathVolumes', run: hostPathVolumes },
  { id: 'hostPorts', run: hostPorts },
  { id: 'privileged', run: privileged },
  { id: 'procMount', run: procMount },
  { id: 'seLinuxOptions', run: seLinux },
  { id: 'seccompProfile_baseline', run: seccomp },
  { id: 'sysctls', run: sysctls },
  { id: 'windowsHostProcess', run: hostProcess },
]);
