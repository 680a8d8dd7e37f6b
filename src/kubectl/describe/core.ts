/** kubectl describe for the small kinds: service, configmap, secret, service account, roles and bindings; and of anything else. */
import { cellsOf, rowsOf } from '../policy-rules.ts';
import type { KubeObject } from '#apimachinery';
import type { ClusterRole, ConfigMap, EndpointSlice, RoleBinding, Secret, Service, ServiceAccount } from '#api';
import type { Description } from './description.ts';
import { writeEvents, type DescriptionWriter } from './writer.ts';

/** Name, namespace, labels, annotations. */
export function writeHead(writer: DescriptionWriter, { metadata }: KubeObject, withNamespace = true): void {
  writer.line(0, `Name:\t${metadata.name}`);
  if (withNamespace) writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
}

/** A config map with its data. */
export const describeConfigMap: Description<ConfigMap> = (writer, object, { events, nowMs }) => {
  writeHead(writer, object);
  writer.line(0, '\nData\n====');
  for (const [key, value] of Object.entries((object.data ?? {}) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1)))
    writer.line(0, `${key}:\n----\n${value}\n`);
  writer.line(0, '\nBinaryData\n====');
  for (const [key, value] of Object.entries((object.binaryData ?? {}) as Record<string, string>))
    writer.line(0, `${key}: ${atob(value).length} bytes`);
  writer.line(0, '');
  writeEvents(writer, events, nowMs);
};

/** A secret: sizes only, except for tokens. */
export const describeSecret: Description<Secret> = (writer, object) => {
  writeHead(writer, object);
  writer.line(0, `\nType:\t${object.type ?? ''}`);
  writer.line(0, '\nData\n====');
  for (const [key, value] of Object.entries((object.data ?? {}) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const shown = key === 'token' && object.type === 'kubernetes.io/service-account-token';
    writer.line(0, shown ? `${key}:\t${atob(value)}` : `${key}:\t${atob(value).length} bytes`);
  }
};

/** A service account. */
export const describeServiceAccount: Description<ServiceAccount> = (writer, object, { events, nowMs }) => {
  writeHead(writer, object);
  const list = (label: string, names: readonly string[]): void => {
    if (names.length === 0) writer.line(0, `${label}:\t<none>`);
    names.forEach((name, at) => writer.line(0, `${at === 0 ? `${label}:` : ''}\t${name}`));
  };
  list(
    'Image pull secrets',
    (object.imagePullSecrets ?? []).map(({ name = '' }) => name),
  );
  list(
    'Mountable secrets',
    (object.secrets ?? []).map(({ name = '' }) => name),
  );
  list('Tokens', []);
  writeEvents(writer, events, nowMs);
};

function endpointsOf(slices: readonly EndpointSlice[], portName: string | undefined): string {
  const found = slices.flatMap(({ ports, endpoints }) => {
    const port = (ports ?? []).find(({ name }) => (name ?? '') === (portName ?? ''))?.port;
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map((address) => `${address}:${port ?? ''}`));
  });
  return `${found.slice(0, 3).join(',')}${found.length > 3 ? ` + ${found.length - 3} more...` : ''}`;
}

/** A service with its endpoints. */
export const describeService: Description<Service> = async (writer, object, { session, events, nowMs }) => {
  const { spec = {} } = object;
  const slices = await session.json<{ items: EndpointSlice[] }>({
    method: 'GET',
    path: `/apis/discovery.k8s.io/v1/namespaces/${object.metadata.namespace ?? ''}/endpointslices`,
    query: { labelSelector: `kubernetes.io/service-name=${object.metadata.name}`, limit: 500 },
  });
  writeHead(writer, object);
  const selector = Object.entries((spec.selector ?? {}) as Record<string, string>)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
  writer.line(0, `Selector:\t${selector || '<none>'}`);
  writer.line(0, `Type:\t${spec.type ?? ''}`);
  writer.line(0, `IP Family Policy:\t${spec.ipFamilyPolicy ?? '<none>'}`);
  writer.line(0, `IP Families:\t${spec.ipFamilies?.join(',') || '<none>'}`);
  writer.line(0, `IP:\t${spec.clusterIP ?? ''}`);
  writer.line(0, `IPs:\t${spec.clusterIPs?.join(',') || '<none>'}`);
  if (spec.externalIPs?.length) writer.line(0, `External IPs:\t${spec.externalIPs.join(',')}`);
  if (spec.externalName) writer.line(0, `External Name:\t${spec.externalName}`);
  const ingress = object.status?.loadBalancer?.ingress ?? [];
  if (ingress.length) writer.line(0, `LoadBalancer Ingress:\t${ingress.map(({ ip, hostname }) => ip ?? hostname ?? '').join(', ')}`);
  for (const { name, port, protocol = 'TCP', targetPort, nodePort } of spec.ports ?? []) {
    writer.line(0, `Port:\t${name || '<unset>'}\t${port}/${protocol}`);
    writer.line(0, `TargetPort:\t${String(targetPort ?? port)}/${protocol}`);
    if (nodePort) writer.line(0, `NodePort:\t${name || '<unset>'}\t${nodePort}/${protocol}`);
    writer.line(0, `Endpoints:\t${endpointsOf(slices.items, name)}`);
  }
  writer.line(0, `Session Affinity:\t${spec.sessionAffinity ?? 'None'}`);
  if (spec.externalTrafficPolicy) writer.line(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}`);
  if (spec.internalTrafficPolicy) writer.line(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}`);
  writeEvents(writer, events, nowMs);
};

/** A role or cluster role: one line per resource. */
export const describeRole: Description<ClusterRole> = (writer, object) => {
  writer.line(0, `Name:\t${object.metadata.name}`);
  writer.pairs('Labels', object.metadata.labels);
  writer.annotations(object.metadata.annotations);
  writer.line(0, 'PolicyRule:');
  writer.line(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs');
  writer.line(1, '---------\t-----------------\t--------------\t-----');
  for (const row of rowsOf(object.rules ?? [])) writer.line(1, cellsOf(row).join('\t'));
};

/** A role binding or cluster role binding. */
export const describeRoleBinding: Description<RoleBinding> = (writer, object) => {
  writer.line(0, `Name:\t${object.metadata.name}`);
  writer.pairs('Labels', object.metadata.labels);
  writer.annotations(object.metadata.annotations);
  writer.line(0, 'Role:');
  writer.line(1, `Kind:\t${object.roleRef.kind}`);
  writer.line(1, `Name:\t${object.roleRef.name}`);
  writer.line(0, 'Subjects:');
  writer.line(1, 'Kind\tName\tNamespace');
  writer.line(1, '----\t----\t---------');
  for (const { kind, name, namespace = '' } of object.subjects ?? []) writer.line(1, `${kind}\t${name}\t${namespace}`);
};

const heading = (key: string): string =>
  key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/^./, (letter) => letter.toUpperCase())
    .replace(/\b(Api|Uid|Ip|Cidr)\b/g, (word) => word.toUpperCase());

function writeFields(writer: DescriptionWriter, value: Readonly<Record<string, unknown>>, level: number): void {
  for (const key of Object.keys(value).sort()) {
    const item = value[key];
    if (Array.isArray(item)) {
      writer.line(level, `${heading(key)}:`);
      for (const one of item as unknown[]) {
        if (typeof one === 'object' && one !== null) writeFields(writer, one as Record<string, unknown>, level + 1);
        else writer.line(level + 1, String(one as string));
      }
    } else if (typeof item === 'object' && item !== null) {
      writer.line(level, `${heading(key)}:`);
      writeFields(writer, item as Record<string, unknown>, level + 1);
    } else writer.line(level, `${heading(key)}:\t${item === null ? '<nil>' : String(item as string)}`);
  }
}

/** Any other kind: metadata, then its fields by name (the generic description of kubectl). */
export const describeAnything: Description = (writer, object, { events, nowMs }) => {
  writeHead(writer, object);
  writer.line(0, `API Version:\t${object.apiVersion}`);
  writer.line(0, `Kind:\t${object.kind}`);
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object as KubeObject & Record<string, unknown>;
  const shown = Object.fromEntries(
    Object.entries(metadata).filter(([key]) => !['name', 'namespace', 'labels', 'annotations', 'managedFields'].includes(key)),
  );
  writeFields(writer, { metadata: shown, ...rest }, 0);
  writeEvents(writer, events, nowMs);
};
