/** The little that the map and the inspector read of API objects. Everything else stays in the object, untouched. */

/** What every object has. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
}

/** A condition of a pod or a node. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly signal?: number };
}

/** Status of a container of a pod. */
export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

/** A pod as far as it is shown. */
export interface PodObject extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly image?: string }[];
    readonly initContainers?: readonly { readonly name: string; readonly image?: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly podIP?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

/** A node as far as it is shown. */
export interface NodeObject extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly { readonly key: string; readonly effect: string }[] };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly nodeInfo?: { readonly kubeletVersion?: string } };
}

/** An event of an object. */
export interface EventObject extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
}

/** `namespace/name`, or the name alone for cluster-wide objects. */
export function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

/** Those of `known` keys that no object has any more. */
export function goneKeys(known: Iterable<string>, objects: readonly KubeObject[]): string[] {
  const present = new Set(objects.map(keyOf));
  return [...known].filter((key) => !present.has(key));
}

/** The STATUS of a pod in kubectl's words: the reason of what keeps it back, else its phase. */
export function podStatusWord(pod: PodObject): string {
  if (pod.metadata.deletionTimestamp) return pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  const init = (pod.status?.initContainerStatuses ?? []).find(
    ({ state }) => state?.waiting?.reason && state.waiting.reason !== 'PodInitializing',
  );
  if (init) return `Init:${init.state?.waiting?.reason}`;
  const reasons = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => {
    if (state?.waiting?.reason) return [state.waiting.reason];
    const ended = state?.terminated;
    return ended ? [ended.reason ?? (ended.signal ? `Signal:${ended.signal}` : `ExitCode:${ended.exitCode}`)] : [];
  });
  const running = (pod.status?.containerStatuses ?? []).some(({ state, ready }) => state?.running && ready);
  const reason = reasons[0];
  if (reason === 'Completed' && running) return 'Running';
  return reason ?? pod.status?.reason ?? pod.status?.phase ?? 'Unknown';
}

/** Whether a condition holds. */
export function conditionHolds(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** How a pod does, at a glance: `bad` needs somebody, `done` has ended as it should. */
export type PodTone = 'ready' | 'waiting' | 'bad' | 'done';

/** How a pod does. */
export function podTone(pod: PodObject): PodTone {
  const status = podStatusWord(pod);
  if (/BackOff|Err|Failed|Unknown|OOMKilled|Evicted/.test(status)) return 'bad';
  if (status === 'Completed' || status === 'Succeeded') return 'done';
  return conditionHolds(pod.status?.conditions, 'Ready') ? 'ready' : 'waiting';
}

/** Ready containers of all, `1/2`. */
export function readyText(pod: PodObject): string {
  const ready = (pod.status?.containerStatuses ?? []).filter((status) => status.ready).length;
  return `${ready}/${pod.spec.containers.length}`;
}

/** A mirror of a static pod: its component is on the map already. */
export function isMirrorPod({ metadata }: PodObject): boolean {
  return metadata.annotations !== undefined && 'kubernetes.io/config.mirror' in metadata.annotations;
}

/** A short name for a small tile: what made the pod, where its name is generated. */
export function tileName({ metadata }: PodObject): string {
  const owner = metadata.ownerReferences?.[0];
  if (!owner || owner.kind === 'Node') return metadata.name;
  return owner.kind === 'ReplicaSet' ? owner.name.replace(/-[a-z0-9]{6,10}$/, '') : owner.name;
}
