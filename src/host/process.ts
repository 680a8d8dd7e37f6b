/**
 * What a program is and what it may touch. A process is everything a component or a container has of its machine;
 * SIGKILL takes all of it back at once (see `life.ts`), so nothing a program holds can outlive it.
 */
import type { Clock } from './clock.ts';
import type { Crypto } from './crypto.ts';
import type { Disk } from './disk.ts';
import type { Files } from './files.ts';
import type { Kernel, ProcessInfo } from './kernel.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import type { ByteReader, ByteWriter } from './streams.ts';
import type { Telemetry } from './telemetry.ts';

/** What a program is: it is given a process, and ends with an exit code. It touches nothing else. */
export type Program = (process: Process) => Promise<number>;

/** Signals a program may handle. TERM, INT and HUP end a process that has no handler for them (exit code 128 + number). */
export type CatchableSignal = 'TERM' | 'HUP' | 'INT' | 'USR1';

/** Signals one may send. KILL revokes the process, STOP queues everything that would reach it, CONT delivers what was queued. */
export type Signal = CatchableSignal | 'KILL' | 'STOP' | 'CONT';

/** How a process ended. `code` is 0…255; a process ended by a signal has 128 + the signal's number and names it. */
export interface ExitStatus {
  readonly code: number;
  readonly signal?: Signal;
}

/** Processor and memory a program is taken to use: nothing is measured in the lab, so a program that uses much says so. */
export interface ResourceUsage {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

/** Hears what the processes of a control group say they use; undefined: the process has ended. */
export interface Accounting {
  used(pid: number, usage: ResourceUsage | undefined): void;
}

/** A controlling terminal: its size, and a way to hear of a new size. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  onResize(listener: () => void): void;
  /** Takes the line discipline away (every key as it is pressed, no echo, no signals from Ctrl-C) or gives it back; absent where there is none. */
  setRaw?(isRaw: boolean): void;
  /** Where keys come from when standard input is something else (/dev/tty); absent where the keyboard is not to be had. */
  readonly input?: ByteReader;
}

/** What a child gets. What is left out is inherited from the parent (files, network, env, cwd) or empty (standard streams). */
export interface SpawnOptions {
  /** Name as `ps` and the map show it, e.g. `kube-apiserver`. */
  readonly name: string;
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: ByteReader;
  readonly stdout?: ByteWriter;
  readonly stderr?: ByteWriter;
  readonly terminal?: Terminal;
  readonly files?: Files;
  /** Network namespace; default: the parent's. Obtained from `kernel.namespaces`. */
  readonly namespace?: string;
  /** Host name the process and its children see; default the parent's. */
  readonly hostname?: string;
  /** The name under which this process is a component of its machine (`etcd`, `kubelet` …): shown on the map, reachable by faults. */
  readonly component?: string;
  /** Pid namespace (a container's id); default the parent's. */
  readonly pidNamespace?: string;
  /** The control group the child and its children are accounted to; default the parent's. */
  readonly accounting?: Accounting;
  /** Whether the child gets the machine's kernel facet (containerd, kubelet, kube-proxy, a root shell). Default false. */
  readonly privileged?: boolean;
}

/** The processes of a container, as one inside sees and reaches them. */
export interface ProcessView {
  /** Ids are those of the container: its first process is 1. */
  processes(): readonly ProcessInfo[];
  /** False where there is no such process. The first process hears only what it handles. */
  signal(pid: number, signal: Signal): boolean;
}

/** A child process as its parent sees it. */
export interface Child {
  readonly pid: number;
  readonly name: string;
  /** Sends a signal; a signal to a process that has ended does nothing. */
  kill(signal: Signal): void;
  /** Settles when the process has ended, however that came about. Never rejects. */
  readonly exit: Promise<ExitStatus>;
  readonly state: 'running' | 'stopped' | 'dead';
}

/** Everything a program may touch. */
export interface Process {
  /** Its id in its container, or on the machine outside of containers. */
  readonly pid: number;
  readonly name: string;
  /** The machine's host name, e.g. `control-plane-1`; in a pod's sandbox the pod's. */
  readonly hostname: string;
  /** Arguments, without the program's own name (that is `name`). */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: ByteReader;
  readonly stdout: ByteWriter;
  readonly stderr: ByteWriter;
  readonly terminal: Terminal | undefined;
  /** The root file system it sees: the machine's own, or image layers and mounts. */
  readonly files: Files;
  readonly disk: Disk;
  /** Its network namespace. */
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly telemetry: Telemetry;
  /** The machine's kernel, for privileged processes only. */
  readonly kernel: Kernel | undefined;
  /** Says what this process uses from now on, beside what its image is taken to use anyway. */
  declareUsage(usage: ResourceUsage): void;
  onSignal(signal: CatchableSignal, handler: () => void): void;
  spawn(program: Program, options: SpawnOptions): Child;
  /** Becomes another program (`exec`): the same process under another name. Settles as that program does. */
  exec(program: Program, options: { readonly name: string; readonly argv: readonly string[] }): Promise<number>;
  /** The processes of its container; undefined outside of containers. */
  readonly peers: ProcessView | undefined;
  /** Goes on in the next turn of the platform, when what else there is to do now is done; interpreters, long encodes and parses call it every 8 ms of work. */
  yield(): Promise<void>;
  /** Late data of the built lab by name (e.g. `explain`), fetched once per machine. Rejects with an Error naming the asset. */
  asset(name: string): Promise<string>;
}
