/** endpoints-controller: the older form of a Service's endpoints, one Endpoints object per Service, at most 1000 addresses. */
import type { Endpoints, Pod, Service } from '#api';
import { deepEqual, isAlreadyExists, isConflict, isNotFound } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import { hasSelector, inheritedLabels, isPodReady, podsOf, resolvePorts, servicesSelecting } from './service-endpoints.ts';
import type { ManagerController } from './settings.ts';
import { createTriggerTimes, withTriggerTime } from './trigger-time.ts';

type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];

const MAX_ADDRESSES = 1000;
const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const BATCH_MS = 20;

function addressOf(pod: Pod, service: Service): Address {
  const hasHostname = pod.spec?.hostname && pod.spec.subdomain === service.metadata.name;
  return {
    ip: pod.status!.podIP!,
    ...(hasHostname ? { hostname: pod.spec!.hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name, uid: pod.metadata.uid ?? '' },
  };
}

/** The subsets of a Service: pods with the same ports together, ready and not ready apart. */
export function planSubsets(service: Service, pods: readonly Pod[]): Subset[] {
  const subsets = new Map<string, { ports: Subset['ports']; addresses: Address[]; notReadyAddresses: Address[] }>();
  for (const pod of pods.slice(0, MAX_ADDRESSES)) {
    if (pod.metadata.deletionTimestamp && !service.spec?.publishNotReadyAddresses) continue;
    const ports = resolvePorts(service, pod).map(({ name, port, protocol, appProtocol }) => ({
      ...(name ? { name } : {}),
      port,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    }));
    // A headless Service without ports has endpoints all the same.
    if (!ports.length && (service.spec?.ports?.length || service.spec?.clusterIP !== 'None')) continue;
    const key = JSON.stringify(ports);
    const subset = subsets.get(key) ?? { ports, addresses: [], notReadyAddresses: [] };
    subsets.set(key, subset);
    if (service.spec?.publishNotReadyAddresses || isPodReady(pod)) subset.addresses.push(addressOf(pod, service));
    else subset.notReadyAddresses.push(addressOf(pod, service));
  }
  const byAddress = (a: Address, b: Address): number => (a.ip < b.ip ? -1 : 1);
  return [...subsets.values()].map(({ ports, addresses, notReadyAddresses }) => ({
    ...(addresses.length ? { addresses: addresses.sort(byAddress) } : {}),
    ...(notReadyAddresses.length ? { notReadyAddresses: notReadyAddresses.sort(byAddress) } : {}),
    ...(ports?.length ? { ports } : {}),
  }));
}

/** The controller. */
export const endpointsController: ManagerController = defineController({
  name: 'endpoints-controller',
  account: 'endpoint-controller',
  workers: 5,
  build({ client, informers, events }) {
    const services = informers.informer(resources.services);
    const pods = informers.informer(resources.pods);
    const endpoints = informers.informer(resources.endpoints);
    const triggerTimes = createTriggerTimes();
    const write = async (key: string, service: Service, current: Endpoints | undefined): Promise<void> => {
      const { name, namespace = '' } = service.metadata;
      const labels = { ...inheritedLabels(service), [MANAGED_BY]: 'endpoint-controller' };
      const own = podsOf(service, pods.lister.inNamespace(namespace));
      const subsets = planSubsets(service, own);
      const annotations = withTriggerTime(current?.metadata.annotations, triggerTimes.next(key, service, own));
      if (current && deepEqual(current.subsets ?? [], subsets) && deepEqual(current.metadata.labels, labels)) return;
      const { annotations: _old, ...kept } = current?.metadata ?? { name, namespace };
      const metadata = { ...kept, labels, ...(annotations ? { annotations } : {}) };
      const next = { apiVersion: 'v1', kind: 'Endpoints', ...current, metadata, subsets } as Endpoints;
      if (current) await client.update(resources.endpoints, next);
      else await client.create(resources.endpoints, next);
    };
    return {
      watches: [
        watchObjects(services),
        {
          informer: pods,
          connect(queue) {
            const add = (pod: Pod): void => {
              for (const key of servicesSelecting(services.lister.inNamespace(pod.metadata.namespace ?? ''), pod))
                queue.addAfter(key, BATCH_MS);
            };
            pods.addHandler({
              added: add,
              updated(pod, old) {
                add(pod);
                if (!deepEqual(pod.metadata.labels, old.metadata.labels)) add(old);
              },
              deleted: add,
            });
          },
        },
        watchObjects(endpoints),
      ],
      async reconcile(key) {
        const service = services.lister.get(key);
        const current = endpoints.lister.get(key);
        const [namespace, name = ''] = key.split('/');
        if (!service) triggerTimes.forget(key);
        try {
          if (service) {
            if (hasSelector(service)) await write(key, service, current);
          } else if (current?.metadata.labels?.[MANAGED_BY]) await client.delete(resources.endpoints, name, namespace);
        } catch (error) {
          if (isConflict(error) || isAlreadyExists(error)) return { requeueAfterMs: BATCH_MS };
          if (isNotFound(error)) return undefined;
          if (service)
            events.event(
              service,
              'Warning',
              'FailedToUpdateEndpoint',
              `Failed to update endpoint ${key}: ${error instanceof Error ? error.message : String(error)}`,
            );
          throw error;
        }
        return undefined;
      },
    };
  },
});
