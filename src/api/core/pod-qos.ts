// The quality-of-service class of a pod (apis/core/v1/helper/qos).
import { compareQuantity, maybeParseQuantity } from '#apimachinery';
import type { Pod, PodSpec } from '../types.ts';

const counted = ['cpu', 'memory'] as const;

/** Guaranteed, Burstable or BestEffort, by cpu and memory of all containers. */
export function podQosClass(spec: PodSpec | undefined): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let hasAny = false;
  let isGuaranteed = true;
  for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    for (const name of counted) {
      const request = maybeParseQuantity(container.resources?.requests?.[name]);
      const limit = maybeParseQuantity(container.resources?.limits?.[name]);
      if ((request && request.nanos > 0n) || (limit && limit.nanos > 0n)) hasAny = true;
      if (!limit || limit.nanos === 0n || (request && compareQuantity(request, limit) !== 0)) isGuaranteed = false;
    }
  }
  if (!hasAny) return 'BestEffort';
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** Whether a pod has ended for good. */
export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
