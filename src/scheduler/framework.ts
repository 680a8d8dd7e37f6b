/**
 * The scheduling framework (KEP-624): the extension points plugins implement and the words they answer with. Names are those
 * of kube-scheduler, in lower case where TypeScript's methods are.
 */
import type { Lister, RestClient } from '#client';
import type { Node, Pod, ReplicaSet, Service } from '#api';
import type { NodeInfo } from './node-info.ts';
import type { Storage } from './storage.ts';

/** What a plugin may answer. UnschedulableAndUnresolvable: preempting pods on that node would not help. */
export type StatusCode = 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Wait' | 'Skip' | 'Error';

/** An answer that is not Success; Success is undefined. `plugin` is filled in by the framework. */
export interface PluginStatus {
  readonly code: StatusCode;
  readonly reasons: readonly string[];
  readonly plugin?: string;
}

/** What plugins remember of one pod's cycle, by plugin name. */
export type CycleState = Map<string, unknown>;

/** What preFilter may answer: Success, a restriction to some nodes, or a failure. */
export interface PreFilterResult {
  readonly status?: PluginStatus;
  readonly nodeNames?: ReadonlySet<string>;
}

/** What happened in the cluster, as the queue sees it. */
export interface ClusterEvent {
  readonly resource: 'Node' | 'Pod' | 'AssignedPod' | 'Service' | 'PersistentVolumeClaim' | 'PersistentVolume' | 'StorageClass';
  readonly action: 'Add' | 'Update' | 'Delete';
  readonly old?: Node | Pod | Service;
  readonly object?: Node | Pod | Service;
}

/** An event that may make a pod schedulable which this plugin rejected; `hint` says whether it does (QueueingHint). */
export interface EventInterest {
  readonly resource: ClusterEvent['resource'];
  readonly actions: readonly ClusterEvent['action'][];
  readonly hint?: (pod: Pod, event: ClusterEvent) => boolean;
}

/** Outcome of postFilter: a node freed for the pod, or why none could be. */
export interface PostFilterResult {
  readonly nominatedNodeName?: string;
  readonly message: string;
}

/** A scheduler plugin: any of the extension points. Filters and scores are pure functions of their arguments. */
export interface Plugin {
  readonly name: string;
  readonly interests?: readonly EventInterest[];
  preEnqueue?(pod: Pod): PluginStatus | undefined;
  /** Only one plugin of a profile sorts the queue. Negative: `a` first. */
  compare?(a: QueuedPod, b: QueuedPod): number;
  preFilter?(state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): PreFilterResult | undefined;
  filter?(state: CycleState, pod: Pod, node: NodeInfo): PluginStatus | undefined;
  postFilter?(state: CycleState, pod: Pod, rejected: ReadonlyMap<string, PluginStatus>): Promise<PostFilterResult>;
  /** Skip leaves the plugin out of this cycle's scores. */
  preScore?(state: CycleState, pod: Pod, nodes: readonly NodeInfo[]): PluginStatus | undefined;
  score?(state: CycleState, pod: Pod, node: NodeInfo): number;
  /** Brings raw scores to 0…100, in place. */
  normalizeScore?(state: CycleState, pod: Pod, scores: Map<string, number>): void;
  reserve?(state: CycleState, pod: Pod, nodeName: string): PluginStatus | undefined;
  unreserve?(state: CycleState, pod: Pod, nodeName: string): void;
  permit?(state: CycleState, pod: Pod, nodeName: string): PluginStatus | undefined;
  preBind?(state: CycleState, pod: Pod, nodeName: string): Promise<PluginStatus | undefined>;
  bind?(state: CycleState, pod: Pod, nodeName: string): Promise<PluginStatus | undefined>;
  postBind?(state: CycleState, pod: Pod, nodeName: string): void;
}

/** A pod in the scheduling queue. */
export interface QueuedPod {
  readonly pod: Pod;
  /** When it was first queued and when it was queued last, monotonic milliseconds. */
  readonly initialMs: number;
  readonly queuedMs: number;
  readonly attempts: number;
  /** Plugins that rejected it last; empty after an error. */
  readonly unschedulablePlugins: ReadonlySet<string>;
}

/** What plugins may reach of the scheduler. */
export interface Handle {
  readonly client: RestClient;
  readonly nodes: () => readonly NodeInfo[];
  readonly services: Lister<Service>;
  readonly replicasets: Lister<ReplicaSet>;
  readonly storage: Storage;
  /** Runs preFilter and filter of the profile for one node of a changed world. */
  readonly fits: (pod: Pod, node: NodeInfo, nodes: readonly NodeInfo[]) => boolean;
  /** Tells of a preempted pod. */
  readonly preempted: (victim: Pod, by: Pod, nodeName: string) => void;
}

/** A line of the plugin registry. */
export interface PluginRegistration {
  readonly name: string;
  /** Weight of its score; default 1. */
  readonly weight?: number;
  readonly build: (handle: Handle) => Plugin;
}

/** The highest score of a node. */
export const MAX_NODE_SCORE = 100;

/** Answers the rejection with one reason. */
export function unschedulable(...reasons: string[]): PluginStatus {
  return { code: 'Unschedulable', reasons };
}
/** Answers the rejection that no preemption can lift. */
export function unresolvable(...reasons: string[]): PluginStatus {
  return { code: 'UnschedulableAndUnresolvable', reasons };
}

/** Scales scores so that the highest is 100; `reverse` turns good into bad (helper.DefaultNormalizeScore). */
export function defaultNormalizeScore(scores: Map<string, number>, reverse: boolean): void {
  const highest = Math.max(0, ...scores.values());
  for (const [node, score] of scores) {
    const scaled = highest === 0 ? 0 : Math.floor((MAX_NODE_SCORE * score) / highest);
    scores.set(node, highest === 0 ? (reverse ? MAX_NODE_SCORE : score) : reverse ? MAX_NODE_SCORE - scaled : scaled);
  }
}
