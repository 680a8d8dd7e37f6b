/** From Services and EndpointSlices to the kernel's address rules: what kube-proxy's iptables mode computes at each sync. Pure. */
import type { Endpoint, EndpointSlice, Service, ServicePort } from '#api';
import type { Backend, ServiceRule } from '#host';

const DEFAULT_AFFINITY_SECONDS = 10_800;

interface PortEndpoint extends Backend {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly isLocal: boolean;
}

/** Whether kube-proxy acts on a Service: it has a virtual address and no other proxy is named. */
export function isProxied(service: Service): boolean {
  const clusterIp = service.spec?.clusterIP;
  return (
    Boolean(clusterIp) &&
    clusterIp !== 'None' &&
    service.spec?.type !== 'ExternalName' &&
    !('service.kubernetes.io/service-proxy-name' in (service.metadata.labels ?? {}))
  );
}

function endpointsOf(slices: readonly EndpointSlice[], port: ServicePort, nodeName: string): PortEndpoint[] {
  const byAddress = new Map<string, PortEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    const slicePort = (slice.ports ?? []).find(
      ({ name, protocol }) => (name ?? '') === (port.name ?? '') && (protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    if (!slicePort?.port) continue;
    for (const endpoint of (slice.endpoints ?? []) as Endpoint[]) {
      const address = endpoint.addresses[0];
      if (!address) continue;
      const { ready, serving, terminating } = endpoint.conditions ?? {};
      const found = {
        address,
        port: slicePort.port,
        ready: ready ?? true,
        serving: serving ?? ready ?? true,
        terminating: terminating ?? false,
        isLocal: endpoint.nodeName === nodeName,
      };
      // While slices are rewritten an endpoint may stand in two of them.
      byAddress.set(`${address}:${slicePort.port}`, found);
    }
  }
  return [...byAddress.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** Ready endpoints, or if there are none those that still serve while they terminate. */
function usable(endpoints: readonly PortEndpoint[]): PortEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length ? ready : endpoints.filter((endpoint) => endpoint.serving && endpoint.terminating);
}

const bare = (endpoints: readonly PortEndpoint[]): Backend[] => endpoints.map(({ address, port }) => ({ address, port }));

/** The rules of one port of a Service on one node. */
export function rulesOfPort(service: Service, port: ServicePort, slices: readonly EndpointSlice[], nodeName: string): ServiceRule[] {
  const spec = service.spec!;
  const all = endpointsOf(slices, port, nodeName);
  const cluster = usable(all);
  const local = usable(all.filter(({ isLocal }) => isLocal));
  const protocol = (port.protocol ?? 'TCP') as ServiceRule['protocol'];
  const affinityMs =
    spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS) * 1000 : 0;
  const comment = `${service.metadata.namespace ?? ''}/${service.metadata.name}${port.name ? `:${port.name}` : ''}`;
  const rule = (address: string, portNumber: number, onlyLocal: boolean): ServiceRule => ({
    address,
    port: portNumber,
    protocol,
    backends: bare(onlyLocal ? local : cluster),
    // Endpoints elsewhere that the policy forbids are silence; no endpoints at all are a refusal.
    withoutBackends: onlyLocal && cluster.length ? 'drop' : 'reject',
    affinityMs,
    comment,
  });
  const isLocalOutside = spec.externalTrafficPolicy === 'Local';
  const rules = [rule(spec.clusterIP!, port.port, spec.internalTrafficPolicy === 'Local')];
  for (const address of spec.externalIPs ?? []) rules.push(rule(address, port.port, isLocalOutside));
  for (const { ip } of service.status?.loadBalancer?.ingress ?? []) if (ip) rules.push(rule(ip, port.port, isLocalOutside));
  if (port.nodePort) rules.push(rule('node', port.nodePort, isLocalOutside));
  return rules;
}

/** All rules of a node, in the order of the Services' names. `slicesOf` answers the slices of a Service by `namespace/name`. */
export function planServiceRules(
  services: readonly Service[],
  slicesOf: (key: string) => readonly EndpointSlice[],
  nodeName: string,
): ServiceRule[] {
  const keyOf = (service: Service): string => `${service.metadata.namespace ?? ''}/${service.metadata.name}`;
  return services
    .filter(isProxied)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .flatMap((service) =>
      (service.spec?.ports ?? []).flatMap((port) => rulesOfPort(service, port as ServicePort, slicesOf(keyOf(service)), nodeName)),
    );
}
