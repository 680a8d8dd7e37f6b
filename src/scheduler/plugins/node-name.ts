/** NodeName: a pod that names its node fits no other. */
import { unresolvable, type Plugin } from '../framework.ts';

/** The plugin. */
export function nodeName(): Plugin {
  return {
    name: 'NodeName',
    interests: [
      {
        resource: 'Node',
        actions: ['Add'],
        hint: (pod, event) => !pod.spec?.nodeName || event.object?.metadata.name === pod.spec.nodeName,
      },
    ],
    filter: (_state, pod, { name }) =>
      pod.spec?.nodeName && pod.spec.nodeName !== name ? unresolvable("node(s) didn't match the requested node name") : undefined,
  };
}
