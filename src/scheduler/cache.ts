/**
 * The scheduler's picture of the cluster: nodes with their pods, and the pods it has just placed itself (assumed), so that the
 * next decision counts them before the API server's watch tells of them.
 */
import type { Node, Pod } from '#api';
import { objectKey } from '#apimachinery';
import { nodeInfoOf, podSums, type NodeInfo, type PodSums } from './node-info.ts';

/** Whether a pod's containers have all ended for good. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The cache; written by informer handlers and by the scheduling cycle. */
export interface SchedulerCache {
  setNode(node: Node): void;
  removeNode(name: string): void;
  /** A pod that has a node, as the API server tells it; ends an assumption about it. */
  setPod(pod: Pod): void;
  removePod(pod: Pod): void;
  /** Counts the pod to the node before it is bound. Throws an Error where it is in the cache already. */
  assume(pod: Pod, nodeName: string): void;
  /** Takes an assumption back after a failed binding. */
  forget(pod: Pod): void;
  isAssumed(pod: Pod): boolean;
  /** All nodes that exist, sorted by name. */
  nodes(): readonly NodeInfo[];
}

/** An empty cache. */
export function schedulerCache(): SchedulerCache {
  const nodes = new Map<string, Node>();
  const podsByNode = new Map<string, Map<string, Pod>>();
  const nodeOfPod = new Map<string, string>();
  const assumed = new Set<string>();
  /** Parsed requests; a pod's object is read-only, so they hold as long as it does. */
  const sums = new WeakMap<Pod, PodSums>();
  const sumsOf = (pod: Pod): PodSums => {
    const known = sums.get(pod) ?? podSums(pod);
    sums.set(pod, known);
    return known;
  };
  /** Made when asked for, dropped when the node or its pods change. */
  const infos = new Map<string, NodeInfo>();
  let sorted: readonly NodeInfo[] | undefined;

  const touch = (name: string): void => {
    infos.delete(name);
    sorted = undefined;
  };
  const remove = (key: string): void => {
    const nodeName = nodeOfPod.get(key);
    if (nodeName === undefined) return;
    nodeOfPod.delete(key);
    podsByNode.get(nodeName)?.delete(key);
    touch(nodeName);
  };
  const put = (pod: Pod, nodeName: string): void => {
    const key = objectKey(pod);
    remove(key);
    nodeOfPod.set(key, nodeName);
    const pods = podsByNode.get(nodeName) ?? new Map<string, Pod>();
    podsByNode.set(nodeName, pods);
    pods.set(key, pod);
    touch(nodeName);
  };
  return {
    setNode(node) {
      nodes.set(node.metadata.name, node);
      touch(node.metadata.name);
    },
    removeNode(name) {
      nodes.delete(name);
      touch(name);
    },
    setPod(pod) {
      assumed.delete(objectKey(pod));
      if (isTerminal(pod)) remove(objectKey(pod));
      else put(pod, pod.spec?.nodeName ?? '');
    },
    removePod(pod) {
      assumed.delete(objectKey(pod));
      remove(objectKey(pod));
    },
    assume(pod, nodeName) {
      const key = objectKey(pod);
      if (nodeOfPod.has(key)) throw new Error(`pod ${pod.metadata.uid ?? ''}(${key}) is in the cache, so can't be assumed`);
      assumed.add(key);
      put(pod, nodeName);
    },
    forget(pod) {
      if (assumed.delete(objectKey(pod))) remove(objectKey(pod));
    },
    isAssumed: (pod) => assumed.has(objectKey(pod)),
    nodes() {
      sorted ??= [...nodes.keys()].sort().map((name) => {
        const info = infos.get(name) ?? nodeInfoOf(nodes.get(name)!, [...(podsByNode.get(name)?.values() ?? [])], sumsOf);
        infos.set(name, info);
        return info;
      });
      return sorted;
    },
  };
}
