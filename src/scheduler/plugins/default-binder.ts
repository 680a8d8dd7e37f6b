/** DefaultBinder: tells the API server which node a pod goes to (pods/binding). */
import type { Binding } from '#api';
import { resources, type Resource } from '#client';
import type { Handle, Plugin } from '../framework.ts';

/** The plugin. */
export function defaultBinder({ client }: Handle): Plugin {
  return {
    name: 'DefaultBinder',
    async bind(_state, pod, nodeName) {
      const { name, namespace, uid } = pod.metadata;
      const binding: Binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
        target: { kind: 'Node', name: nodeName },
      };
      try {
        await client.create(resources.pods as unknown as Resource<Binding>, binding, { subresource: 'binding' });
        return undefined;
      } catch (error) {
        return { code: 'Error', reasons: [error instanceof Error ? error.message : String(error)] };
      }
    },
  };
}
