/** kubectl describe for endpoints, endpoint slices, events' neighbours of the cluster: disruption budgets, priority classes, autoscalers. */
import { formatLabelSelector, type KubeObject, type LabelSelector } from '#apimachinery';
import type { Endpoints, EndpointSlice } from '#api';
import { writeHead } from './core.ts';
import type { Description } from './description.ts';
import { longTime, writeEvents } from './writer.ts';

/** An endpoints object. */
export const describeEndpoints: Description<Endpoints> = (writer, object, { events, nowMs }) => {
  writeHead(writer, object);
  writer.line(0, 'Subsets:');
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of object.subsets ?? []) {
    const list = (items: readonly { ip: string }[]): string => items.map(({ ip }) => ip).join(',') || '<none>';
    writer.line(1, `Addresses:\t${list(addresses)}`);
    writer.line(1, `NotReadyAddresses:\t${list(notReadyAddresses)}`);
    if (ports.length) {
      writer.line(1, 'Ports:');
      writer.line(2, 'Name\tPort\tProtocol');
      writer.line(2, '----\t----\t--------');
      for (const { name, port, protocol = 'TCP' } of ports) writer.line(2, `${name || '<unset>'}\t${port}\t${protocol}`);
    }
    writer.line(0, '');
  }
  writeEvents(writer, events, nowMs);
};

/** An endpoint slice. */
export const describeEndpointSlice: Description<EndpointSlice> = (writer, object, { events, nowMs }) => {
  writeHead(writer, object);
  writer.line(0, `AddressType:\t${object.addressType}`);
  if (!object.ports?.length) writer.line(0, 'Ports: <unset>');
  else {
    writer.line(0, 'Ports:');
    writer.line(1, 'Name\tPort\tProtocol');
    writer.line(1, '----\t----\t--------');
    for (const { name, port, protocol } of object.ports) writer.line(1, `${name || '<unset>'}\t${port ?? '<unset>'}\t${protocol ?? ''}`);
  }
  writer.line(0, object.endpoints?.length ? 'Endpoints:' : 'Endpoints: <none>');
  for (const { addresses, conditions, hostname, targetRef, nodeName, zone } of object.endpoints ?? []) {
    writer.line(1, `- Addresses:\t${addresses.join(', ') || '<none>'}`);
    writer.line(2, `Conditions:${conditions ? '' : '\t<none>'}`);
    if (conditions?.ready !== undefined) writer.line(3, `Ready:\t${conditions.ready}`);
    writer.line(2, `Hostname:\t${hostname ?? '<unset>'}`);
    if (targetRef) writer.line(2, `TargetRef:\t${targetRef.kind ?? ''}/${targetRef.name ?? ''}`);
    writer.line(2, `NodeName:\t${nodeName ?? '<unset>'}`);
    writer.line(2, `Zone:\t${zone ?? '<unset>'}`);
  }
  writeEvents(writer, events, nowMs);
};

interface PodDisruptionBudget extends KubeObject {
  spec?: { minAvailable?: number | string; maxUnavailable?: number | string; selector?: LabelSelector };
  status?: { disruptionsAllowed?: number; currentHealthy?: number; desiredHealthy?: number; expectedPods?: number };
}

/** A pod disruption budget. */
export const describePodDisruptionBudget: Description<PodDisruptionBudget> = (writer, { metadata, spec, status }, { events, nowMs }) => {
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  if (spec?.minAvailable !== undefined) writer.line(0, `Min available:\t${spec.minAvailable}`);
  else if (spec?.maxUnavailable !== undefined) writer.line(0, `Max unavailable:\t${spec.maxUnavailable}`);
  writer.line(0, `Selector:\t${spec?.selector ? formatLabelSelector(spec.selector) : '<unset>'}`);
  writer.line(0, 'Status:');
  writer.line(2, `Allowed disruptions:\t${status?.disruptionsAllowed ?? 0}`);
  writer.line(2, `Current:\t${status?.currentHealthy ?? 0}`);
  writer.line(2, `Desired:\t${status?.desiredHealthy ?? 0}`);
  writer.line(2, `Total:\t${status?.expectedPods ?? 0}`);
  writeEvents(writer, events, nowMs);
};

interface PriorityClass extends KubeObject {
  value: number;
  globalDefault?: boolean;
  preemptionPolicy?: string;
  description?: string;
}

/** A priority class. */
export const describePriorityClass: Description<PriorityClass> = (writer, object, { events, nowMs }) => {
  writer.line(0, `Name:\t${object.metadata.name}`);
  writer.line(0, `Value:\t${object.value}`);
  writer.line(0, `GlobalDefault:\t${object.globalDefault ?? false}`);
  writer.line(0, `PreemptionPolicy:\t${object.preemptionPolicy ?? ''}`);
  writer.line(0, `Description:\t${object.description ?? ''}`);
  writer.line(
    0,
    `Annotations:\t${Object.entries(object.metadata.annotations ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(',')}`.replace(/\t$/, '\t<none>'),
  );
  writeEvents(writer, events, nowMs);
};

interface HorizontalPodAutoscaler extends KubeObject {
  spec?: {
    minReplicas?: number;
    maxReplicas?: number;
    scaleTargetRef?: { kind?: string; name?: string };
    metrics?: readonly { type: string; resource?: { name: string; target: { averageUtilization?: number; averageValue?: string } } }[];
  };
  status?: {
    currentReplicas?: number;
    desiredReplicas?: number;
    conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    currentMetrics?: readonly { resource?: { name: string; current: { averageUtilization?: number; averageValue?: string } } }[] | null;
  };
}

/** A horizontal pod autoscaler. */
export const describeAutoscaler: Description<HorizontalPodAutoscaler> = (writer, object, { events, nowMs }) => {
  const { metadata, spec, status } = object;
  writeHead(writer, object);
  writer.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  writer.line(0, `Reference:\t${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`);
  writer.line(0, 'Metrics:\t( current / target )');
  for (const { resource } of spec?.metrics ?? []) {
    if (!resource) continue;
    const current = status?.currentMetrics?.find((metric) => metric.resource?.name === resource.name)?.resource?.current;
    if (resource.target.averageValue !== undefined)
      writer.line(1, `resource ${resource.name} on pods:\t${current?.averageValue ?? '<unknown>'} / ${resource.target.averageValue}`);
    else {
      const now =
        current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}% (${current.averageValue ?? ''})`;
      writer.line(
        1,
        `resource ${resource.name} on pods  (as a percentage of request):\t${now} / ${resource.target.averageUtilization ?? 0}%`,
      );
    }
  }
  writer.line(0, `Min replicas:\t${spec?.minReplicas ?? '<unset>'}`);
  writer.line(0, `Max replicas:\t${spec?.maxReplicas ?? 0}`);
  writer.line(
    0,
    `${spec?.scaleTargetRef?.kind ?? ''} pods:\t${status?.currentReplicas ?? 0} current / ${status?.desiredReplicas ?? 0} desired`,
  );
  if (status?.conditions?.length) {
    writer.line(0, 'Conditions:');
    writer.line(1, 'Type\tStatus\tReason\tMessage');
    writer.line(1, '----\t------\t------\t-------');
    for (const { type, status: value, reason = '', message = '' } of status.conditions)
      writer.line(1, `${type}\t${value}\t${reason}\t${message}`);
  }
  writeEvents(writer, events, nowMs);
};
