/** The scheduler's plugins in the order of the default profile, with the weights of their scores. */
import type { PluginRegistration } from '../framework.ts';
import { defaultBinder } from './default-binder.ts';
import { defaultPreemption } from './default-preemption.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding } from './volume-binding.ts';

/** Every plugin of the default profile. */
export const plugins: readonly PluginRegistration[] = Object.freeze([
  { name: 'SchedulingGates', build: schedulingGates },
  { name: 'PrioritySort', build: prioritySort },
  { name: 'NodeUnschedulable', build: nodeUnschedulable },
  { name: 'NodeName', build: nodeName },
  { name: 'TaintToleration', weight: 3, build: taintToleration },
  { name: 'NodeAffinity', weight: 2, build: nodeAffinity },
  { name: 'NodePorts', build: nodePorts },
  { name: 'NodeResourcesFit', weight: 1, build: nodeResourcesFit },
  { name: 'VolumeBinding', build: volumeBinding },
  { name: 'PodTopologySpread', weight: 2, build: podTopologySpread },
  { name: 'InterPodAffinity', weight: 2, build: interPodAffinity },
  { name: 'DefaultPreemption', build: defaultPreemption },
  { name: 'NodeResourcesBalancedAllocation', weight: 1, build: nodeResourcesBalancedAllocation },
  { name: 'ImageLocality', weight: 1, build: imageLocality },
  { name: 'DefaultBinder', build: defaultBinder },
]);
