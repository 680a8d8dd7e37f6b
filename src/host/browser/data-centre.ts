/**
 * The data centre in a page: one worker per machine, links brokered between them, a clock worker. comlink carries the management
 * channel and hands the ports over; what machines say to each other never passes the page.
 */
import * as Comlink from 'comlink';
import { databaseName } from './indexeddb-disk.ts';
import type { TimeKeeper, TimeStatus } from './time-keeper.ts';

/** What this data centre needs of a boot message. */
export interface BootLike {
  readonly cluster: string;
  readonly machine: string;
  readonly role: string;
  readonly address: string;
  readonly incarnation: number;
}

/** What every machine's worker offers over comlink. */
export interface WorkerMachine<Boot extends BootLike> {
  boot(
    message: Boot,
    bootedLabMs: number,
    ports: { readonly time: MessagePort; readonly telemetry: MessagePort },
    requestLink: (address: string) => void,
    onTrouble: (message: string) => void,
  ): Promise<void>;
  connect(peer: string, peerAddress: string, peerIncarnation: number, port: MessagePort): Promise<void>;
  disconnect(peerAddress: string): Promise<void>;
}

/** The clock worker over comlink. */
export interface WorkerClock extends Pick<TimeKeeper, 'setRate' | 'setHurry' | 'step' | 'expect' | 'detach' | 'status'> {
  attach(name: string, port: MessagePort): void;
  onStatus(listener: (status: TimeStatus) => void): void;
}

/** The entries of workers: a machine that may carry the control plane, a node that may not, the workstation, and the clock. */
export type WorkerEntry = 'machine' | 'node' | 'workstation' | 'clock';

/** How workers are made; the page knows their URLs. */
export interface BrowserDataCentreOptions {
  readonly startWorker: (entry: WorkerEntry, name: string) => Worker;
}

/** What a machine of a role is started from. A role unknown here gets the entry that carries everything. */
const entryOf: Readonly<Record<string, WorkerEntry>> = { worker: 'node', 'load-balancer': 'node', workstation: 'workstation' };

interface Running<Boot extends BootLike, Management> {
  readonly boot: Boot;
  readonly worker: Worker;
  readonly remote: Comlink.Remote<WorkerMachine<Boot>>;
  readonly management: Management;
  readonly calls: OpenCalls;
  /** Addresses it is linked with. */
  readonly links: Set<string>;
}

/** A call to a worker that does not come back is given up after so long; the worker may be gone. */
export const MANAGEMENT_DEADLINE_MS = 30_000;

/** `promise`, or a rejection naming `what` after the deadline. */
export function withinDeadline<T>(promise: Promise<T>, what: string, deadlineMs = MANAGEMENT_DEADLINE_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: no answer within ${deadlineMs / 1000} s`)), deadlineMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The calls that wait for one worker. Nothing tells them when it is terminated, so whoever cuts it ends them. */
interface OpenCalls {
  track<T>(call: Promise<T>): Promise<T>;
  fail(reason: Error): void;
}

function createOpenCalls(): OpenCalls {
  const rejects = new Set<(reason: Error) => void>();
  return {
    track: (call) =>
      new Promise((resolve, reject) => {
        rejects.add(reject);
        call.then(resolve, reject).finally(() => rejects.delete(reject));
      }),
    fail(reason) {
      for (const reject of rejects) reject(reason);
    },
  };
}

/** The worker's functions as plain ones: callbacks among the arguments cross as proxies, which the worker releases when it is done with them. */
function withCallbacks<Management extends object>(remote: object, calls: OpenCalls): Management {
  const methods = remote as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const proxied = (argument: unknown): unknown => (typeof argument === 'function' ? Comlink.proxy(argument as () => void) : argument);
  return new Proxy({} as Management, {
    // Without `then`, or a promise would take it for one of its kind.
    get: (_, name) =>
      typeof name === 'symbol' || name === 'then' ? undefined : (...args: unknown[]) => calls.track(methods[name]!(...args.map(proxied))),
  });
}

/** A data centre without machines. `Management` is what the worker exposes beyond booting and linking. */
export function createBrowserDataCentre<Boot extends BootLike, Management extends object, Batch>(options: BrowserDataCentreOptions) {
  const running = new Map<string, Running<Boot, Management>>();
  const clockWorker = options.startWorker('clock', 'clock');
  const clock = Comlink.wrap<WorkerClock>(clockWorker);
  // Until the keeper of time has spoken for the first time nothing is reckoned on: its worker may take seconds to start.
  let status: TimeStatus = { labMs: 0, rate: 1, mode: 'granted', trueRate: 1, stuck: [] };
  let statusAtMs = performance.now();
  let onStatus: (status: TimeStatus) => void = () => undefined;
  let onTelemetry: (batch: Batch) => void = () => undefined;
  let onTrouble: (trouble: { machine: string; message: string }) => void = () => undefined;
  let onDied: (name: string, reason: string) => void = () => undefined;
  const takeStatus = (fresh: TimeStatus): void => {
    status = fresh;
    statusAtMs = performance.now();
    onStatus(fresh);
  };
  void clock.onStatus(Comlink.proxy(takeStatus));
  const byAddress = (address: string): Running<Boot, Management> | undefined =>
    [...running.values()].find(({ boot }) => boot.address === address);
  const connect = (a: Running<Boot, Management>, b: Running<Boot, Management>): void => {
    const { port1, port2 } = new MessageChannel();
    a.links.add(b.boot.address);
    b.links.add(a.boot.address);
    void a.remote.connect(b.boot.machine, b.boot.address, b.boot.incarnation, Comlink.transfer(port1, [port1]));
    void b.remote.connect(a.boot.machine, a.boot.address, a.boot.incarnation, Comlink.transfer(port2, [port2]));
  };
  const cut = (name: string, reason = `${name} was switched off`): Running<Boot, Management> | undefined => {
    const machine = running.get(name);
    if (!machine) return undefined;
    running.delete(name);
    machine.worker.terminate();
    machine.calls.fail(new Error(reason));
    void clock.detach(name);
    for (const address of machine.links) {
      const peer = byAddress(address);
      if (!peer) continue;
      peer.links.delete(machine.boot.address);
      void peer.remote.disconnect(machine.boot.address);
    }
    return machine;
  };
  const die = (name: string, worker: Worker, reason: string): void => {
    if (running.get(name)?.worker !== worker) return;
    cut(name, `${name} died: ${reason}`);
    onDied(name, reason);
  };
  return {
    async powerOn(boot: Boot): Promise<Management> {
      const worker = options.startWorker(entryOf[boot.role] ?? 'machine', boot.machine);
      worker.onerror = (event) => die(boot.machine, worker, event.message || 'the worker could not be started');
      worker.onmessageerror = () => die(boot.machine, worker, 'the worker sent what cannot be read');
      const remote = Comlink.wrap<WorkerMachine<Boot>>(worker);
      const calls = createOpenCalls();
      const machine: Running<Boot, Management> = {
        boot,
        worker,
        remote,
        management: withCallbacks<Management>(remote, calls),
        calls,
        links: new Set(),
      };
      running.set(boot.machine, machine);
      void clock.expect(boot.machine);
      const time = new MessageChannel();
      const telemetry = new MessageChannel();
      telemetry.port1.onmessage = ({ data }: MessageEvent<Batch>) => onTelemetry(data);
      const bootedLabMs = (await withinDeadline(clock.status(), 'the keeper of time')).labMs;
      const requestLink = (address: string): void => {
        const target = byAddress(address);
        if (target && running.get(boot.machine) === machine && !machine.links.has(address)) connect(machine, target);
      };
      const ports = { time: time.port1, telemetry: telemetry.port2 };
      await withinDeadline(
        calls.track(
          remote.boot(
            boot as never,
            bootedLabMs,
            Comlink.transfer(ports, [time.port1, telemetry.port2]),
            Comlink.proxy(requestLink),
            Comlink.proxy((message: string) => onTrouble({ machine: boot.machine, message })),
          ),
        ),
        `${boot.machine} boots`,
      ).catch((error: unknown) => {
        // Time must not wait for what did not boot.
        void clock.detach(boot.machine);
        throw error;
      });
      await clock.attach(boot.machine, Comlink.transfer(time.port2, [time.port2]));
      // Peers that have packets waiting for this machine asked for a link while it was off.
      for (const peer of running.values()) if (peer !== machine && !machine.links.has(peer.boot.address)) connect(machine, peer);
      return machine.management;
    },
    powerOff: (name: string): void => void cut(name),
    time: {
      setRate: async (rate: number): Promise<void> => {
        await clock.setRate(rate);
        takeStatus(await clock.status());
      },
      setHurry: async (hurry: boolean): Promise<void> => {
        await clock.setHurry(hurry);
        takeStatus(await clock.status());
      },
      step: async (ms: number): Promise<void> => {
        await clock.step(ms);
        takeStatus(await clock.status());
      },
      /** The newest status, with lab time reckoned on where machines run freely. */
      status: (): TimeStatus =>
        status.mode === 'free' ? { ...status, labMs: status.labMs + (performance.now() - statusAtMs) * status.rate } : status,
      onStatus: (listener: (status: TimeStatus) => void): void => void (onStatus = listener),
    },
    onTelemetry: (listener: (batch: Batch) => void): void => void (onTelemetry = listener),
    onTrouble: (listener: (trouble: { machine: string; message: string }) => void): void => void (onTrouble = listener),
    onDied: (listener: (name: string, reason: string) => void): void => void (onDied = listener),
    wipe: async (cluster: string, machines: readonly string[]): Promise<void> => {
      await Promise.all(
        machines.map(
          (machine) =>
            new Promise<void>((resolve, reject) => {
              const request = indexedDB.deleteDatabase(databaseName(cluster, machine));
              request.onsuccess = () => resolve();
              request.onerror = () => reject(request.error ?? new Error(`the database of ${machine} could not be deleted`));
            }),
        ),
      );
    },
    close(): void {
      for (const name of [...running.keys()]) cut(name);
      clockWorker.terminate();
    },
  };
}
