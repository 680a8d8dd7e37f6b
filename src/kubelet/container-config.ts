/** The CRI's configuration of a sandbox and of a container, from the pod's spec: DNS, environment, command, mounts, resources. */
import type { Container, Pod } from '#api';
import { milliValue, quantityValue } from '#apimachinery';
import type { cri } from '#contracts';
import type { Files } from '#host';
import { podDirectory, type KubeletContext } from './context.ts';
import {
  ANNOTATION_GRACE_PERIOD,
  ANNOTATION_HASH,
  ANNOTATION_TERMINATION_PATH,
  ANNOTATION_TERMINATION_POLICY,
  LABEL_CONTAINER_NAME,
  LABEL_POD_NAME,
  LABEL_POD_NAMESPACE,
  LABEL_POD_UID,
} from './cri-client.ts';
import { expand, makeEnvironment } from './environment.ts';
import type { NodeFacts } from './field-values.ts';
import { containerHash } from './pod-actions.ts';
import type { KubeletSettings } from './configuration.ts';
import type { Volumes } from './volumes/index.ts';

interface Dns {
  readonly dnsServers: string[];
  readonly dnsSearches: string[];
  readonly dnsOptions: string[];
}

/** The node's own resolver, /etc/resolv.conf. */
function hostDns(files: Files): Dns {
  const dns: Dns = { dnsServers: [], dnsSearches: [], dnsOptions: [] };
  if (!files.stat('/etc/resolv.conf')) return dns;
  for (const line of files.readText('/etc/resolv.conf').split('\n')) {
    const [word, ...values] = line.trim().split(/\s+/);
    if (word === 'nameserver') dns.dnsServers.push(...values);
    else if (word === 'search') dns.dnsSearches.splice(0, Infinity, ...values);
    else if (word === 'options') dns.dnsOptions.push(...values);
  }
  return dns;
}

/** The resolver of a pod by its DNS policy. */
export function dnsOf(pod: Pod, settings: KubeletSettings, files: Files): Dns {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  const useCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !pod.spec?.hostNetwork);
  const host = policy === 'None' ? { dnsServers: [], dnsSearches: [], dnsOptions: [] } : hostDns(files);
  const domain = settings.clusterDomain;
  const searches = domain ? [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain] : [];
  const base: Dns =
    useCluster && settings.clusterDns.length
      ? { dnsServers: [...settings.clusterDns], dnsSearches: [...searches, ...host.dnsSearches], dnsOptions: ['ndots:5'] }
      : host;
  const own = pod.spec?.dnsConfig;
  if (!own) return base;
  return {
    dnsServers: [...new Set([...base.dnsServers, ...(own.nameservers ?? [])])],
    dnsSearches: [...new Set([...base.dnsSearches, ...(own.searches ?? [])])],
    dnsOptions: [
      ...base.dnsOptions,
      ...(own.options ?? []).map((option) => (option.value ? `${option.name}:${option.value}` : (option.name ?? ''))),
    ],
  };
}

/** The host name inside a pod. */
export function hostnameOf(pod: Pod, settings: KubeletSettings): string {
  if (pod.spec?.hostNetwork) return settings.nodeName;
  return (pod.spec?.hostname || pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '');
}

/** A sandbox's configuration. */
export function sandboxConfigOf(pod: Pod, attempt: number, settings: KubeletSettings, files: Files): cri.PodSandboxConfig {
  const { name, namespace = '', uid = '' } = pod.metadata;
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: hostnameOf(pod, settings),
    labels: { ...pod.metadata.labels, [LABEL_POD_NAME]: name, [LABEL_POD_NAMESPACE]: namespace, [LABEL_POD_UID]: uid },
    annotations: { ...pod.metadata.annotations },
    hostNetwork: pod.spec?.hostNetwork === true,
    ...dnsOf(pod, settings, files),
  };
}

/** /etc/hosts of a pod, managed by the kubelet. */
function hostsFileOf(pod: Pod, podIp: string, settings: KubeletSettings): string {
  const hostname = hostnameOf(pod, settings);
  const subdomain =
    pod.spec?.subdomain && settings.clusterDomain
      ? `${hostname}.${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${settings.clusterDomain}\t`
      : '';
  const aliases = (pod.spec?.hostAliases ?? []).map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join('\t')}\n`).join('');
  return [
    '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nfe00::\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n',
    podIp ? `${podIp}\t${subdomain}${hostname}\n` : '',
    aliases ? `\n# Entries added by HostAliases.\n${aliases}` : '',
  ].join('');
}

/**
 * What a subPath mounts: the file or directory itself, made where it is missing. A file of a projection is mounted as it is now (`copyTo`):
 * the real kubelet binds its inode, which a later update does not touch.
 */
function subPathOf(files: Files, volumePath: string, subPath: string, copyTo: string | undefined): string {
  const path = `${volumePath}/${subPath}`;
  const stat = files.stat(path);
  if (!stat) files.makeDirectory(path, { recursive: true });
  if (copyTo === undefined || stat?.kind !== 'file') return path;
  files.makeDirectory(copyTo.slice(0, copyTo.lastIndexOf('/')), { recursive: true });
  files.write(copyTo, files.readBytes(path), { mode: stat.mode });
  return copyTo;
}

function mountsOf(
  pod: Pod,
  container: Container,
  attempt: number,
  context: KubeletContext,
  volumes: Volumes,
  env: Readonly<Record<string, string>>,
  podIp: string,
): cri.CriMount[] {
  const { files } = context.process;
  const directory = podDirectory(pod.metadata.uid!);
  const mounts: cri.CriMount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const isProjection =
      pod.spec?.volumes?.some(
        (volume) =>
          volume.name === mount.name && (volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI) !== undefined,
      ) ?? false;
    const volumePath = volumes.pathOf(pod, mount.name);
    const subPath = mount.subPathExpr ? expand(mount.subPathExpr, env) : mount.subPath;
    const own = `${directory}/volume-subpaths/${mount.name}/${container.name}/${index}`;
    const hostPath = subPath ? subPathOf(files, volumePath, subPath, isProjection ? own : undefined) : volumePath;
    mounts.push({ containerPath: mount.mountPath, hostPath, readOnly: mount.readOnly === true || isProjection });
  }
  const own = `${directory}/containers/${container.name}`;
  files.makeDirectory(own, { recursive: true });
  const message = `${own}/${attempt}`;
  if (!files.stat(message)) files.write(message, '', { mode: 0o666 });
  mounts.push({ containerPath: container.terminationMessagePath ?? '/dev/termination-log', hostPath: message, readOnly: false });
  if (!mounts.some((mount) => mount.containerPath === '/etc/hosts')) {
    if (pod.spec?.hostNetwork) {
      if (files.stat('/etc/hosts')) mounts.push({ containerPath: '/etc/hosts', hostPath: '/etc/hosts', readOnly: false });
    } else {
      const hosts = `${directory}/etc-hosts`;
      files.write(hosts, hostsFileOf(pod, podIp, context.settings));
      mounts.push({ containerPath: '/etc/hosts', hostPath: hosts, readOnly: false });
    }
  }
  return mounts;
}

/** Path on the machine of a container's termination message. */
export function terminationMessagePathOf(uid: string, name: string, attempt: number): string {
  return `${podDirectory(uid)}/containers/${name}/${attempt}`;
}

/** A container's configuration. Throws ContainerConfigError and MountError. */
export async function containerConfigOf(
  pod: Pod,
  container: Container,
  attempt: number,
  image: string,
  context: KubeletContext,
  volumes: Volumes,
  facts: NodeFacts,
): Promise<cri.ContainerConfig> {
  const env = await makeEnvironment(pod, container, context.api, facts);
  const { name, namespace = '', uid = '' } = pod.metadata;
  const { resources } = container;
  return {
    metadata: { name: container.name, attempt },
    image,
    command: (container.command ?? []).map((word) => expand(word, env)),
    args: (container.args ?? []).map((word) => expand(word, env)),
    workingDir: container.workingDir ?? '',
    env: Object.entries(env).map(([key, value]) => ({ key, value })),
    mounts: mountsOf(pod, container, attempt, context, volumes, env, facts.podIps[0] ?? ''),
    labels: { [LABEL_CONTAINER_NAME]: container.name, [LABEL_POD_NAME]: name, [LABEL_POD_NAMESPACE]: namespace, [LABEL_POD_UID]: uid },
    annotations: {
      [ANNOTATION_HASH]: containerHash(container),
      'io.kubernetes.container.restartCount': String(attempt),
      [ANNOTATION_TERMINATION_PATH]: container.terminationMessagePath ?? '/dev/termination-log',
      [ANNOTATION_TERMINATION_POLICY]: container.terminationMessagePolicy ?? 'File',
      [ANNOTATION_GRACE_PERIOD]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    },
    logPath: `${container.name}/${attempt}.log`,
    stdin: container.stdin === true,
    tty: container.tty === true,
    privileged: container.securityContext?.privileged === true,
    cpuRequestMillis: resources?.requests?.['cpu'] === undefined ? 0 : milliValue(resources.requests['cpu']),
    cpuLimitMillis: resources?.limits?.['cpu'] === undefined ? 0 : milliValue(resources.limits['cpu']),
    memoryLimitBytes: resources?.limits?.['memory'] === undefined ? 0 : quantityValue(resources.limits['memory']),
  };
}
