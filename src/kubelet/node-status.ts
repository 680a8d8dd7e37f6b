/** The Node object of this machine: registration, capacity, addresses, conditions with their reasons, images. Pure but for what it is given. */
import type { Node, NodeCondition, NodeStatus } from '#api';
import { formatTime } from '#apimachinery';
import type { cri } from '#contracts';
import type { MachineFacts } from '#host';
import type { KubeletSettings } from './configuration.ts';

/** Version the kubelet reports. */
export const KUBELET_VERSION = 'v1.33.13';

/** What the kubelet found out for one report. */
export interface NodeObservation {
  readonly nowMs: number;
  /** Undefined: the runtime does not answer. */
  readonly runtime: cri.StatusResponse | undefined;
  readonly runtimeVersion: string;
  readonly images: readonly cri.Image[];
  /** Conditions of pressure in force. */
  readonly pressures: readonly string[];
}

const IMAGES_REPORTED_MAX = 50;
const kibibytes = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;

/** What of the network keeps the node from being ready, in the kubelet's words; undefined: nothing. */
export function networkProblemOf(runtime: cri.StatusResponse | undefined): string | undefined {
  const network = runtime?.conditions.find((condition) => condition.type === 'NetworkReady');
  if (!network || network.status) return undefined;
  return `container runtime network not ready: NetworkReady=false reason:${network.reason} message:${network.message}`;
}

/** The four conditions; times of transition are kept where the status did not change. */
export function nodeConditionsOf(observation: NodeObservation, previous: readonly NodeCondition[] | undefined): NodeCondition[] {
  const nowText = formatTime(observation.nowMs);
  const problems: string[] = [];
  if (!observation.runtime) problems.push('container runtime is down');
  const network = networkProblemOf(observation.runtime);
  if (network) problems.push(network);
  const ready = problems.length
    ? { status: 'False', reason: 'KubeletNotReady', message: problems.length > 1 ? `[${problems.join(', ')}]` : problems[0]! }
    : { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  const drafts = [
    observation.pressures.includes('MemoryPressure')
      ? {
          type: 'MemoryPressure',
          status: 'True',
          reason: 'KubeletHasInsufficientMemory',
          message: 'kubelet has insufficient memory available',
        }
      : {
          type: 'MemoryPressure',
          status: 'False',
          reason: 'KubeletHasSufficientMemory',
          message: 'kubelet has sufficient memory available',
        },
    observation.pressures.includes('DiskPressure')
      ? { type: 'DiskPressure', status: 'True', reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' }
      : { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
    { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
    { type: 'Ready', ...ready },
  ];
  const own = drafts.map((draft): NodeCondition => {
    const before = previous?.find((condition) => condition.type === draft.type);
    return {
      type: draft.type,
      status: draft.status,
      lastHeartbeatTime: nowText,
      lastTransitionTime: before?.status === draft.status && before.lastTransitionTime ? before.lastTransitionTime : nowText,
      reason: draft.reason,
      message: draft.message,
    };
  });
  return [...(previous ?? []).filter((condition) => !drafts.some((draft) => draft.type === condition.type)), ...own];
}

/** The status as this machine would report it now. */
export function nodeStatusOf(
  facts: MachineFacts,
  settings: KubeletSettings,
  observation: NodeObservation,
  previous: NodeStatus | undefined,
): NodeStatus {
  const resources = {
    cpu: String(facts.cpus),
    'ephemeral-storage': kibibytes(facts.storageBytes),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: kibibytes(facts.memoryBytes),
    pods: String(settings.maxPods),
  };
  // The hard eviction threshold of memory.available (100Mi) and 10% of the disk are never handed out.
  const allocatable = {
    ...resources,
    'ephemeral-storage': String(Math.floor(facts.storageBytes * 0.9)),
    memory: kibibytes(facts.memoryBytes - 100 * 1024 * 1024),
  };
  const images = [...observation.images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, IMAGES_REPORTED_MAX)
    .map((image) => ({ names: [...image.repoDigests, ...image.repoTags], sizeBytes: image.sizeBytes }));
  return {
    ...(previous?.volumesAttached ? { volumesAttached: previous.volumesAttached } : {}),
    addresses: [
      { address: settings.nodeIp, type: 'InternalIP' },
      { address: facts.hostname, type: 'Hostname' },
    ],
    allocatable,
    capacity: resources,
    conditions: nodeConditionsOf(observation, previous?.conditions),
    daemonEndpoints: { kubeletEndpoint: { Port: settings.port } },
    images,
    nodeInfo: {
      architecture: 'amd64',
      bootID: facts.bootId,
      containerRuntimeVersion: `containerd://${observation.runtimeVersion}`,
      kernelVersion: '6.8.0-60-generic',
      kubeProxyVersion: '',
      kubeletVersion: KUBELET_VERSION,
      machineID: facts.machineId.replaceAll('-', ''),
      operatingSystem: 'linux',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      systemUUID: facts.machineId,
    },
  };
}

/** The Node object a kubelet registers itself with. */
export function initialNode(facts: MachineFacts, settings: KubeletSettings, status: NodeStatus): Node {
  const taints = settings.taints.map((taint) => ({ key: taint.key, ...(taint.value ? { value: taint.value } : {}), effect: taint.effect }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: settings.nodeName,
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': facts.hostname,
        'kubernetes.io/os': 'linux',
        ...settings.nodeLabels,
      },
    },
    spec: {
      ...(settings.providerId ? { providerID: settings.providerId } : {}),
      ...(taints.length ? { taints: taints as NonNullable<Node['spec']>['taints'] } : {}),
    },
    status,
  };
}

/** Whether two statuses differ in more than the heartbeat. */
export function differsBeyondHeartbeat(a: NodeStatus | undefined, b: NodeStatus): boolean {
  const still = (status: NodeStatus | undefined): string =>
    JSON.stringify({
      ...status,
      conditions: status?.conditions
        ?.map(({ type, status: value, reason, message }) => ({ type, status: value, reason, message }))
        .sort((x, y) => (x.type < y.type ? -1 : 1)),
      nodeInfo: Object.entries(status?.nodeInfo ?? {})
        .filter(([, value]) => value !== '')
        .sort(),
      capacity: Object.entries(status?.capacity ?? {}).sort(),
      allocatable: Object.entries(status?.allocatable ?? {}).sort(),
      addresses: status?.addresses?.map(({ type, address }) => `${type} ${address}`),
      images: status?.images?.map((image) => (image.names ?? []).join()),
      daemonEndpoints: undefined,
    });
  return still(a) !== still(b);
}
