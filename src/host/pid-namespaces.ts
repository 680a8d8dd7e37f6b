/** Process ids inside containers: each pid namespace counts from 1, sees only its own processes, and its first process is as unimpressed by their signals as Linux' init is. */
import type { ProcessInfo } from './kernel.ts';
import type { CatchableSignal, ProcessView, Signal } from './process.ts';

/** What the namespaces need of a process that runs. */
interface Member {
  info(): ProcessInfo;
  signal(signal: Signal): void;
  handles(signal: CatchableSignal): boolean;
}

/** The pid namespaces of one machine, by name. */
export interface PidNamespaces {
  /** A process has begun in a namespace (made with its first one); its id there. */
  enter(namespace: string, pid: number): number;
  leave(namespace: string, pid: number): void;
  /** The id a process of the machine has in a namespace; undefined: it is in another one. */
  localPid(namespace: string, pid: number): number | undefined;
  view(namespace: string): ProcessView;
}

interface Namespace {
  next: number;
  /** Ids there by ids of the machine. */
  readonly local: Map<number, number>;
}

/** Namespaces over the machine's process table. */
export function createPidNamespaces(processes: ReadonlyMap<number, Member>): PidNamespaces {
  const namespaces = new Map<string, Namespace>();
  const localPid = (namespace: string, pid: number): number | undefined => namespaces.get(namespace)?.local.get(pid);
  return {
    localPid,
    enter(name, pid) {
      const namespace = namespaces.get(name) ?? { next: 1, local: new Map<number, number>() };
      namespaces.set(name, namespace);
      namespace.local.set(pid, namespace.next);
      return namespace.next++;
    },
    leave(name, pid) {
      const namespace = namespaces.get(name);
      namespace?.local.delete(pid);
      if (namespace?.local.size === 0) namespaces.delete(name);
    },
    view: (name) => ({
      processes: () =>
        [...(namespaces.get(name)?.local ?? [])].flatMap(([pid, local]) => {
          const info = processes.get(pid)?.info();
          return info ? [{ ...info, pid: local, parentPid: localPid(name, info.parentPid) ?? 0 }] : [];
        }),
      signal(wanted, signal) {
        const [pid] = [...(namespaces.get(name)?.local ?? [])].find(([, local]) => local === wanted) ?? [];
        const member = pid === undefined ? undefined : processes.get(pid);
        if (!member) return false;
        // What it does not handle does not reach the first process from inside, not even KILL.
        const isHandled = signal !== 'KILL' && signal !== 'STOP' && signal !== 'CONT' && member.handles(signal);
        if (wanted !== 1 || isHandled) member.signal(signal);
        return true;
      },
    }),
  };
}
