/** What the entries of machines share: boots a browser machine on the first call and answers the management channel over comlink. */
import * as Comlink from 'comlink';
import { takeBatch, type MachineControl } from '#cluster';
import type { management } from '#contracts';
import type { Machine } from '#host';
import { createBrowserMachine, type BrowserMachine } from '#host/browser';

/** Real milliseconds between two telemetry messages of a machine at least: the page shows what it hears a few times a second. */
const TELEMETRY_EVERY_MS = 100;

function sendTelemetry({ machine }: BrowserMachine, incarnation: number, bootedMs: number, port: MessagePort): void {
  let isScheduled = false;
  machine.onTelemetry(() => {
    if (isScheduled) return;
    isScheduled = true;
    // eslint-disable-next-line no-restricted-globals -- real time: the lab is shown at the reader's pace, whatever the machine's clock does
    setTimeout(() => {
      isScheduled = false;
      const batch = takeBatch(machine, incarnation, bootedMs);
      if (batch) port.postMessage(batch);
    }, TELEMETRY_EVERY_MS);
  });
}

/** Calls a method and lets go of the callbacks that came with it when it has settled; those of a terminal go with its exit. */
function releasing<Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  return (...args) =>
    method(...args).finally(() => {
      for (const argument of args)
        if (typeof argument === 'function') (argument as unknown as Comlink.ProxyMethods)[Comlink.releaseProxy]();
    });
}

/** Exposes one machine, which does not run until `boot` is called; `start` starts what its kind runs. */
export function exposeMachine(start: (machine: Machine, boot: management.BootMessage) => Promise<MachineControl>): void {
  let host: BrowserMachine | undefined;
  let control: MachineControl | undefined;
  const booted = (): { host: BrowserMachine; control: MachineControl } => {
    if (!host || !control) throw new Error('this machine has not booted');
    return { host, control };
  };
  /** Whatever the lab asks may start work that no frame or timer began; a turn of the queue makes it count. */
  const nudge = <T>(answer: Promise<T>): Promise<T> => {
    host?.machine.queue.enqueue(() => undefined);
    return answer;
  };
  const waitingLinks = new Map<string, { incarnation: number; port: MessagePort }>();
  const api = {
    async boot(
      boot: management.BootMessage,
      bootedLabMs: number,
      ports: { time: MessagePort; telemetry: MessagePort },
      requestLink: (address: string) => void,
      onTrouble: (message: string) => void,
    ): Promise<void> {
      const made = await createBrowserMachine({ ...boot, name: boot.machine, bootedLabMs, requestLink, onTrouble });
      host = made;
      sendTelemetry(made, boot.incarnation, bootedLabMs, ports.telemetry);
      for (const [address, { incarnation, port }] of waitingLinks) made.connect(address, incarnation, port);
      waitingLinks.clear();
      control = await start(made.machine, boot);
      const { run, fetch } = control;
      Object.assign(api, control, run && { run: releasing(run) }, fetch && { fetch: releasing(fetch) }, {
        signal: (component: string | undefined, signal: Parameters<MachineControl['signal']>[1]) =>
          nudge(booted().control.signal(component, signal)),
      });
      made.attachTime(ports.time);
    },
    connect(_peer: string, peerAddress: string, incarnation: number, port: MessagePort): void {
      if (host) host.connect(peerAddress, incarnation, port);
      else waitingLinks.set(peerAddress, { incarnation, port });
    },
    disconnect(peerAddress: string): void {
      waitingLinks.delete(peerAddress);
      host?.disconnect(peerAddress);
    },
    linkFault: (peerAddress: string, fault: management.LinkFault): void => {
      booted().host.machine.card.setFault(peerAddress, fault);
      booted().host.machine.queue.enqueue(() => undefined);
    },
    diskFault: (fault: Parameters<BrowserMachine['setDiskFault']>[0]): void => booted().host.setDiskFault(fault),
  };
  Comlink.expose(api);
}
