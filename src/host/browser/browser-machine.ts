/** A machine in its worker: the body that stands on MessagePorts, IndexedDB and real time. */
import { createMachine, type Machine, type MachineOptions } from '../machine.ts';
import type { LinkFrame } from '../packets.ts';
import type { Address } from '../network.ts';
import { openIndexedDbDisk, type BrowserDiskFault, type IndexedDbDisk } from './indexeddb-disk.ts';
import { createMemoryDisk } from './memory-disk.ts';
import { createTimeDriver } from './time-driver.ts';

/** What a worker is told to become. */
export interface BrowserMachineOptions extends MachineOptions {
  readonly cluster: string;
  readonly storage: 'indexeddb' | 'memory';
  readonly bootedLabMs: number;
  /** Asset name → absolute URL. */
  readonly assets: Readonly<Record<string, string>>;
  /** Asks the data centre for a link to the machine at an address. */
  readonly requestLink: (address: Address) => void;
  /** Something that ends in a named state: the disk was taken away, storage failed. */
  readonly onTrouble: (trouble: string) => void;
}

/** A machine and the ends of the channels it hangs on. */
export interface BrowserMachine {
  readonly machine: Machine;
  /** `memory` when IndexedDB could not be opened, whatever was asked for. */
  readonly storage: 'indexeddb' | 'memory';
  connect(address: Address, incarnation: number, port: MessagePort): void;
  disconnect(address: Address): void;
  attachTime(port: MessagePort): void;
  setDiskFault(fault: BrowserDiskFault): void;
}

/** Gives back control to the platform: a message to oneself is the quickest macrotask that no timer throttling touches. */
export function messageTurn(): (callback: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    port2.postMessage(undefined);
  };
}

/**
 * The ports to other machines. What leaves for one of them in one stretch of work is one message, since messages cost more than frames.
 * `onSent` is called when such a message has gone.
 */
function createLinks(onSent: () => void) {
  const links = new Map<Address, { readonly port: MessagePort; waiting: LinkFrame[] }>();
  return {
    send(address: Address, frame: LinkFrame): boolean {
      const link = links.get(address);
      if (!link) return false;
      link.waiting.push(frame);
      // The end of this stretch of work, whatever the machine's clock does.
      if (link.waiting.length === 1)
        queueMicrotask(() => {
          const frames = link.waiting;
          link.waiting = [];
          link.port.postMessage(frames);
          onSent();
        });
      return true;
    },
    open(address: Address, port: MessagePort): void {
      links.get(address)?.port.close();
      links.set(address, { port, waiting: [] });
    },
    close(address: Address): void {
      links.get(address)?.port.close();
      links.delete(address);
    },
  };
}

async function openDisk(options: BrowserMachineOptions): Promise<{ disk: IndexedDbDisk; storage: 'indexeddb' | 'memory' }> {
  if (options.storage === 'memory') return { disk: createMemoryDisk(), storage: 'memory' };
  try {
    return { disk: await openIndexedDbDisk(options.cluster, options.name, options.onTrouble), storage: 'indexeddb' };
  } catch (error) {
    options.onTrouble(`storage is not available, this machine runs from memory: ${error instanceof Error ? error.message : String(error)}`);
    return { disk: createMemoryDisk(), storage: 'memory' };
  }
}

/** Switches the machine on in this worker and loads its files. */
export async function createBrowserMachine(options: BrowserMachineOptions): Promise<BrowserMachine> {
  const { disk, storage } = await openDisk(options);
  // What the page or a late asset set off was no turn of the queue, but whoever keeps time must hear of its frames.
  const links = createLinks(() => machine.queue.look());
  const driver = createTimeDriver(() => machine, options.bootedLabMs);
  const assets = new Map<string, Promise<string>>();
  const turn = messageTurn();
  const atTheRightTime = (callback: () => void) => (): void => {
    driver.onWork();
    callback();
  };
  const machine: Machine = createMachine(options, {
    turn: (callback) => turn(atTheRightTime(callback)),
    soon: (callback) => queueMicrotask(atTheRightTime(callback)),
    disk,
    transmit: links.send,
    requestLink: options.requestLink,
    asset(name) {
      const url = options.assets[name];
      if (url === undefined) return Promise.reject(new Error(`no asset ${name}`));
      const known =
        assets.get(name) ??
        fetch(url).then((response) =>
          response.ok ? response.text() : Promise.reject(new Error(`asset ${name}: ${response.status} ${response.statusText}`)),
        );
      assets.set(name, known);
      known.catch(() => assets.delete(name));
      return known;
    },
    onTimerSet: () => driver.onTimerSet(),
    idleWatch: driver.idleWatch,
  });
  await machine.load();
  return {
    machine,
    storage,
    connect(address, incarnation, port) {
      links.open(address, port);
      port.onmessage = ({ data: frames }: MessageEvent<LinkFrame[]>) => {
        machine.queue.inTurn(() => {
          driver.onWork();
          for (const frame of frames) machine.card.arrive(address, frame);
        });
      };
      machine.card.link(address, incarnation);
    },
    disconnect(address) {
      links.close(address);
      machine.card.unlink(address);
      machine.queue.look();
    },
    attachTime: (port) => driver.attach(port),
    setDiskFault: (fault) => disk.setFault(fault),
  };
}
