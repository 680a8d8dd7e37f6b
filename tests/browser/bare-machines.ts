/** Machines in the thread that makes them, which run nothing but what a test or a benchmark spawns on them. */
import type { Process } from '#host';
import { createBrowserMachine, type BrowserMachine } from '#host/browser';

/** A machine at `address` with nothing but memory for a disk, whose clock nobody drives yet. */
export const createBareMachine = (address: string, cluster: string): Promise<BrowserMachine> =>
  createBrowserMachine({
    name: address,
    address,
    zone: 'zone-a',
    seed: '1',
    incarnation: 1,
    wallMs: 0,
    cluster,
    storage: 'memory',
    bootedLabMs: 0,
    assets: {},
    requestLink: () => undefined,
    onTrouble: (trouble) => {
      throw new Error(trouble);
    },
  });

/** Lets a machine's clock run with the reader's. */
export function letRun(host: BrowserMachine): void {
  const { port1, port2 } = new MessageChannel();
  host.attachTime(port1);
  port2.postMessage({ kind: 'free', rate: 1, labMs: 0, realMs: performance.timeOrigin + performance.now() });
}

/** The process of a program that never ends: what is done in its name comes from outside the machine. */
export const processOf = (host: BrowserMachine): Promise<Process> =>
  new Promise((resolve) => {
    host.machine.spawn(
      (process) => {
        resolve(process);
        return new Promise(() => undefined);
      },
      { name: 'test', privileged: true },
    );
  });
