/** VolumeBinding: pods with claims go where their volumes are; claims that wait for their first consumer are bound for the chosen node. */
import type { PersistentVolumeClaim, Pod } from '#api';
import { matchesNodeSelectorTerm, resources } from '#client';
import { unresolvable, type EventInterest, type Handle, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
/** How long binding may take (VolumeBindingArgs.bindTimeoutSeconds). */
const BIND_TIMEOUT_MS = 600_000;
const CONFLICT = "node(s) didn't match PersistentVolume's node affinity";

const interests: readonly EventInterest[] = [
  { resource: 'PersistentVolumeClaim', actions: ['Add', 'Update'] },
  { resource: 'PersistentVolume', actions: ['Add', 'Update'] },
  { resource: 'StorageClass', actions: ['Add', 'Update'] },
  { resource: 'Node', actions: ['Add', 'Update'] },
];

const claimNames = (pod: Pod): string[] =>
  (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : []));
const isBound = ({ spec, metadata, status }: PersistentVolumeClaim): boolean =>
  Boolean(spec?.volumeName) && metadata.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined && status?.phase === 'Bound';

/** The plugin. */
export function volumeBinding({ client, storage: { claims, volumes, classes, untilClaims } }: Handle): Plugin {
  const claimsOf = (pod: Pod): PersistentVolumeClaim[] =>
    claimNames(pod).flatMap((name) => claims.get(`${pod.metadata.namespace ?? ''}/${name}`) ?? []);
  const isDelayed = ({ spec }: PersistentVolumeClaim): boolean =>
    classes.get(spec?.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer';
  const fits = (claim: PersistentVolumeClaim, { node }: NodeInfo): boolean => {
    const terms = volumes.get(claim.spec?.volumeName ?? '')?.spec?.nodeAffinity?.required?.nodeSelectorTerms;
    return !terms || terms.some((term) => matchesNodeSelectorTerm(term, node));
  };
  return {
    name: 'VolumeBinding',
    interests,
    preFilter(_state, pod) {
      const names = claimNames(pod);
      if (names.length === 0) return undefined;
      for (const name of names) {
        const claim = claims.get(`${pod.metadata.namespace ?? ''}/${name}`);
        if (!claim) return { status: unresolvable(`persistentvolumeclaim "${name}" not found`) };
        if (claim.metadata.deletionTimestamp) return { status: unresolvable(`persistentvolumeclaim "${name}" is being deleted`) };
        if (claim.status?.phase === 'Lost')
          return {
            status: unresolvable(
              `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`,
            ),
          };
      }
      const isUnbound = claimsOf(pod).some((claim) => !isBound(claim) && !isDelayed(claim));
      return isUnbound ? { status: unresolvable('pod has unbound immediate PersistentVolumeClaims') } : undefined;
    },
    filter: (_state, pod, node) =>
      claimsOf(pod).every((claim) => !isBound(claim) || fits(claim, node)) ? undefined : unresolvable(CONFLICT),
    async preBind(_state, pod, nodeName) {
      const open = claimsOf(pod).filter((claim) => !isBound(claim));
      if (open.length === 0) return undefined;
      try {
        for (const { metadata } of open) {
          if (metadata.annotations?.[SELECTED_NODE] === nodeName) continue;
          const patch = { metadata: { annotations: { [SELECTED_NODE]: nodeName } } };
          await client.patch(resources.persistentvolumeclaims, metadata.name, metadata.namespace, 'merge', patch);
        }
      } catch (error) {
        return { code: 'Error', reasons: [error instanceof Error ? error.message : String(error)] };
      }
      const isDone = await untilClaims(() => claimsOf(pod).every(isBound), BIND_TIMEOUT_MS);
      return isDone ? undefined : { code: 'Error', reasons: ['binding volumes: context deadline exceeded'] };
    },
  };
}
