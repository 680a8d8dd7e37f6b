/** ImageLocality: prefers nodes that already hold the pod's images, weighed by size and by how many nodes hold them. */
import { MAX_NODE_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

const MIN_BYTES = 23 * 1024 * 1024;
const MAX_CONTAINER_BYTES = 1000 * 1024 * 1024;
const NAME = 'ImageLocality';

/** `nginx` is `docker.io/library/nginx:latest` as nodes report it; both forms are asked for. */
function namesOf(image: string): string[] {
  const last = image.slice(image.lastIndexOf('/') + 1);
  const tagged = last.includes(':') || image.includes('@') ? image : `${image}:latest`;
  const first = tagged.split('/')[0]!;
  const isQualified = tagged.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  if (isQualified) return [tagged];
  return [tagged, `docker.io/${tagged.includes('/') ? tagged : `library/${tagged}`}`];
}

function sizeOn(node: NodeInfo, image: string): number {
  const names = namesOf(image);
  return node.node.status?.images?.find((held) => held.names?.some((name) => names.includes(name)))?.sizeBytes ?? 0;
}

/** The plugin. */
export function imageLocality(): Plugin {
  return {
    name: NAME,
    preScore(state, _pod, nodes) {
      state.set(NAME, nodes);
      return undefined;
    },
    score(state, pod, node) {
      const nodes = state.get(NAME) as readonly NodeInfo[];
      const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
      let sum = 0;
      for (const { image } of containers) {
        const size = image ? sizeOn(node, image) : 0;
        if (size > 0) sum += Math.floor((size * nodes.filter((other) => sizeOn(other, image!) > 0).length) / nodes.length);
      }
      const max = MAX_CONTAINER_BYTES * containers.length;
      const clamped = Math.min(Math.max(sum, MIN_BYTES), max);
      return max > MIN_BYTES ? Math.floor((MAX_NODE_SCORE * (clamped - MIN_BYTES)) / (max - MIN_BYTES)) : 0;
    },
  };
}
