/** How the node controllers' events point at a node: by name and uid, without version. */
import type { Node, ObjectReference } from '#api';

/** The reference. */
export function nodeReference(node: Node): ObjectReference {
  return { apiVersion: 'v1', kind: 'Node', name: node.metadata.name, uid: node.metadata.uid ?? node.metadata.name, namespace: '' };
}
