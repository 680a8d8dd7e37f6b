/** What the endpoints and the endpointslice controllers share: which pods stand behind a Service, and on which ports. */
import type { Pod, Service, ServicePort } from '#api';
import { selectorFromMap } from '#apimachinery';

/** A Service port as a pod serves it. */
export interface ResolvedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

/** Whether a pod is Ready by its condition. */
export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

/** Whether a pod has ended for good. */
export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The pod's port a Service's targetPort means: a number, or the name of a container's port; undefined where no container has it. */
export function findPort(pod: Pod, servicePort: ServicePort): number | undefined {
  const target = servicePort.targetPort ?? servicePort.port;
  if (typeof target === 'number') return target || servicePort.port;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const port of container.ports ?? [])
      if (port.name === target && (port.protocol ?? 'TCP') === (servicePort.protocol ?? 'TCP')) return port.containerPort;
  }
  return undefined;
}

/** The Service's ports as the pod serves them. A headless Service may have none. */
export function resolvePorts(service: Service, pod: Pod): ResolvedPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = findPort(pod, servicePort as ServicePort);
    if (port === undefined) return [];
    return [
      {
        name: servicePort.name ?? '',
        port,
        protocol: (servicePort.protocol ?? 'TCP') as ResolvedPort['protocol'],
        ...(servicePort.appProtocol ? { appProtocol: servicePort.appProtocol } : {}),
      },
    ];
  });
}

/** Whether the Service's pods are found by selector at all. */
export function hasSelector(service: Service): boolean {
  return Object.keys(service.spec?.selector ?? {}).length > 0 && service.spec?.type !== 'ExternalName';
}

/** Keys of the Services of a namespace that select the pod. */
export function servicesSelecting(services: readonly Service[], pod: Pod): string[] {
  return services
    .filter(
      (service) => hasSelector(service) && selectorFromMap(service.spec!.selector as Record<string, string>).matches(pod.metadata.labels),
    )
    .map((service) => `${service.metadata.namespace ?? ''}/${service.metadata.name}`);
}

/** The pods behind a Service that have an address, oldest first by name. */
export function podsOf(service: Service, pods: readonly Pod[]): Pod[] {
  const selector = selectorFromMap(service.spec!.selector as Record<string, string>);
  return pods
    .filter((pod) => pod.status?.podIP && !hasEnded(pod) && selector.matches(pod.metadata.labels))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** The label a headless Service's endpoints carry. */
export const headlessLabel = 'service.kubernetes.io/headless';

/** Labels the endpoints of a Service take over from it. */
export function inheritedLabels(service: Service): Record<string, string> {
  const labels: Record<string, string> = { ...service.metadata.labels };
  if (service.spec?.clusterIP === 'None') labels[headlessLabel] = '';
  else delete labels[headlessLabel];
  return labels;
}
