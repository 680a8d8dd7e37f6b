/** What containerd keeps of sandboxes and containers. Everything is plain data; the live part is in the sandbox's shim. */
import type { ContainerConfig, ContainerState, PodSandboxConfig, PodSandboxState } from './cri-types.ts';

/** Where the shim of a sandbox listens; good only during the boot that started it. */
export interface ShimAddress {
  readonly pid: number;
  readonly port: number;
  readonly bootId: string;
}

/** A sandbox. */
export interface SandboxRecord {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly state: PodSandboxState;
  readonly createdAt: number;
  /** Empty for host network. */
  readonly ip: string;
  /** `host` or a namespace of its own. */
  readonly namespace: string;
  readonly shim: ShimAddress | undefined;
}

/** A container. */
export interface ContainerRecord {
  readonly id: string;
  readonly podSandboxId: string;
  readonly config: ContainerConfig;
  /** Canonical reference: docker.io/library/nginx:latest. */
  readonly image: string;
  /** docker.io/library/nginx@sha256:… */
  readonly imageRef: string;
  readonly state: ContainerState;
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  /** Process id of the main process while it runs. */
  readonly pid: number;
}

/** Directory of a sandbox's logs, as the kubelet names it. */
export function logDirectoryOf(config: PodSandboxConfig): string {
  const { namespace, name, uid } = config.metadata;
  return `/var/log/pods/${namespace}_${name}_${uid}`;
}

/** 64 hexadecimal digits from 32 bytes. */
export function idFrom(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether labels hold every pair of a filter. */
export function matchesLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels[key] === value);
}
