/** Machines in the page's own thread that run nothing but what a test spawns on them. */
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

/** The process of a program that never ends: what the test does in its name comes from outside the machine. */
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
