/** SchedulingGates: a pod with spec.schedulingGates does not enter the active queue until the last of them is removed. */
import type { Pod } from '#api';
import { unresolvable, type Plugin } from '../framework.ts';

/** The plugin. */
export function schedulingGates(): Plugin {
  return {
    name: 'SchedulingGates',
    interests: [
      { resource: 'Pod', actions: ['Update'], hint: (_pod, event) => !(event.object as Pod | undefined)?.spec?.schedulingGates?.length },
    ],
    preEnqueue(pod) {
      const gates = pod.spec?.schedulingGates ?? [];
      return gates.length ? unresolvable(`waiting for scheduling gates: [${gates.map((gate) => gate.name).join(' ')}]`) : undefined;
    },
  };
}
