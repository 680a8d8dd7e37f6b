/**
 * The management channel between lab and machine (comlink): power, process control, dial brokering, time, telemetry. No fault and no
 * pause touches it. Types only; MessagePort is opaque here because only the browser's bodies handle it.
 */

import type { WorkstationManagement } from './workstation.ts';

/** What a machine is told when it is switched on. */
export interface BootMessage {
  readonly cluster: string;
  readonly machine: string;
  readonly role: 'control-plane' | 'worker' | 'etcd' | 'load-balancer' | 'workstation';
  readonly address: string;
  readonly zone: string;
  readonly seed: string;
  /** How many times this machine was powered on; raised by the lab at each power-on. */
  readonly incarnation: number;
  /** Wall clock at power-on, lab milliseconds. */
  readonly wallMs: number;
  /** `memory` where storage is denied or the lab is ephemeral. */
  readonly storage: 'indexeddb' | 'memory';
  /** What the machine's first boot (cloud-init) must do: role settings, kubeadm configuration … Plain data, read by `cluster/`. */
  readonly provisioning: Readonly<Record<string, unknown>>;
  /** Where late data of the built lab can be fetched: asset name → absolute URL. */
  readonly assets: Readonly<Record<string, string>>;
}

/** A component of a machine as the lab shows it. */
export interface ComponentStatus {
  readonly name: string;
  readonly state: string;
  readonly leader?: boolean;
  readonly raft?: {
    readonly role: 'follower' | 'pre-candidate' | 'candidate' | 'leader' | 'learner';
    readonly term: number;
    readonly commit: number;
    readonly applied: number;
  };
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A batch of what a machine says of itself; at most some twenty a second. */
export interface TelemetryBatch {
  readonly machine: string;
  readonly incarnation: number;
  /** On the machine's own clock, which stood at 0 when it was switched on. */
  readonly atMs: number;
  /** Lab time at which the machine's clock stood at 0: adds what machines tell to one time. */
  readonly bootedMs: number;
  readonly components: readonly ComponentStatus[];
  readonly spans: readonly SpanRecord[];
  readonly logs: readonly LogRecord[];
  /** Frames over each link since the last batch; links without any are left out. */
  readonly traffic: readonly LinkTraffic[];
  /** Counted so that the lab can say what was left out when a buffer was full. */
  readonly dropped: number;
}

/** Frames that a machine sent to and received from the machine at an address. */
export interface LinkTraffic {
  readonly address: string;
  readonly sent: number;
  readonly received: number;
}

/** A piece of work that has ended, in the words of OpenTelemetry; times in lab milliseconds of the machine's own clock. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly component: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** One line a component said; its time in lab milliseconds. */
export interface LogRecord {
  readonly component: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly atMs: number;
  readonly message: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** What was counted on a machine: nothing may be left over by a dead process. */
export interface MachineCounts {
  readonly processes: number;
  readonly timers: number;
  readonly listeners: number;
  readonly connections: number;
  readonly pendingPromises: number;
  readonly openFiles: number;
}

/** A fault of one direction of a link. */
export interface LinkFault {
  readonly down?: boolean;
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** 0…1. */
  readonly loss?: number;
}

/** What the lab asks of a machine. Every call is answered or ends by the lab's own deadline. */
export interface MachineManagement {
  /** Applies at this machine's network card, to frames that arrive from the machine at `peerAddress`. Resolves when in force. */
  linkFault(peerAddress: string, fault: LinkFault): Promise<void>;
  diskFault(fault: 'full' | 'slow' | 'read-only' | 'corrupt-tail' | 'none'): Promise<void>;
  clockSkew(skewMs: number): Promise<void>;
  /** Machines were added or taken away: the machine writes anew what it knows of the others (names, the load balancer's backends). Takes a boot message's `provisioning`. */
  planChanged(provisioning: Readonly<Record<string, unknown>>): Promise<void>;
  signal(component: string | undefined, signal: 'KILL' | 'STOP' | 'CONT' | 'TERM' | 'START'): Promise<boolean>;
  components(): Promise<readonly ComponentStatus[]>;
  counts(): Promise<MachineCounts>;
  /** Asks for a log of a component (journalctl, crictl logs) as recorded on this machine. */
  logs(component: string, tailLines: number): Promise<readonly string[]>;
}

/** What keeps a machine's worker from being what it was asked to be; shown on screen. */
export interface MachineTrouble {
  readonly machine: string;
  readonly message: string;
}

/** What the keeper of time tells. */
export interface TimeStatus {
  readonly labMs: number;
  readonly rate: number;
  readonly mode: 'free' | 'paused' | 'granted';
  readonly trueRate: number;
  readonly stuck: readonly string[];
}

/** How the lab starts machines, whatever they are made of: workers in a browser, objects in a simulation. */
export interface DataCentre {
  /** Switches a machine on. Resolves when its kernel runs and its first programs were started. */
  powerOn(boot: BootMessage): Promise<MachineManagement & Partial<WorkstationManagement>>;
  /** Cuts its power: nothing is flushed. */
  powerOff(name: string): void;
  readonly time: {
    setRate(rate: number): Promise<void>;
    setHurry(hurry: boolean): Promise<void>;
    step(ms: number): Promise<void>;
    status(): TimeStatus;
    onStatus(listener: (status: TimeStatus) => void): void;
  };
  onTelemetry(listener: (batch: TelemetryBatch) => void): void;
  onTrouble(listener: (trouble: MachineTrouble) => void): void;
  /** A worker that ended by itself. */
  onDied(listener: (name: string, reason: string) => void): void;
  /** Deletes everything the machines of a cluster have stored. */
  wipe(cluster: string, machines: readonly string[]): Promise<void>;
  /** Ends all machines and the keeper of time. */
  close(): void;
}
