// The differences refused updates of pods and claims are answered with: their specs as Kubernetes' internal types have them.
import { goDifference } from '../go/difference.ts';
import type { PodSpec } from '../types.ts';

/** What shares namespaces with the host or between containers is part of the security context inside Kubernetes. */
function internalSpec(spec: PodSpec): object {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, securityContext, ...rest } = spec;
  return { ...rest, securityContext: { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, ...securityContext } };
}

/** What changed in a pod's spec. */
export function podSpecDifference(before: PodSpec, now: PodSpec): string {
  return goDifference('PodSpec', internalSpec(before), internalSpec(now));
}

/** What changed in a claim's spec. */
export function claimSpecDifference(before: object, now: object): string {
  return goDifference('PersistentVolumeClaimSpec', before, now);
}
