/** kubectl describe for networking: ingresses, their classes, network policies. */
import { formatLabelSelector, type LabelSelector } from '#apimachinery';
import type {
  EndpointSlice,
  Ingress,
  IngressBackend,
  IngressClass,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  Service,
} from '#api';
import type { Session } from '../session.ts';
import type { Description } from './description.ts';
import { writeEvents, type DescriptionWriter } from './writer.ts';

/** `web:80 (10.244.1.3:80)`, or what is wrong with the Service. */
async function backendText(session: Session, namespace: string, { service, resource }: IngressBackend): Promise<string> {
  if (resource) return `APIGroup: ${resource.apiGroup ?? ''}, Kind: ${resource.kind}, Name: ${resource.name}`;
  const { name = '', port } = service ?? {};
  const label = `${name}:${port?.name ?? port?.number ?? ''}`;
  const root = `/api/v1/namespaces/${namespace}`;
  let found: Service;
  try {
    found = await session.json<Service>({ method: 'GET', path: `${root}/services/${name}` });
  } catch (error) {
    return `${label} (<error: ${error instanceof Error ? error.message : String(error)}>)`;
  }
  const wanted = found.spec?.ports?.find((each) => (port?.name ? each.name === port.name : each.port === port?.number));
  const slices = await session.json<{ items: EndpointSlice[] }>({
    method: 'GET',
    path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    query: { labelSelector: `kubernetes.io/service-name=${name}` },
  });
  const addresses = slices.items.flatMap(({ endpoints, ports }) => {
    const number = ports?.find((each) => (each.name ?? '') === (wanted?.name ?? ''))?.port ?? '';
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .map((endpoint) => `${endpoint.addresses[0] ?? ''}:${number}`);
  });
  return `${label} (${addresses.join(',') || '<none>'})`.replace(' (<none>)', ' ()');
}

/** An ingress with the endpoints behind its rules. */
export const describeIngress: Description<Ingress> = async (writer, object, { session, events, nowMs }) => {
  const { metadata, spec, status } = object;
  const namespace = metadata.namespace ?? '';
  writer.line(0, `Name:\t${metadata.name}`);
  writer.pairs('Labels', metadata.labels);
  writer.line(0, `Namespace:\t${namespace}`);
  writer.line(0, `Address:\t${(status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '').join(',')}`);
  writer.line(0, `Ingress Class:\t${spec?.ingressClassName ?? '<none>'}`);
  writer.line(0, `Default backend:\t${spec?.defaultBackend ? await backendText(session, namespace, spec.defaultBackend) : '<default>'}`);
  if (spec?.tls?.length) {
    writer.line(0, 'TLS:');
    for (const { hosts = [], secretName = '' } of spec.tls)
      writer.line(1, secretName ? `${secretName} terminates ${hosts.join(',')}` : `SNI routes ${hosts.join(',')}`);
  }
  writer.line(0, 'Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------');
  for (const { host, http } of spec?.rules ?? []) {
    writer.line(1, `${host || '*'}\t`);
    for (const { path = '', backend } of http?.paths ?? [])
      writer.line(1, `  \t${path} \t${await backendText(session, namespace, backend)}`);
  }
  if (!spec?.rules?.length)
    writer.line(1, `*\t* \t${spec?.defaultBackend ? await backendText(session, namespace, spec.defaultBackend) : '<default>'}`);
  writer.annotations(metadata.annotations);
  writeEvents(writer, events, nowMs);
};

/** An ingress class. */
export const describeIngressClass: Description<IngressClass> = (writer, object, { events, nowMs }) => {
  const { metadata, spec } = object;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, `Controller:\t${spec?.controller ?? ''}`);
  if (spec?.parameters) {
    writer.line(0, 'Parameters:');
    if (spec.parameters.apiGroup) writer.line(1, `APIGroup:\t${spec.parameters.apiGroup}`);
    writer.line(1, `Kind:\t${spec.parameters.kind}`);
    writer.line(1, `Name:\t${spec.parameters.name}`);
  }
  writeEvents(writer, events, nowMs);
};

const selectorText = (selector: unknown): string => formatLabelSelector(selector as LabelSelector | undefined);

function writePorts(writer: DescriptionWriter, level: number, ports: readonly NetworkPolicyPort[]): void {
  if (ports.length === 0) return writer.line(level, 'To Port: <any> (traffic allowed to all ports)');
  for (const { port, endPort, protocol = 'TCP' } of ports) {
    const numbers = endPort === undefined ? String(port ?? '<any>') : `${port}-${endPort}`;
    writer.line(level, `To Port: ${numbers}/${protocol}`);
  }
}

function writePeers(writer: DescriptionWriter, level: number, word: 'From' | 'To', peers: readonly NetworkPolicyPeer[]): void {
  if (peers.length === 0)
    return writer.line(level, `${word}: <any> (traffic not restricted by ${word === 'From' ? 'source' : 'destination'})`);
  for (const { podSelector, namespaceSelector, ipBlock } of peers) {
    writer.line(level, `${word}:`);
    if (ipBlock) {
      writer.line(level + 1, 'IPBlock:');
      writer.line(level + 2, `CIDR: ${ipBlock.cidr}`);
      writer.line(level + 2, `Except: ${(ipBlock.except ?? []).join(', ')}`);
      continue;
    }
    if (namespaceSelector) writer.line(level + 1, `NamespaceSelector: ${selectorText(namespaceSelector)}`);
    if (podSelector) writer.line(level + 1, `PodSelector: ${selectorText(podSelector)}`);
  }
}

interface Rule {
  readonly ports?: readonly NetworkPolicyPort[];
  readonly from?: readonly NetworkPolicyPeer[];
  readonly to?: readonly NetworkPolicyPeer[];
}

function writeRules(writer: DescriptionWriter, direction: 'ingress' | 'egress', isMeant: boolean, rules: readonly Rule[]): void {
  if (!isMeant) return writer.line(1, `Not affecting ${direction} traffic`);
  writer.line(1, `Allowing ${direction} traffic:`);
  if (rules.length === 0) return writer.line(2, `<none> (Selected pods are isolated for ${direction} connectivity)`);
  rules.forEach(({ ports = [], from = [], to = [] }, at) => {
    writePorts(writer, 2, ports);
    writePeers(writer, 2, direction === 'ingress' ? 'From' : 'To', direction === 'ingress' ? from : to);
    if (at < rules.length - 1) writer.line(2, '----------');
  });
}

/** A network policy. */
export const describeNetworkPolicy: Description<NetworkPolicy> = (writer, object) => {
  const { metadata, spec } = object;
  const types = spec?.policyTypes ?? [];
  const { matchLabels = {}, matchExpressions = [] } = (spec?.podSelector ?? {}) as LabelSelector;
  const isAll = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `Created on:\t${(metadata.creationTimestamp ?? '').replace('T', ' ').replace('Z', ' +0000 UTC')}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, 'Spec:');
  const selected = isAll ? '<none> (Allowing the specific traffic to all pods in this namespace)' : selectorText(spec?.podSelector);
  writer.line(1, `PodSelector:     ${selected}`);
  writeRules(writer, 'ingress', types.includes('Ingress'), (spec?.ingress ?? []) as Rule[]);
  writeRules(writer, 'egress', types.includes('Egress'), (spec?.egress ?? []) as Rule[]);
  writer.line(1, `Policy Types: ${types.join(', ')}`);
};
