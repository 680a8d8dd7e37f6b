/** A student at the workstation of a simulated cluster: runs lines, reads objects through the API, waits in lab time for what should become true. */
import type { ClusterSpec, LabStore, RunOutput } from '#lab';
import { simulatedLab, type SimulatedLab } from './data-centre.ts';

/** The parts of an API object that tests look at. */
export interface Seen {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly [field: string]: unknown;
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read fields of any kind
  readonly spec?: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read fields of any kind
  readonly status?: any;
  readonly [field: string]: unknown;
}

/** Lab time between two looks of somebody who waits. */
const LOOK_EVERY_MS = 250;
/** Lab time a line may take before it counts as hanging. */
const LINE_LIMIT_MS = 60_000;

/** A booted cluster with somebody at its keyboard. */
export interface Student extends SimulatedLab {
  /** Runs a line that must succeed and gives its standard output. */
  sh(line: string, limitMs?: number): Promise<string>;
  /** Runs a line as long as `limitMs`, then presses Ctrl-C; undefined: it hung until then. */
  attempt(line: string, limitMs: number): Promise<RunOutput | undefined>;
  /** The object, undefined where the API server has none; rejects with its answer where it does not answer 200. */
  read(path: string): Promise<Seen | undefined>;
  list(path: string): Promise<readonly Seen[]>;
  /** Waits until `look` gives true and says how long that took, in lab milliseconds. Requests without an answer count as not yet. */
  eventually(what: string, limitMs: number, look: () => Promise<boolean> | boolean): Promise<number>;
  powerOn(...machines: string[]): Promise<void>;
  powerOff(...machines: string[]): Promise<void>;
}

/** Makes a student of an open lab. */
export function atTheKeyboard(site: SimulatedLab): Student {
  const { lab, simulation, settle } = site;
  const student: Student = {
    ...site,
    async sh(line, limitMs = LINE_LIMIT_MS) {
      const { stdout, stderr, exitCode } = await settle(lab.run(line), limitMs, line);
      if (exitCode !== 0) throw new Error(`${line}\nended with ${exitCode}: ${stderr}${stdout}`);
      return stdout;
    },
    async attempt(line, limitMs) {
      const aborter = new AbortController();
      let isHung = false;
      // A session of its own: a line that hangs must not keep the next from starting.
      const running = lab.run(line, { signal: aborter.signal, session: `attempt ${simulation.nowMs}` });
      const output = await settle(running, limitMs, line).catch((error: unknown) => {
        if (!String(error).includes('not within')) throw error;
        isHung = true;
      });
      if (!isHung) return output ?? undefined;
      aborter.abort();
      await settle(running, 10_000, `${line} ends after Ctrl-C`);
      return undefined;
    },
    async read(path) {
      const answered = async (): Promise<{ status: number; body: string }> => {
        const response = await settle(lab.fetch(path), LINE_LIMIT_MS, path);
        return { status: response.status, body: await settle(response.text(), LINE_LIMIT_MS, path) };
      };
      let answer = await answered().catch((error: unknown) => error);
      // Its connection may have been cut with the backend it led to, long before; whoever sees that asks again.
      if (answer instanceof TypeError) answer = await answered();
      if (answer instanceof Error) throw answer;
      const response = answer as { status: number; body: string };
      const { body } = response;
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body}`);
      return JSON.parse(body) as Seen;
    },
    async list(path) {
      const found = (await student.read(path)) as unknown as { readonly items: readonly Seen[] } | undefined;
      if (!found) throw new Error(`${path} does not exist`);
      return found.items;
    },
    async eventually(what, limitMs, look) {
      const startMs = simulation.nowMs;
      let lastSeen = '';
      const isThere = async (): Promise<boolean> => {
        try {
          return await look();
        } catch (error) {
          // No answer (a TypeError, as fetch has it) is a state to wait out; an answer that says no is not.
          if (!(error instanceof TypeError)) throw error;
          lastSeen = ` (${error.message})`;
          return false;
        }
      };
      while (!(await isThere())) {
        if (simulation.nowMs - startMs > limitMs) throw new Error(`${what}: not within ${limitMs} ms of lab time${lastSeen}`);
        await simulation.run(LOOK_EVERY_MS);
      }
      return simulation.nowMs - startMs;
    },
    async powerOn(...machines) {
      await settle(Promise.all(machines.map((name) => lab.machines.powerOn(name))), LINE_LIMIT_MS, `power on ${machines.join(', ')}`);
    },
    async powerOff(...machines) {
      for (const name of machines) await settle(lab.machines.powerOff(name), LINE_LIMIT_MS, `power off ${name}`);
    },
  };
  return student;
}

/** Real time that a boot may take on a busy machine before a test gives up. */
export const BOOT_LIMIT_MS = 120_000;

/** Lab time within which a cluster has to become ready. */
export const READY_LIMIT_MS = 120_000;

/** Boots a cluster from a seed and gives the student who waited for it. */
export async function bootedCluster(seed: string, spec: Partial<ClusterSpec> = {}, store?: LabStore): Promise<Student> {
  const site = await simulatedLab(seed, spec, store);
  await site.settle(site.lab.ready, READY_LIMIT_MS, 'the cluster is ready');
  return atTheKeyboard(site);
}

/** What must be true of a pod to count as running and ready. */
export function isRunningAndReady(pod: Seen | undefined): boolean {
  const conditions = (pod?.status?.conditions ?? []) as { readonly type: string; readonly status: string }[];
  return pod?.status?.phase === 'Running' && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** A here-document as a student types it: writes `text` to `file`. */
export const hereDocument = (file: string, text: string): string => `cat > ${file} <<'EOF'\n${text.trim()}\nEOF`;
