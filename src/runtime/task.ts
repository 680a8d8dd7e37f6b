/** The wire between containerd and the shim of a sandbox (containerd's task service v2 in the lab's form), and the record of one task. Types only. */
import type { ResourceUsage } from '#host';
import type { CriMount } from './cri-types.ts';

/** `Task/Create`: everything needed to start a container. */
export interface CreateTaskRequest {
  readonly containerId: string;
  /** Name as `ps` shows it. */
  readonly name: string;
  /** Reference the catalogue resolves. */
  readonly image: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly mounts: readonly CriMount[];
  readonly hostname: string;
  readonly resolvConf: string;
  readonly privileged: boolean;
  /** 0: none. */
  readonly memoryLimitBytes: number;
  readonly stdin: boolean;
  readonly tty: boolean;
  /** Absolute path of the log; empty: none (the pause container). */
  readonly logPath: string;
}
/** `Task/Start`, `Task/Delete`. */
export interface TaskReference {
  readonly containerId: string;
}
/** Answer of `Task/Start`. */
export interface StartTaskResponse {
  readonly pid: number;
}
/** `Task/Kill`. */
export interface KillTaskRequest extends TaskReference {
  readonly signal: 'TERM' | 'KILL' | 'STOP' | 'CONT' | 'HUP' | 'INT';
}
/** One task as `Task/State` (answer `{ tasks: TaskState[] }`) and the `Task/Events` stream tell it. */
export interface TaskState {
  readonly containerId: string;
  readonly pid: number;
  readonly state: 'created' | 'running' | 'stopped';
  readonly exitCode: number;
  /** Wall milliseconds; 0: not yet. */
  readonly startedAt: number;
  readonly exitedAt: number;
  /** It was ended because it took more memory than its limit. */
  readonly isOutOfMemory?: boolean;
  /** What its processes say they use, where they say anything. */
  readonly usage?: ResourceUsage;
}
/** First message of the `Task/PortForward` stream. */
export interface TaskPortForward {
  readonly port: number;
}
