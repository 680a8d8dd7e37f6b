// Service: a stable address in front of pods (registry/core/service). Cluster addresses and node ports are given out by the API server.
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Service } from '../types.ts';
import { isDns1035Label, selectorFromMap } from '#apimachinery';
import { validateService, validateServiceUpdate } from './service-validation.ts';

function setDefaults(object: Service): void {
  const spec = (object.spec ??= {});
  spec.sessionAffinity ??= 'None';
  spec.type ??= 'ClusterIP';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
  }
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

const isSame = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean => (a ?? []).join() === (b ?? []).join();

/** An update that leaves the address out keeps it; one that changes only `clusterIP` means `clusterIPs` too. */
function keepClusterIps(object: Service, old: Service): void {
  const { spec } = object;
  if (!spec || !old.spec || spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return;
  if (!spec.clusterIP && !spec.clusterIPs?.length) {
    if (old.spec.clusterIP) spec.clusterIP = old.spec.clusterIP;
    if (old.spec.clusterIPs) spec.clusterIPs = [...old.spec.clusterIPs];
  } else if (spec.clusterIP !== old.spec.clusterIP && isSame(spec.clusterIPs, old.spec.clusterIPs)) {
    if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
    else delete spec.clusterIPs;
  }
}

function externalIpOf(object: Service): string {
  const spec = object.spec ?? {};
  const external = (spec.externalIPs ?? []).join(',');
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return external || '<none>';
  const ingress = (object.status?.loadBalancer?.ingress ?? []).map((point) => point.ip || point.hostname || '').filter(Boolean);
  const all = [...ingress, ...(external ? [external] : [])].join(',');
  return all || '<pending>';
}

function portsOf(object: Service): string {
  const ports = object.spec?.ports ?? [];
  if (!ports.length) return '<none>';
  return ports
    .map((port) => (port.nodePort ? `${port.port}:${port.nodePort}/${port.protocol ?? 'TCP'}` : `${port.port}/${port.protocol ?? 'TCP'}`))
    .join(',');
}

/** The kind Service. */
export const service = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  schema: 'io.k8s.api.core.v1.Service',
  storagePrefix: '/registry/services/specs',
  storageVersionHash: '0/CO1lhkEBI=',
  subresources: [
    { name: 'proxy', kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
    statusSubresource<Service>('Service'),
  ],
  strategy: {
    validateName: isDns1035Label,
    setDefaults,
    prepareForCreate(object) {
      object.status = { loadBalancer: {} };
    },
    prepareForUpdate(object, old) {
      keepOldStatus(object, old);
      keepClusterIps(object, old);
    },
    validate: validateService,
    validateUpdate: validateServiceUpdate,
  },
  columns: [
    nameColumn(),
    textColumn('Type', 'How the service is reached.', (object) => object.spec?.type ?? ''),
    textColumn('Cluster-IP', 'Address inside the cluster.', (object) => object.spec?.clusterIP || '<none>'),
    textColumn('External-IP', 'Addresses from outside.', externalIpOf),
    textColumn('Port(s)', 'Ports, with node ports.', portsOf),
    ageColumn(),
    textColumn(
      'Selector',
      'Labels of the pods behind it.',
      (object) => selectorFromMap(object.spec?.selector ?? {}).toString() || '<none>',
      1,
    ),
  ],
  selectableFields: [
    { name: 'spec.clusterIP', value: (object) => object.spec?.clusterIP ?? '' },
    { name: 'spec.type', value: (object) => object.spec?.type ?? '' },
  ],
});
