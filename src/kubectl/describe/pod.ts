/** kubectl describe pod. */
import type { Pod } from '#api';
import { writeContainers, writePlacement, writeVolumes } from './containers.ts';
import type { Description } from './description.ts';
import { longTime, writeEvents, type DescriptionWriter } from './writer.ts';

function writeStatus(writer: DescriptionWriter, pod: Pod, nowMs: number): void {
  const { status = {}, metadata } = pod;
  if (metadata.deletionTimestamp) {
    const lasts = Math.max(0, Math.floor((nowMs - Date.parse(metadata.deletionTimestamp)) / 1000));
    writer.line(0, `Status:\tTerminating (lasts ${lasts}s)`);
    writer.line(0, `Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else writer.line(0, `Status:\t${status.phase ?? ''}`);
  if (status.reason) writer.line(0, `Reason:\t${status.reason}`);
  if (status.message) writer.line(0, `Message:\t${status.message}`);
  writer.line(0, `IP:\t${status.podIP ?? ''}`);
  writer.line(0, status.podIPs?.length ? 'IPs:' : 'IPs:\t<none>');
  for (const { ip } of status.podIPs ?? []) writer.line(1, `IP:\t${ip}`);
}

/** The description of a pod. */
export const describePod: Description<Pod> = (writer, pod, { events, nowMs }) => {
  const { metadata, spec, status = {} } = pod;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `Priority:\t${spec?.priority ?? 0}`);
  if (spec?.priorityClassName) writer.line(0, `Priority Class Name:\t${spec.priorityClassName}`);
  if (spec?.runtimeClassName) writer.line(0, `Runtime Class Name:\t${spec.runtimeClassName}`);
  writer.line(0, `Service Account:\t${spec?.serviceAccountName ?? ''}`);
  writer.line(0, spec?.nodeName ? `Node:\t${spec.nodeName}/${status.hostIP ?? ''}` : 'Node:\t<none>');
  if (status.startTime) writer.line(0, `Start Time:\t${longTime(status.startTime)}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writeStatus(writer, pod, nowMs);
  const controller = metadata.ownerReferences?.find((owner) => owner.controller);
  if (controller) writer.line(0, `Controlled By:\t${controller.kind}/${controller.name}`);
  if (status.nominatedNodeName) writer.line(0, `NominatedNodeName:\t${status.nominatedNodeName}`);
  if (spec?.initContainers?.length)
    writeContainers(writer, 'Init Containers', spec.initContainers, status.initContainerStatuses ?? [], '', pod);
  writeContainers(writer, 'Containers', spec?.containers ?? [], status.containerStatuses ?? [], '', pod);
  if (spec?.ephemeralContainers?.length)
    writeContainers(writer, 'Ephemeral Containers', spec.ephemeralContainers, status.ephemeralContainerStatuses ?? [], '', pod);
  if (spec?.readinessGates?.length) {
    writer.line(0, 'Readiness Gates:\n  Type\tStatus');
    for (const { conditionType } of spec.readinessGates)
      writer.line(1, `${conditionType} \t${status.conditions?.find(({ type }) => type === conditionType)?.status ?? '<none>'} `);
  }
  if (status.conditions?.length) {
    writer.line(0, 'Conditions:\n  Type\tStatus');
    for (const { type, status: value } of status.conditions) writer.line(1, `${type} \t${value} `);
  }
  writeVolumes(writer, spec?.volumes);
  writer.line(0, `QoS Class:\t${status.qosClass ?? ''}`);
  writePlacement(writer, spec);
  writeEvents(writer, events, nowMs);
};
