/** The kubelet's side of the CRI: typed calls, and what runs of each pod in one view. */
import type { cri } from '#contracts';
import { createRpcClient, RpcError, type Process, type RpcClient, type RpcStream } from '#host';

/** Labels and annotations by which the kubelet knows its containers again. */
export const LABEL_POD_NAME = 'io.kubernetes.pod.name';
export const LABEL_POD_NAMESPACE = 'io.kubernetes.pod.namespace';
export const LABEL_POD_UID = 'io.kubernetes.pod.uid';
export const LABEL_CONTAINER_NAME = 'io.kubernetes.container.name';
export const ANNOTATION_HASH = 'io.kubernetes.container.hash';
export const ANNOTATION_TERMINATION_PATH = 'io.kubernetes.container.terminationMessagePath';
export const ANNOTATION_TERMINATION_POLICY = 'io.kubernetes.container.terminationMessagePolicy';
export const ANNOTATION_GRACE_PERIOD = 'io.kubernetes.pod.terminationGracePeriod';

/** What the runtime has of one pod, newest first. */
export interface RuntimePod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly sandboxes: readonly cri.PodSandboxStatus[];
  readonly containers: readonly cri.ContainerStatus[];
}

/** Typed CRI calls. Reject with RpcError. */
export interface CriClient {
  readonly rpc: RpcClient;
  version(): Promise<cri.VersionResponse>;
  status(): Promise<cri.StatusResponse>;
  runPodSandbox(config: cri.PodSandboxConfig): Promise<string>;
  stopPodSandbox(podSandboxId: string): Promise<void>;
  removePodSandbox(podSandboxId: string): Promise<void>;
  createContainer(podSandboxId: string, config: cri.ContainerConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  stopContainer(containerId: string, timeoutSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  execSync(containerId: string, command: readonly string[], timeoutSeconds: number): Promise<cri.ExecSyncResponse>;
  exec(request: cri.ExecRequest): Promise<RpcStream<cri.ExecMessage, cri.ExecMessage>>;
  imageStatus(image: string): Promise<cri.Image | undefined>;
  pullImage(image: string): Promise<string>;
  listImages(): Promise<readonly cri.Image[]>;
  listStats(): Promise<readonly cri.ContainerStats[]>;
  events(): Promise<RpcStream<cri.ContainerEvent, never>>;
  /** What the runtime has of one pod. */
  pod(uid: string): Promise<RuntimePod | undefined>;
  /** What the runtime has of all pods. */
  pods(): Promise<RuntimePod[]>;
  /** UIDs of the pods the runtime has anything of; one cheap call. */
  podUids(): Promise<ReadonlySet<string>>;
}

/** An error of the runtime as gRPC prints it; the code Unknown is left out where the kubelet strips it. */
export function rpcText(error: unknown, stripUnknown = false): string {
  if (!(error instanceof RpcError)) return error instanceof Error ? error.message : String(error);
  return stripUnknown && error.code === 'Unknown' ? error.message : `rpc error: code = ${error.code} desc = ${error.message}`;
}

const RUNTIME_TIMEOUT_MS = 120_000;
/** A pull ends by its own progress in reality; here by a deadline far above any image of the catalogue. */
const PULL_TIMEOUT_MS = 600_000;

/** A client of the runtime on this machine. */
export function criClient(process: Process, port: number): CriClient {
  const rpc = createRpcClient(process.network, process.clock, '127.0.0.1', port);
  const call = <T>(method: string, request: unknown, timeoutMs = RUNTIME_TIMEOUT_MS): Promise<T> =>
    rpc.call<T>(`Runtime/${method}`, request, { timeoutMs });
  const gather = async (labels: Record<string, string>): Promise<RuntimePod[]> => {
    const { sandboxes, containers: statuses } = await call<cri.PodStatuses>('ListPodStatuses', { labels });
    const pods = new Map<
      string,
      { uid: string; name: string; namespace: string; sandboxes: cri.PodSandboxStatus[]; containers: cri.ContainerStatus[] }
    >();
    const podOf = (uid: string, name: string, namespace: string) => {
      let pod = pods.get(uid);
      if (!pod) pods.set(uid, (pod = { uid, name, namespace, sandboxes: [], containers: [] }));
      return pod;
    };
    for (const sandbox of sandboxes) podOf(sandbox.metadata.uid, sandbox.metadata.name, sandbox.metadata.namespace).sandboxes.push(sandbox);
    for (const status of statuses) {
      const uid = status.labels[LABEL_POD_UID];
      if (uid) podOf(uid, status.labels[LABEL_POD_NAME] ?? '', status.labels[LABEL_POD_NAMESPACE] ?? '').containers.push(status);
    }
    for (const pod of pods.values()) {
      pod.sandboxes.sort((a, b) => b.createdAt - a.createdAt || b.metadata.attempt - a.metadata.attempt);
      pod.containers.sort((a, b) => b.createdAt - a.createdAt || b.metadata.attempt - a.metadata.attempt);
    }
    return [...pods.values()];
  };
  return {
    rpc,
    version: () => call('Version', {}),
    status: () => call('Status', {}),
    runPodSandbox: async (config) => (await call<cri.PodSandboxReference>('RunPodSandbox', { config })).podSandboxId,
    stopPodSandbox: (podSandboxId) => call('StopPodSandbox', { podSandboxId }),
    removePodSandbox: (podSandboxId) => call('RemovePodSandbox', { podSandboxId }),
    createContainer: async (podSandboxId, config) =>
      (await call<cri.ContainerReference>('CreateContainer', { podSandboxId, config })).containerId,
    startContainer: (containerId) => call('StartContainer', { containerId }),
    stopContainer: (containerId, timeoutSeconds) =>
      call('StopContainer', { containerId, timeoutSeconds }, RUNTIME_TIMEOUT_MS + timeoutSeconds * 1000),
    removeContainer: (containerId) => call('RemoveContainer', { containerId }),
    execSync: (containerId, command, timeoutSeconds) =>
      call('ExecSync', { containerId, command, timeoutSeconds }, RUNTIME_TIMEOUT_MS + timeoutSeconds * 1000),
    async exec(request) {
      const stream = await rpc.stream<cri.ExecMessage, cri.ExecRequest | cri.ExecMessage>(
        request.attach ? 'Runtime/Attach' : 'Runtime/Exec',
        { timeoutMs: Infinity },
      );
      await stream.send(request);
      return stream;
    },
    imageStatus: async (image) => (await rpc.call<{ image?: cri.Image }>('Image/ImageStatus', { image })).image,
    pullImage: async (image) =>
      (await rpc.call<{ imageRef: string }>('Image/PullImage', { image }, { timeoutMs: PULL_TIMEOUT_MS })).imageRef,
    listImages: async () => (await rpc.call<{ images: cri.Image[] }>('Image/ListImages', {})).images,
    listStats: async () => (await call<{ stats: cri.ContainerStats[] }>('ListContainerStats', {})).stats,
    events: () => rpc.stream('Runtime/GetContainerEvents', { timeoutMs: Infinity }),
    pod: async (uid) => (await gather({ [LABEL_POD_UID]: uid }))[0],
    pods: () => gather({}),
    podUids: async () => new Set((await call<{ items: cri.PodSandbox[] }>('ListPodSandbox', {})).items.map((item) => item.metadata.uid)),
  };
}
