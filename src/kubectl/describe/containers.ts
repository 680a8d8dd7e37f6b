/** The parts of a pod that templates have as well: containers, probes, environment, mounts, volumes, tolerations. */
import type { Container, ContainerState, ContainerStatus, EnvVar, Pod, Probe, Toleration, Volume } from '#api';
import { longTime, type DescriptionWriter } from './writer.ts';

type Resources = Readonly<Record<string, string | number>> | undefined;

function writeState(writer: DescriptionWriter, label: string, state: ContainerState | undefined): void {
  if (state?.running) {
    writer.line(2, `${label}:\tRunning`);
    writer.line(3, `Started:\t${longTime(state.running.startedAt)}`);
  } else if (state?.terminated) {
    const { reason, message, exitCode, signal, startedAt, finishedAt } = state.terminated;
    writer.line(2, `${label}:\tTerminated`);
    if (reason) writer.line(3, `Reason:\t${reason}`);
    if (message) writer.line(3, `Message:\t${message}`);
    writer.line(3, `Exit Code:\t${exitCode}`);
    if (signal) writer.line(3, `Signal:\t${signal}`);
    writer.line(3, `Started:\t${longTime(startedAt)}`);
    writer.line(3, `Finished:\t${longTime(finishedAt)}`);
  } else {
    writer.line(2, `${label}:\tWaiting`);
    if (state?.waiting?.reason) writer.line(3, `Reason:\t${state.waiting.reason}`);
  }
}

function writeResources(writer: DescriptionWriter, label: string, resources: Resources): void {
  const names = Object.keys(resources ?? {}).sort();
  if (names.length === 0) return;
  writer.line(2, `${label}:`);
  for (const name of names) writer.line(3, `${name}:\t${resources![name]!}`);
}

/** `http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3`. */
export function probeText(probe: Probe): string {
  const attributes = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`;
  if (probe.exec) return `exec [${(probe.exec.command ?? []).join(' ')}] ${attributes}`;
  if (probe.httpGet) {
    const { scheme = 'HTTP', host = '', port, path = '' } = probe.httpGet;
    return `http-get ${scheme.toLowerCase()}://${host}:${String(port)}${path.startsWith('/') || path === '' ? path : `/${path}`} ${attributes}`;
  }
  if (probe.tcpSocket) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${String(probe.tcpSocket.port)} ${attributes}`;
  if (probe.grpc) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${attributes}`;
  return `unknown ${attributes}`;
}

function writeEnvironment(writer: DescriptionWriter, env: readonly EnvVar[] | undefined, pod: Pod | undefined): void {
  if (!env?.length) return writer.line(2, 'Environment:\t<none>');
  writer.line(2, 'Environment:');
  for (const { name, value = '', valueFrom } of env) {
    if (!valueFrom) value.split('\n').forEach((line, at) => writer.line(3, at === 0 ? `${name}:\t${line}` : `\t${line}`));
    else if (valueFrom.fieldRef) {
      const { apiVersion = 'v1', fieldPath } = valueFrom.fieldRef;
      const known: Readonly<Record<string, string | undefined>> = {
        'metadata.name': pod?.metadata.name,
        'metadata.namespace': pod?.metadata.namespace,
        'metadata.uid': pod?.metadata.uid,
      };
      writer.line(3, `${name}:\t${known[fieldPath] ?? ''} (${apiVersion}:${fieldPath})`);
    } else if (valueFrom.resourceFieldRef) writer.line(3, `${name}:\t0 (${valueFrom.resourceFieldRef.resource})`);
    else if (valueFrom.secretKeyRef)
      writer.line(
        3,
        `${name}:\t<set to the key '${valueFrom.secretKeyRef.key}' in secret '${valueFrom.secretKeyRef.name ?? ''}'>\tOptional: ${valueFrom.secretKeyRef.optional ?? false}`,
      );
    else if (valueFrom.configMapKeyRef)
      writer.line(
        3,
        `${name}:\t<set to the key '${valueFrom.configMapKeyRef.key}' of config map '${valueFrom.configMapKeyRef.name ?? ''}'>\tOptional: ${valueFrom.configMapKeyRef.optional ?? false}`,
      );
  }
}

function writePorts(writer: DescriptionWriter, { ports = [] }: Container): void {
  const write = (label: string, texts: readonly string[]): void =>
    writer.line(2, `${label}${texts.length > 1 ? 's' : ''}:\t${texts.join(', ') || '<none>'}`);
  write(
    'Port',
    ports.map(({ containerPort, protocol = 'TCP', name }) => `${containerPort}/${protocol}${name ? ` (${name})` : ''}`),
  );
  write(
    'Host Port',
    ports.map(({ hostPort = 0, protocol = 'TCP', name }) => `${hostPort}/${protocol}${name ? ` (${name})` : ''}`),
  );
}

function writeContainer(writer: DescriptionWriter, container: Container, status: ContainerStatus | undefined, pod: Pod | undefined): void {
  if (status) writer.line(2, `Container ID:\t${status.containerID ?? ''}`);
  writer.line(2, `Image:\t${container.image ?? ''}`);
  if (status) writer.line(2, `Image ID:\t${status.imageID}`);
  writePorts(writer, container);
  for (const [label, words] of [
    ['Command', container.command],
    ['Args', container.args],
  ] as const) {
    if (!words?.length) continue;
    writer.line(2, `${label}:`);
    for (const line of words.flatMap((word) => word.split('\n'))) writer.line(3, line);
  }
  if (status) {
    writeState(writer, 'State', status.state);
    if (status.lastState?.terminated) writeState(writer, 'Last State', status.lastState);
    writer.line(2, `Ready:\t${status.ready ? 'True' : 'False'}`);
    writer.line(2, `Restart Count:\t${status.restartCount}`);
  }
  writeResources(writer, 'Limits', container.resources?.limits as Resources);
  writeResources(writer, 'Requests', container.resources?.requests as Resources);
  if (container.livenessProbe) writer.line(2, `Liveness:\t${probeText(container.livenessProbe)}`);
  if (container.readinessProbe) writer.line(2, `Readiness:\t${probeText(container.readinessProbe)}`);
  if (container.startupProbe) writer.line(2, `Startup:\t${probeText(container.startupProbe)}`);
  if (container.envFrom?.length) {
    writer.line(2, 'Environment Variables from:');
    for (const { configMapRef, secretRef, prefix } of container.envFrom) {
      const source = configMapRef ?? secretRef;
      writer.line(
        3,
        `${source?.name ?? ''}\t${configMapRef ? 'ConfigMap' : 'Secret'}${prefix ? ` with prefix '${prefix}'` : ''}\tOptional: ${source?.optional ?? false}`,
      );
    }
  }
  writeEnvironment(writer, container.env, pod);
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  writer.line(2, mounts.length ? 'Mounts:' : 'Mounts:\t<none>');
  for (const { mountPath, name, readOnly, subPath } of mounts)
    writer.line(3, `${mountPath} from ${name} (${readOnly ? 'ro' : 'rw'}${subPath ? `,path="${subPath}"` : ''})`);
}

/** Containers of a pod (with their states) or of a template (`space` is then two blanks). */
export function writeContainers(
  writer: DescriptionWriter,
  label: string,
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
  space = '',
  pod?: Pod,
): void {
  writer.line(0, `${space}${label}:${containers.length ? '' : ' <none>'}`);
  for (const container of containers) {
    writer.line(1, `${space ? ' ' : ''}${container.name}:`);
    writeContainer(
      writer,
      container,
      statuses.find(({ name }) => name === container.name),
      pod,
    );
  }
}

function volumeLines(volume: Volume): string[] {
  if (volume.emptyDir)
    return [
      "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)",
      `Medium:\t${volume.emptyDir.medium ?? ''}`,
      `SizeLimit:\t${String(volume.emptyDir.sizeLimit ?? '<unset>')}`,
    ];
  if (volume.hostPath)
    return [
      'Type:\tHostPath (bare host directory volume)',
      `Path:\t${volume.hostPath.path}`,
      `HostPathType:\t${volume.hostPath.type ?? ''}`,
    ];
  if (volume.secret)
    return [
      'Type:\tSecret (a volume populated by a Secret)',
      `SecretName:\t${volume.secret.secretName ?? ''}`,
      `Optional:\t${volume.secret.optional ?? false}`,
    ];
  if (volume.configMap)
    return [
      'Type:\tConfigMap (a volume populated by a ConfigMap)',
      `Name:\t${volume.configMap.name ?? ''}`,
      `Optional:\t${volume.configMap.optional ?? false}`,
    ];
  if (volume.persistentVolumeClaim)
    return [
      'Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
      `ClaimName:\t${volume.persistentVolumeClaim.claimName}`,
      `ReadOnly:\t${volume.persistentVolumeClaim.readOnly ?? false}`,
    ];
  if (volume.downwardAPI)
    return [
      'Type:\tDownwardAPI (a volume populated by information about the pod)',
      'Items:',
      ...(volume.downwardAPI.items ?? []).map(({ path, fieldRef }) => `  ${fieldRef?.fieldPath ?? ''} -> ${path}`),
    ];
  if (!volume.projected) return ['<unknown>'];
  return [
    'Type:\tProjected (a volume that contains injected data from multiple sources)',
    ...(volume.projected.sources ?? []).flatMap(({ secret, downwardAPI, configMap, serviceAccountToken }) => {
      if (secret) return [`SecretName:\t${secret.name ?? ''}`, `SecretOptionalName:\t${secret.optional ?? false}`];
      if (downwardAPI) return ['DownwardAPI:\ttrue'];
      if (configMap) return [`ConfigMapName:\t${configMap.name ?? ''}`, `Optional:\t${configMap.optional ?? false}`];
      return serviceAccountToken ? [`TokenExpirationSeconds:\t${serviceAccountToken.expirationSeconds ?? 3600}`] : [];
    }),
  ];
}

/** Volumes of a pod or template. */
export function writeVolumes(writer: DescriptionWriter, volumes: readonly Volume[] | undefined, space = ''): void {
  if (!volumes?.length) return writer.line(0, `${space}Volumes:\t<none>`);
  writer.line(0, `${space}Volumes:`);
  for (const volume of volumes) {
    writer.line(1, `${space ? ' ' : ''}${volume.name}:`);
    for (const line of volumeLines(volume)) writer.line(2, line);
  }
}

/** `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`. */
export function tolerationText({ key = '', value = '', effect, operator, tolerationSeconds }: Toleration): string {
  const head = `${key}${value ? `=${value}` : ''}${effect ? `:${effect}` : ''}`;
  const exists = operator === 'Exists' && value === '' ? `${head ? ' ' : ''}op=Exists` : '';
  return `${head}${exists}${tolerationSeconds === undefined || tolerationSeconds === null ? '' : ` for ${tolerationSeconds}s`}`;
}

/** Node selectors and tolerations. */
export function writePlacement(
  writer: DescriptionWriter,
  spec: { nodeSelector?: Record<string, string>; tolerations?: readonly Toleration[] } | undefined,
  space = '',
): void {
  writer.pairs(`${space}Node-Selectors`, spec?.nodeSelector);
  const tolerations = [...(spec?.tolerations ?? [])].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
  if (tolerations.length === 0) writer.line(0, `${space}Tolerations:\t<none>`);
  tolerations.forEach((toleration, at) => writer.line(0, `${at === 0 ? `${space}Tolerations:` : ''}\t${tolerationText(toleration)}`));
}
