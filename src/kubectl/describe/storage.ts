/** kubectl describe for storage: claims, volumes, storage classes. */
import { isDefaultClass, type PersistentVolume, type PersistentVolumeClaim, type Pod, type StorageClass } from '#api';
import { ageOf, type KubeObject } from '#apimachinery';
import type { Description } from './description.ts';
import { longTime, writeEvents, type DescriptionWriter } from './writer.ts';

const SHORT: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const modesText = (modes: readonly string[] | undefined): string =>
  Object.keys(SHORT)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => SHORT[mode])
    .join(',');

const goList = (items: readonly string[] | undefined): string => `[${(items ?? []).join(' ')}]`;

function statusText({ metadata }: KubeObject, phase: string | undefined, nowMs: number): string {
  return metadata.deletionTimestamp ? `Terminating (lasts ${ageOf(metadata.deletionTimestamp, nowMs)})` : (phase ?? '');
}

/** A claim, with the pods that use it. */
export const describeClaim: Description<PersistentVolumeClaim> = async (writer, object, { session, events, nowMs }) => {
  const { metadata, spec, status } = object;
  const { items } = await session.json<{ items: Pod[] }>({ method: 'GET', path: `/api/v1/namespaces/${metadata.namespace ?? ''}/pods` });
  const users = items
    .filter((pod) => pod.spec?.volumes?.some(({ persistentVolumeClaim: claim }) => claim?.claimName === metadata.name))
    .map((pod) => pod.metadata.name);
  const isBound = Boolean(spec?.volumeName);
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  writer.line(0, `StorageClass:\t${spec?.storageClassName ?? ''}`);
  writer.line(0, `Status:\t${statusText(object, status?.phase, nowMs)}`);
  writer.line(0, `Volume:\t${spec?.volumeName ?? ''}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, `Finalizers:\t${goList(metadata.finalizers)}`);
  writer.line(0, `Capacity:\t${isBound ? String(status?.capacity?.['storage'] ?? '') : ''}`);
  writer.line(0, `Access Modes:\t${isBound ? modesText(status?.accessModes) : ''}`);
  if (spec?.volumeMode) writer.line(0, `VolumeMode:\t${spec.volumeMode}`);
  if (users.length === 0) writer.line(0, 'Used By:\t<none>');
  users.forEach((user, at) => writer.line(0, `${at === 0 ? 'Used By:' : ''}\t${user}`));
  if (status?.conditions?.length) {
    writer.line(0, 'Conditions:');
    writer.line(1, 'Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage');
    writer.line(1, '----\t------\t-----------------\t------------------\t------\t-------');
    for (const { type, status: value, lastProbeTime, lastTransitionTime, reason = '', message = '' } of status.conditions)
      writer.line(1, `${type} \t${value} \t${longTime(lastProbeTime)} \t${longTime(lastTransitionTime)} \t${reason} \t${message}`);
  }
  writeEvents(writer, events, nowMs);
};

/** What a volume lies on: the type with its explanation, and its fields. */
function sourceLines(spec: PersistentVolume['spec']): string[] {
  if (spec?.hostPath)
    return [
      'Type:\tHostPath (bare host directory volume)',
      `Path:\t${spec.hostPath.path}`,
      `HostPathType:\t${spec.hostPath.type ?? '<none>'}`,
    ];
  if (spec?.local) return ['Type:\tLocalVolume (a persistent volume backed by local storage on a node)', `Path:\t${spec.local.path}`];
  if (spec?.nfs)
    return [
      'Type:\tNFS (an NFS mount that lasts the lifetime of a pod)',
      `Server:\t${spec.nfs.server}`,
      `Path:\t${spec.nfs.path}`,
      `ReadOnly:\t${spec.nfs.readOnly ?? false}`,
    ];
  if (spec?.csi)
    return [
      'Type:\tCSI (a Container Storage Interface (CSI) volume source)',
      `Driver:\t${spec.csi.driver}`,
      `FSType:\t${spec.csi.fsType ?? ''}`,
      `VolumeHandle:\t${spec.csi.volumeHandle}`,
      `ReadOnly:\t${spec.csi.readOnly ?? false}`,
    ];
  return ['<unknown>'];
}

function writeNodeAffinity(writer: DescriptionWriter, spec: PersistentVolume['spec']): void {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms;
  if (!terms) return writer.line(0, 'Node Affinity:\t<none>');
  writer.line(0, 'Node Affinity:\t');
  writer.line(1, `Required Terms:\t${terms.length === 0 ? '<none>' : ''}`);
  terms.forEach(({ matchExpressions = [] }, at) => {
    const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
      const word = operator.toLowerCase();
      return values.length > 0 ? `${key} ${word} [${values.join(', ')}]` : `${key} ${word}`;
    });
    expressions.forEach((expression, index) => writer.line(2, `${index === 0 ? `Term ${at}:` : ''}\t${expression}`));
    if (expressions.length === 0) writer.line(2, `Term ${at}:\t<none>`);
  });
}

/** A volume. */
export const describeVolume: Description<PersistentVolume> = (writer, object, { events, nowMs }) => {
  const { metadata, spec, status } = object;
  writer.line(0, `Name:\t${metadata.name}`);
  writer.pairs('Labels', metadata.labels);
  writer.annotations(metadata.annotations);
  writer.line(0, `Finalizers:\t${goList(metadata.finalizers)}`);
  writer.line(0, `StorageClass:\t${spec?.storageClassName ?? ''}`);
  writer.line(0, `Status:\t${statusText(object, status?.phase, nowMs)}`);
  writer.line(0, `Claim:\t${spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : ''}`);
  writer.line(0, `Reclaim Policy:\t${spec?.persistentVolumeReclaimPolicy ?? ''}`);
  writer.line(0, `Access Modes:\t${modesText(spec?.accessModes)}`);
  if (spec?.volumeMode) writer.line(0, `VolumeMode:\t${spec.volumeMode}`);
  writer.line(0, `Capacity:\t${String(spec?.capacity?.['storage'] ?? '')}`);
  writeNodeAffinity(writer, spec);
  writer.line(0, `Message:\t${status?.message ?? ''}`);
  writer.line(0, 'Source:');
  for (const line of sourceLines(spec)) writer.line(2, line);
  writeEvents(writer, events, nowMs);
};

/** A storage class. */
export const describeStorageClass: Description<StorageClass> = (writer, object, { events, nowMs }) => {
  const { metadata, parameters, provisioner, allowVolumeExpansion, mountOptions, reclaimPolicy, volumeBindingMode } = object;
  const pairsOf = (pairs: Readonly<Record<string, string>> | undefined): string =>
    Object.keys(pairs ?? {})
      .sort()
      .map((key) => `${key}=${pairs![key]!}`)
      .join(',') || '<none>';
  writer.line(0, `Name:\t${metadata.name}`);
  writer.line(0, `IsDefaultClass:\t${isDefaultClass(object) ? 'Yes' : 'No'}`);
  writer.line(0, `Annotations:\t${pairsOf(metadata.annotations)}`);
  writer.line(0, `Provisioner:\t${provisioner}`);
  writer.line(0, `Parameters:\t${pairsOf(parameters as Record<string, string> | undefined)}`);
  writer.line(0, `AllowVolumeExpansion:\t${allowVolumeExpansion === undefined ? '<unset>' : allowVolumeExpansion ? 'True' : 'False'}`);
  if (!mountOptions?.length) writer.line(0, 'MountOptions:\t<none>');
  else {
    writer.line(0, 'MountOptions:');
    for (const option of mountOptions) writer.line(1, option);
  }
  writer.line(0, `ReclaimPolicy:\t${reclaimPolicy ?? ''}`);
  writer.line(0, `VolumeBindingMode:\t${volumeBindingMode ?? ''}`);
  writeEvents(writer, events, nowMs);
};
