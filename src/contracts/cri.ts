/**
 * The container runtime interface between kubelet and runtime, over unix:///run/containerd/containerd.sock (a loopback port in the
 * lab, see CRI_PORT in `ports.ts`), after CRI v1. Types only. Unary methods: `Runtime/Version`, `Runtime/Status`, `Runtime/RunPodSandbox`, `StopPodSandbox`,
 * `RemovePodSandbox`, `PodSandboxStatus`, `ListPodSandbox`, `CreateContainer`, `StartContainer`, `StopContainer`, `RemoveContainer`,
 * `ListContainers`, `ContainerStatus`, `ExecSync`, `ContainerStats`, `ListContainerStats`; `Image/ListImages`, `ImageStatus`, `PullImage`, `RemoveImage`.
 * Streaming: `Runtime/GetContainerEvents`, `Runtime/Exec`, `Runtime/Attach`, `Runtime/PortForward`.
 */

/** A sandbox is ready as long as its pause container runs. */
export type PodSandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY';

/** The states a runtime tells a container apart by. */
export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN';

/** What names a sandbox: its pod, and which attempt at it this is. */
export interface PodSandboxMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}

/** What the kubelet wants of a sandbox. */
export interface PodSandboxConfig {
  readonly metadata: PodSandboxMetadata;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Shares the machine's network namespace. */
  readonly hostNetwork: boolean;
  readonly dnsServers: readonly string[];
  readonly dnsSearches: readonly string[];
  readonly dnsOptions: readonly string[];
}

/** A sandbox as lists show it. */
export interface PodSandbox {
  readonly id: string;
  readonly metadata: PodSandboxMetadata;
  readonly state: PodSandboxState;
  /** Wall milliseconds. */
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A sandbox with its address. */
export interface PodSandboxStatus extends PodSandbox {
  /** Empty for host network. */
  readonly ip: string;
  readonly hostNetwork: boolean;
}

/** What names a container within its sandbox, and which attempt at it this is. */
export interface ContainerMetadata {
  readonly name: string;
  readonly attempt: number;
}

/** A file or directory of the machine inside a container. */
export interface CriMount {
  readonly containerPath: string;
  /** Path on the machine. */
  readonly hostPath: string;
  readonly readOnly: boolean;
}

/** What the kubelet wants of a container. CPU in thousandths of a core, memory in bytes; 0 is no limit. */
export interface ContainerConfig {
  readonly metadata: ContainerMetadata;
  /** Image reference as resolved by PullImage. */
  readonly image: string;
  /** Entrypoint; empty: the image's. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly key: string; readonly value: string }[];
  readonly mounts: readonly CriMount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Path of the log below the sandbox's log directory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  readonly privileged: boolean;
  readonly cpuRequestMillis: number;
  readonly cpuLimitMillis: number;
  readonly memoryLimitBytes: number;
}

/** A container as lists show it; times in wall milliseconds. */
export interface Container {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: ContainerMetadata;
  readonly image: string;
  /** Digest reference. */
  readonly imageRef: string;
  readonly state: ContainerState;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A container with how it began and how it ended. */
export interface ContainerStatus extends Container {
  /** Wall milliseconds; 0: not yet. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError` … */
  readonly reason: string;
  readonly message: string;
  readonly mounts: readonly CriMount[];
  /** Path of the log file on the machine. */
  readonly logPath: string;
}

/** One message of `Runtime/GetContainerEvents`; the time in wall milliseconds. */
export interface ContainerEvent {
  readonly type: 'CONTAINER_CREATED_EVENT' | 'CONTAINER_STARTED_EVENT' | 'CONTAINER_STOPPED_EVENT' | 'CONTAINER_DELETED_EVENT';
  readonly containerId: string;
  readonly podSandboxId: string;
  /** UID of the sandbox's pod (`podSandboxStatus.metadata.uid`); empty once the sandbox is removed. */
  readonly podUid: string;
  readonly createdAt: number;
}

/** Answer of `Runtime/ListPodStatuses`: what the two lists and a status per entry say, in one call. */
export interface PodStatuses {
  readonly sandboxes: readonly PodSandboxStatus[];
  readonly containers: readonly ContainerStatus[];
}

/** An image on the machine. */
export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** User id the image runs as; 0 root. */
  readonly uid: number;
  /** Annotations of its spec; absent: none. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a container uses: CPU time since its start, and bytes now. */
export interface ContainerStats {
  readonly id: string;
  readonly metadata: ContainerMetadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly timestampMs: number;
  readonly cpuUsageNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
  readonly rootFsUsedBytes: number;
}

/** First message of the Exec and Attach streams. */
export interface ExecRequest {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
  /** Attach to the running main process instead of starting `command`. */
  readonly attach?: boolean;
}

/** Messages of the Exec and Attach streams after that, in both directions. */
export type ExecMessage =
  | { readonly stdin: Uint8Array }
  | { readonly stdinEnd: true }
  | { readonly resize: { readonly columns: number; readonly rows: number } }
  | { readonly stdout: Uint8Array }
  | { readonly stderr: Uint8Array }
  | { readonly exitCode: number };

/** `Runtime/Version`. */
export interface VersionResponse {
  readonly version: string;
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly runtimeApiVersion: string;
}

/** A condition of the runtime: `RuntimeReady` or `NetworkReady`. */
export interface RuntimeCondition {
  readonly type: 'RuntimeReady' | 'NetworkReady';
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Answer of `Runtime/Status` (its request is `{}`). */
export interface StatusResponse {
  readonly conditions: readonly RuntimeCondition[];
}

/** `Runtime/RunPodSandbox`. */
export interface RunPodSandboxRequest {
  readonly config: PodSandboxConfig;
}

/** Answer of `Runtime/RunPodSandbox`; request of `StopPodSandbox`, `RemovePodSandbox` and `PodSandboxStatus` (whose answer is `{ status: PodSandboxStatus }`). */
export interface PodSandboxReference {
  readonly podSandboxId: string;
}

/** `Runtime/ListPodSandbox`; what is left out does not filter. Its answer is `{ items: PodSandbox[] }`. */
export interface PodSandboxFilter {
  readonly id?: string;
  readonly state?: PodSandboxState;
  readonly labels?: Readonly<Record<string, string>>;
}

/** `Runtime/CreateContainer`. */
export interface CreateContainerRequest {
  readonly podSandboxId: string;
  readonly config: ContainerConfig;
}

/** Answer of `CreateContainer`; request of `StartContainer`, `RemoveContainer`, `ContainerStatus` (answer `{ status: ContainerStatus }`) and `ContainerStats` (answer `{ stats: ContainerStats }`). */
export interface ContainerReference {
  readonly containerId: string;
}

/** `Runtime/StopContainer`: TERM, and KILL after `timeoutSeconds`. */
export interface StopContainerRequest extends ContainerReference {
  readonly timeoutSeconds: number;
}

/** `Runtime/ListContainers` (answer `{ containers: Container[] }`) and `ListContainerStats` (answer `{ stats: ContainerStats[] }`). */
export interface ContainerFilter {
  readonly id?: string;
  readonly podSandboxId?: string;
  readonly state?: ContainerState;
  readonly labels?: Readonly<Record<string, string>>;
}

/** `Runtime/ExecSync`; `DeadlineExceeded` when the command takes longer (0: no limit). */
export interface ExecSyncRequest extends ContainerReference {
  readonly command: readonly string[];
  readonly timeoutSeconds: number;
}

/** Answer of `Runtime/ExecSync`. */
export interface ExecSyncResponse {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** `Image/ImageStatus` (answer `{ image?: Image }`), `Image/PullImage` (answer `{ imageRef: string }`) and `Image/RemoveImage`. */
export interface ImageRequest {
  readonly image: string;
}

/** First message of the `Runtime/PortForward` stream; after it the raw bytes of one connection into the sandbox's network namespace, as `{ data: Uint8Array }`. */
export interface PortForwardRequest {
  readonly podSandboxId: string;
  readonly port: number;
}
