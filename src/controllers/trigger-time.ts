/** When the change happened that made a Service's endpoints be written anew: what the annotation endpoints.kubernetes.io/last-change-trigger-time says (endpointslice's TriggerTimeTracker). */
import type { Pod, Service } from '#api';
import { parseTime } from '#apimachinery';

/** The annotation. */
export const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Known {
  readonly serviceTime: string;
  readonly podTimes: ReadonlyMap<string, string>;
}

/** Trigger times of Services by `namespace/name`. */
export interface TriggerTimes {
  /** The earliest change since the last call; undefined: none that counts. */
  next(key: string, service: Service, pods: readonly Pod[]): string | undefined;
  forget(key: string): void;
}

const readySince = (pod: Pod): string =>
  (pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime as string | undefined) ?? '';

/** Makes the tracker. */
export function createTriggerTimes(): TriggerTimes {
  const known = new Map<string, Known>();
  return {
    next(key, service, pods) {
      const before = known.get(key);
      const serviceTime = service.metadata.creationTimestamp ?? '';
      const podTimes = new Map(pods.map((pod) => [pod.metadata.name, readySince(pod)]));
      known.set(key, { serviceTime, podTimes });
      const changed = [...podTimes].filter(([name, time]) => time && time > (before?.podTimes.get(name) ?? '')).map(([, time]) => time);
      if (serviceTime > (before?.serviceTime ?? '')) changed.push(serviceTime);
      return changed.length ? changed.reduce((earliest, time) => (parseTime(time) < parseTime(earliest) ? time : earliest)) : undefined;
    },
    forget: (key) => void known.delete(key),
  };
}

/** Annotations with the time set, or cleared where there is no new one. */
export function withTriggerTime(
  annotations: Readonly<Record<string, string>> | undefined,
  time: string | undefined,
): Record<string, string> | undefined {
  const { [LAST_CHANGE_TRIGGER_TIME]: _old, ...rest } = annotations ?? {};
  const next = time === undefined ? rest : { ...rest, [LAST_CHANGE_TRIGGER_TIME]: time };
  return Object.keys(next).length ? next : undefined;
}
