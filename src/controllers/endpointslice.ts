/** endpointslice-controller: the addresses and states of the pods behind a Service, in slices of at most 100 endpoints. */
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '#api';
import { deepEqual, isAlreadyExists, isConflict, isNotFound, newControllerRef } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import {
  hasSelector,
  inheritedLabels,
  isPodReady,
  podsOf,
  resolvePorts,
  servicesSelecting,
  type ResolvedPort,
} from './service-endpoints.ts';
import type { ManagerController } from './settings.ts';
import { createTriggerTimes, withTriggerTime } from './trigger-time.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const CONTROLLER = 'endpointslice-controller.k8s.io';
const MAX_ENDPOINTS = 100;
/** Changes of pods are gathered that long, so that a rollout does not write a slice per pod. */
const BATCH_MS = 20;

/** The endpoint of a pod. */
export function endpointOf(pod: Pod, service: Service, node: Node | undefined): Endpoint {
  const isTerminating = Boolean(pod.metadata.deletionTimestamp);
  const isServing = isPodReady(pod);
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  const hasHostname = pod.spec?.hostname && pod.spec.subdomain === service.metadata.name;
  return {
    addresses: [pod.status!.podIP!],
    conditions: {
      ready: Boolean(service.spec?.publishNotReadyAddresses) || (isServing && !isTerminating),
      serving: isServing,
      terminating: isTerminating,
    },
    ...(hasHostname ? { hostname: pod.spec!.hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
    targetRef: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name, uid: pod.metadata.uid ?? '' },
  } as Endpoint;
}

/** What to write: slices to create, to update and to delete (by name). */
export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly string[];
}

interface PortGroup {
  readonly ports: readonly ResolvedPort[];
  readonly endpoints: Endpoint[];
}

function groupByPorts(service: Service, pods: readonly Pod[], nodeOf: (name: string) => Node | undefined): Map<string, PortGroup> {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods) {
    const ports = resolvePorts(service, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(pod, service, nodeOf(pod.spec?.nodeName ?? '')));
  }
  return groups;
}

const portsKey = (slice: EndpointSlice): string =>
  JSON.stringify(
    (slice.ports ?? []).map(({ name, port, protocol, appProtocol }) => ({
      name: name ?? '',
      port,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    })),
  );
const addressOf = (endpoint: Endpoint): string => endpoint.addresses[0] ?? '';

/** Puts endpoints into slices with as few writes as possible: what is in a slice stays there, room in it is used first. */
export function planSlices(
  service: Service,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
  nodeOf: (name: string) => Node | undefined,
): SlicePlan {
  const groups = groupByPorts(service, pods, nodeOf);
  // A Service without pods keeps one empty slice, so that its watchers know that it has none.
  if (!groups.size) groups.set('[]', { ports: [], endpoints: [] });
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const kept = new Set<string>();
  for (const [key, { ports, endpoints }] of groups) {
    const slices = existing.filter(
      (slice) =>
        !slice.metadata.deletionTimestamp &&
        (portsKey(slice) === key || (groups.size === 1 && key === '[]' && !(slice.endpoints ?? []).length)),
    );
    const waiting = new Map(endpoints.map((endpoint) => [addressOf(endpoint), endpoint]));
    const contents = slices.map((slice) => {
      const stay: Endpoint[] = [];
      for (const endpoint of slice.endpoints ?? []) {
        const now = waiting.get(addressOf(endpoint as Endpoint));
        if (now) stay.push(now);
        waiting.delete(addressOf(endpoint as Endpoint));
      }
      return { slice, stay };
    });
    const rest = [...waiting.values()];
    for (const { stay } of contents) while (rest.length && stay.length < MAX_ENDPOINTS) stay.push(rest.shift()!);
    const isOnlyEmpty = contents.every(({ stay }) => !stay.length) && !rest.length && groups.size === 1;
    contents.forEach(({ slice, stay }, at) => {
      if (!stay.length && !(isOnlyEmpty && at === 0)) return;
      kept.add(slice.metadata.name);
      const next = sliceOf(service, ports.length || !slice.ports?.length ? ports : [], stay, slice);
      if (!deepEqual(next, slice)) update.push(next);
    });
    for (; rest.length; rest.splice(0, MAX_ENDPOINTS)) create.push(sliceOf(service, ports, rest.slice(0, MAX_ENDPOINTS)));
    if (isOnlyEmpty && !contents.length) create.push(sliceOf(service, ports, []));
  }
  return { create, update, remove: existing.filter(({ metadata }) => !kept.has(metadata.name)).map(({ metadata }) => metadata.name) };
}

function sliceOf(service: Service, ports: readonly ResolvedPort[], endpoints: readonly Endpoint[], current?: EndpointSlice): EndpointSlice {
  const labels = { ...inheritedLabels(service), [SERVICE_NAME]: service.metadata.name, [MANAGED_BY]: CONTROLLER };
  const name = service.metadata.name;
  const metadata = current
    ? { ...current.metadata, labels }
    : {
        name: '',
        generateName: `${name}-`.slice(0, 58),
        namespace: service.metadata.namespace ?? '',
        labels,
        ownerReferences: [newControllerRef(service)],
      };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    ...current,
    metadata,
    addressType: 'IPv4',
    ports: ports.map(({ name: portName, port, protocol, appProtocol }) => ({
      name: portName,
      port,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    })),
    endpoints: [...endpoints],
  } as EndpointSlice;
}

/** The controller. */
export const endpointSliceController: ManagerController = defineController({
  name: 'endpointslice-controller',
  workers: 5,
  build({ client, informers, events }) {
    const services = informers.informer(resources.services);
    const pods = informers.informer(resources.pods);
    const nodes = informers.informer(resources.nodes);
    const slices = informers.informer(resources.endpointslices);
    const triggerTimes = createTriggerTimes();
    slices.addIndex('service', (slice) =>
      slice.metadata.labels?.[MANAGED_BY] === CONTROLLER
        ? [`${slice.metadata.namespace ?? ''}/${slice.metadata.labels[SERVICE_NAME] ?? ''}`]
        : [],
    );
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
                if (pod.metadata.labels !== old.metadata.labels && !deepEqual(pod.metadata.labels, old.metadata.labels)) add(old);
              },
              deleted: add,
            });
          },
        },
        watchObjects(slices, (slice) =>
          slice.metadata.labels?.[MANAGED_BY] === CONTROLLER
            ? [`${slice.metadata.namespace ?? ''}/${slice.metadata.labels[SERVICE_NAME] ?? ''}`]
            : [],
        ),
        watchObjects(nodes, () => []),
      ],
      async reconcile(key) {
        const service = services.lister.get(key);
        // Slices of a Service that is gone go with their owner reference.
        if (!service) triggerTimes.forget(key);
        if (!service || service.metadata.deletionTimestamp || !hasSelector(service)) return undefined;
        const namespace = service.metadata.namespace ?? '';
        const own = podsOf(service, pods.lister.inNamespace(namespace));
        const plan = planSlices(service, own, slices.lister.byIndex('service', key), (name) => nodes.lister.get(name));
        const time = triggerTimes.next(key, service, own);
        const stamped = (slice: EndpointSlice): EndpointSlice => {
          const { annotations: _old, ...metadata } = slice.metadata;
          const annotations = withTriggerTime(slice.metadata.annotations, time);
          return { ...slice, metadata: { ...metadata, ...(annotations ? { annotations } : {}) } };
        };
        try {
          for (const slice of plan.create) await client.create(resources.endpointslices, stamped(slice));
          for (const slice of plan.update) await client.update(resources.endpointslices, stamped(slice));
          for (const name of plan.remove) await client.delete(resources.endpointslices, name, namespace);
        } catch (error) {
          // The next pass starts from what the watch brings.
          if (isConflict(error) || isNotFound(error) || isAlreadyExists(error)) return { requeueAfterMs: BATCH_MS };
          events.event(
            service,
            'Warning',
            'FailedToUpdateEndpointSlices',
            `Error updating Endpoint Slices for Service ${key}: ${error instanceof Error ? error.message : String(error)}`,
          );
          throw error;
        }
        return undefined;
      },
    };
  },
});
