/**
 * The machine's kernel as privileged processes see it: the process table, network namespaces, routes, the service
 * address rules kube-proxy writes, mounts and resources. It models what Linux offers to root; it knows no Kubernetes.
 */
import type { Address } from './network.ts';
import type { Files, Mount } from './files.ts';
import type { Child, ExitStatus, Program, Signal, SpawnOptions } from './process.ts';

/** A line of the process table. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  readonly name: string;
  readonly argv: readonly string[];
  readonly state: 'running' | 'stopped';
  readonly startedMs: number;
  readonly component: string | undefined;
  readonly namespace: string;
}

/** Where a rewritten connection may go. */
export interface Backend {
  readonly address: Address;
  readonly port: number;
}

/** One address rewrite rule (DNAT) as kube-proxy programs it. */
export interface ServiceRule {
  /** Destination to match: an address, or `node` for any address of this machine (NodePort). */
  readonly address: Address | 'node';
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly backends: readonly Backend[];
  /** Without backends: `reject` answers with a refusal, `drop` with silence. */
  readonly withoutBackends: 'reject' | 'drop';
  /** Same client, same backend for that long (session affinity); 0 is off. */
  readonly affinityMs: number;
  /** `namespace/service:port`, shown by iptables-save and traces. */
  readonly comment: string;
}

/** A route of this machine: traffic for `cidr` goes to the machine at `via`. */
export interface Route {
  readonly cidr: string;
  readonly via: Address;
}

/** Network namespaces of the machine. The machine's own is `host`. */
export interface Namespaces {
  /** Creates a namespace with one address (a pod's); EADDRINUSE if another namespace has it. */
  create(name: string, address: Address): void;
  /** Removes it; connections and listeners in it are reset. */
  remove(name: string): void;
  list(): readonly { readonly name: string; readonly addresses: readonly Address[] }[];
}

/** Facts about the machine, as /proc and uname tell them. */
export interface MachineFacts {
  readonly hostname: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly address: Address;
  readonly zone: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly bootedWallMs: number;
}

/** The kernel facet of a privileged process. */
export interface Kernel {
  readonly facts: MachineFacts;
  processes(): readonly ProcessInfo[];
  /** The line of one process; undefined where there is none. */
  process(pid: number): ProcessInfo | undefined;
  /** Sends a signal; false where there is no such process. */
  signal(pid: number, signal: Signal): boolean;
  /** Settles when that process has ended; undefined where there is none. */
  wait(pid: number): Promise<ExitStatus | undefined>;
  /** Starts a program that belongs to nobody (parent 1): it outlives the caller, as a container outlives containerd. */
  spawnDetached(program: Program, options: SpawnOptions): Child;
  readonly namespaces: Namespaces;
  /** Replaces the routes of the machine. */
  setRoutes(routes: readonly Route[]): void;
  routes(): readonly Route[];
  /** Replaces all rules of one table owner (`kube-proxy`). */
  setServiceRules(owner: string, rules: readonly ServiceRule[]): void;
  serviceRules(): readonly ServiceRule[];
  /** A file tree in memory only (tmpfs), empty. */
  createTmpfs(): Files;
  /** The root file system of a container: `base` (read as layers, written copy-on-write) with mounts laid over it. */
  overlay(base: Files, mounts: readonly Mount[]): Files;
  /** The machine's own durable root file system. */
  readonly root: Files;
}
