/** The public contract of the lab: what a course page, a script, a test and a curious student can rely on. Types only. */
import type { management } from '#contracts';
import type { TopologyFacts } from './topology.ts';

/** What a cluster is made of. */
export interface ClusterSpec {
  readonly topology: 'stacked' | 'external';
  readonly controlPlanes: number;
  readonly workers: number;
  /** External topology only. */
  readonly etcdMembers: number;
  readonly addons: readonly string[];
  readonly proxyMode: 'iptables' | 'ipvs' | 'nftables';
  readonly runtime: 'containerd' | 'cri-o' | 'cri-dockerd';
  readonly cloudProvider: 'none' | 'lab';
  /** Per component, the real flag names. */
  readonly extraArgs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly etcd: { readonly heartbeatMs: number; readonly electionMs: number; readonly quotaBytes: number };
  readonly zones: number;
  readonly seed: number;
}

/** Roles a machine has. */
export type MachineRole = 'control-plane' | 'worker' | 'etcd' | 'load-balancer' | 'workstation';

/** A component of a machine as the lab shows it. */
export interface ComponentInfo {
  readonly name: string;
  /** State of its XState machine, `frozen` while it is stopped by a signal. */
  readonly state: string;
  readonly leader?: boolean;
  readonly raft?: management.ComponentStatus['raft'];
  /** Whatever else the component tells of itself. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A machine as the lab shows it. */
export interface MachineInfo {
  readonly name: string;
  readonly roles: readonly MachineRole[];
  readonly power: 'on' | 'off';
  /** What became of it, in a word for the screen: `running`, `booting`, `off`, `down` (its worker died), `frozen`. */
  readonly state: 'running' | 'booting' | 'off' | 'down' | 'frozen';
  readonly address: string;
  readonly zone: string;
  readonly components: readonly ComponentInfo[];
}

/** What a line printed and how it ended. */
export interface RunOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** How to run a line. */
export interface RunOptions {
  readonly stdin?: string;
  /** Lines of one session share directory, variables and history. Default `default`. */
  readonly session?: string;
  readonly signal?: AbortSignal;
  onOutput?(chunk: { readonly fd: 1 | 2; readonly text: string }): void;
}

/** A terminal on the workstation. */
export interface TerminalSession {
  write(data: string): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

/** How to open a stream. */
export interface ConnectOptions {
  readonly headers?: readonly (readonly [string, string])[];
  readonly signal?: AbortSignal;
  onHead(status: number, headers: readonly (readonly [string, string])[]): void;
  onMessage(message: string | Uint8Array): Promise<void>;
}

/** An open stream. */
export interface LabConnection {
  /** Resolves when the other side has taken the message. */
  send(message: Uint8Array): Promise<void>;
  /** Says that nothing more will be sent. */
  end(): void;
  /** Resolves when the other side has ended; rejects when the connection broke. */
  readonly closed: Promise<void>;
}

/** What may be wrong with a disk. */
export type DiskFault = 'full' | 'slow' | 'read-only' | 'corrupt-tail';

/** A fault that was put in and not yet healed: of one direction of a link, or of a machine's disk. Switched-off machines are no faults of this kind. */
export type LabFault =
  | { readonly kind: 'link'; readonly from: string; readonly to: string; readonly fault: management.LinkFault }
  | { readonly kind: 'disk'; readonly machine: string; readonly fault: DiskFault };

/** Events of the lab, by name. */
export interface LabEvents {
  readonly machine: MachineInfo;
  /** `wallMs`: lab wall clock at its beginning, the same for all machines whatever their own clocks say. */
  readonly span: management.SpanRecord & { readonly machine: string; readonly wallMs: number };
  readonly log: management.LogRecord & { readonly machine: string };
  /** Frames between `machine` and `peer` since `machine` last told; both of them may tell of the same. */
  readonly traffic: { readonly machine: string; readonly peer: string; readonly sent: number; readonly received: number };
  readonly raft: {
    readonly machine: string;
    readonly role: string;
    readonly term: number;
    readonly commit: number;
    readonly applied: number;
  };
  readonly time: management.TimeStatus & { readonly wallMs: number };
  readonly notice: { readonly message: string };
  readonly error: { readonly machine?: string; readonly message: string };
  /** Another cluster began (reset). */
  readonly cluster: ClusterSpec;
  /** All faults of links and disks that there are now. */
  readonly faults: readonly LabFault[];
}

/** A lab: one cluster, its machines, its time. */
export interface Lab {
  readonly version: string;
  /** The name of the stored cluster. */
  readonly cluster: string;
  readonly spec: ClusterSpec;
  /** Resolves when the present cluster is ready; rejects with a named state. */
  readonly ready: Promise<void>;
  run(line: string, options?: RunOptions): Promise<RunOutput>;
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Sends a request that asks to become a stream (exec, attach, port-forward; headers as a WebSocket client sends them, without its key).
   * Resolves with the answer's head; `onMessage` gets messages, or the body of an answer that is not 101, and is awaited before the next.
   */
  connect(path: string, options: ConnectOptions): Promise<LabConnection>;
  /** An interactive shell; for the terminal of the page. */
  terminal(
    size: { columns: number; rows: number },
    onOutput: (data: string) => Promise<void>,
    onExit: (exitCode: number) => void,
  ): Promise<TerminalSession>;
  /** What the cluster's shape costs and survives, as it is now, added and removed machines counted. */
  readonly topology: TopologyFacts;
  readonly machines: {
    list(): Promise<MachineInfo[]>;
    /**
     * A new machine, switched on and joined to the cluster by kubeadm join. Resolves when its Node is Ready (a dedicated etcd host: when its
     * member has a vote). Rejects with a sentence where it cannot be: too many machines, a name that is taken, a cluster that does not answer.
     */
    add(machine: { readonly role: 'control-plane' | 'worker' | 'etcd'; readonly name?: string }): Promise<MachineInfo>;
    /** Only takes the machine away: it cannot be switched on again. Draining, deleting the Node and removing an etcd member are the student's. */
    remove(name: string): Promise<void>;
    /** Sets a machine's wall clock ahead of the others (negative: behind), milliseconds; 0 sets it right. Until its next power-on. */
    skew(name: string, ms: number): Promise<void>;
    powerOff(name: string): Promise<void>;
    powerOn(name: string): Promise<void>;
    kill(name: string, component: string): Promise<void>;
    /** SIGTERM to a component; its supervisor decides what follows. */
    stop(name: string, component: string): Promise<void>;
    /** Starts a stopped systemd unit of a machine (`kubelet`, `containerd`). */
    start(name: string, component: string): Promise<void>;
    freeze(name: string, component?: string): Promise<void>;
    thaw(name: string, component?: string): Promise<void>;
    /** The last log lines of a component, oldest first. */
    logs(name: string, component: string, tailLines?: number): Promise<readonly string[]>;
    /** What the processes of a machine hold, counted. */
    counts(name: string): Promise<management.MachineCounts>;
  };
  readonly network: {
    partition(...groups: string[][]): Promise<void>;
    link(a: string, b: string, fault: management.LinkFault): Promise<void>;
    heal(): Promise<void>;
  };
  readonly disk: {
    /** Of a machine that is off, the fault is there, or gone, when it is switched on. */
    fault(machine: string, fault: DiskFault | 'none'): Promise<void>;
  };
  readonly faults: {
    /** The faults of links and disks that there are now; they outlive a reload. */
    list(): readonly LabFault[];
  };
  readonly time: {
    /** Lab wall clock, milliseconds since the epoch. */
    readonly now: number;
    readonly rate: number;
    setRate(rate: number): Promise<void>;
    step(ms: number): Promise<void>;
    readonly trueRate: number;
  };
  dial(machine: string, port: number): Promise<unknown>;
  reset(spec?: Partial<ClusterSpec>): Promise<void>;
  on<E extends keyof LabEvents>(type: E, listener: (event: LabEvents[E]) => void): () => void;
  /** Ends the lab: machines are cut off, nothing stored is deleted. */
  close(): void;
}
