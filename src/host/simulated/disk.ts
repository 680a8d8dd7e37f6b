/**
 * The simulated disk: what is durable outlives the machine; what is under way at a power cut is kept or lost by the seed, whole
 * transactions in order, as IndexedDB does. Faults: full, read-only, slow, failing, and a corrupt tail at the next read.
 */
import { DiskError, type Disk, type Log, type LogBatch, type Records } from '../disk.ts';
import { hashText, type Random } from '../random.ts';
import type { TraceHash } from './plain-clone.ts';

/** What a simulated disk may suffer. */
export type SimulatedDiskFault = 'none' | 'full' | 'slow' | 'read-only' | 'failing' | 'corrupt-tail';

interface StoredBatch extends LogBatch {
  checksum: number;
}

/** What is durable, by log and record set. */
interface Platter {
  readonly logs: Map<string, StoredBatch[]>;
  readonly records: Map<string, Map<string, string>>;
}

/** A disk that outlives its machine's lives. */
export interface SimulatedDisk {
  /** The disk as a life of the machine sees it. */
  readonly disk: Disk;
  setFault(fault: SimulatedDiskFault): void;
  /** The power is cut: a seeded number of the operations under way still reach the platter, the rest is lost. How many reached it. */
  cutPower(): number;
  /** Everything gone, as after «clear site data». */
  wipe(): void;
  readonly writeCount: number;
  /** Writes issued whose completion has not been told. */
  readonly underWayCount: number;
}

/** How long a strict transaction takes, lab milliseconds. */
const WRITE_MS = { least: 0.4, spread: 1.2, slow: 400 } as const;

const checksumOf = (batch: LogBatch): number =>
  batch.entries.reduce((sum, entry) => hashText(entry, sum), hashText(batch.meta, batch.firstIndex >>> 0));

/** A disk whose completions are set on `after` (lab time). */
export function createSimulatedDisk(
  name: string,
  random: Random,
  trace: TraceHash,
  after: (ms: number, run: () => void) => void,
): SimulatedDisk {
  const platter: Platter = { logs: new Map(), records: new Map() };
  let fault: SimulatedDiskFault = 'none';
  let life = 0;
  let writes = 0;
  let underWay: (() => void)[] = [];
  const write = (apply: () => void): Promise<void> => {
    const born = life;
    if (fault === 'full') return Promise.reject(new DiskError('full', 'no space left on device'));
    if (fault === 'read-only') return Promise.reject(new DiskError('read-only', 'read-only file system'));
    return new Promise((resolve, reject) => {
      const failing = fault === 'failing' && random.next() < 0.5;
      underWay.push(apply);
      const delayMs = fault === 'slow' ? WRITE_MS.slow : WRITE_MS.least + random.next() * WRITE_MS.spread;
      after(delayMs, () => {
        if (born !== life) return;
        const at = underWay.indexOf(apply);
        // Operations complete in the order they were issued: one that was overtaken waits for nothing, it was applied with its successor.
        for (const earlier of underWay.splice(0, at + 1)) if (!(failing && earlier === apply)) earlier();
        writes++;
        if (failing) reject(new DiskError('failed', 'input/output error'));
        else resolve();
      });
    });
  };
  const read = <T>(get: () => T): Promise<T> =>
    new Promise<void>((resolve, reject) =>
      after(WRITE_MS.least, () => (fault === 'failing' ? reject(new DiskError('failed', 'input/output error')) : resolve())),
    ).then(get);
  const log = (logName: string): Log => ({
    append(firstIndex, entries, meta) {
      const batch: LogBatch = { firstIndex, entries: [...entries], meta };
      trace.addText(`${name}/${logName}`);
      for (const entry of entries) trace.addText(entry);
      return write(() => {
        const batches = platter.logs.get(logName) ?? [];
        platter.logs.set(logName, batches);
        batches.push({ ...batch, checksum: checksumOf(batch) });
      });
    },
    compactTo: (index) =>
      write(() => {
        const batches = platter.logs.get(logName) ?? [];
        // The newest batch stays whatever it holds: its meta is the newest state.
        const kept = batches.filter((batch, at) => at === batches.length - 1 || batch.firstIndex + batch.entries.length > index);
        platter.logs.set(logName, kept);
      }),
    read: () =>
      read(() => {
        const batches = platter.logs.get(logName) ?? [];
        if (fault === 'corrupt-tail' && batches.length > 0) batches.at(-1)!.checksum ^= 1;
        for (const batch of batches)
          if (batch.checksum !== checksumOf(batch))
            throw new DiskError('corrupt', `checksum mismatch in ${logName} at ${batch.firstIndex}`);
        return batches.map(({ firstIndex, entries, meta }) => ({ firstIndex, entries, meta }));
      }),
  });
  const records = (setName: string): Records => {
    const set = (): Map<string, string> => {
      let stored = platter.records.get(setName);
      if (!stored) platter.records.set(setName, (stored = new Map()));
      return stored;
    };
    return {
      get: (key) => read(() => set().get(key)),
      keys: (prefix) => read(() => [...set().keys()].filter((key) => key.startsWith(prefix)).sort()),
      entries: (prefix) => read(() => new Map([...set()].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)))),
      put(entries) {
        const copy = { ...entries };
        trace.addText(`${name}/${setName}/${Object.keys(copy).join()}`);
        return write(() => {
          for (const [key, value] of Object.entries(copy)) {
            if (value === undefined) set().delete(key);
            else set().set(key, value);
          }
        });
      },
    };
  };
  return {
    disk: {
      log,
      records,
      remove: (removed) =>
        write(() => {
          platter.logs.delete(removed);
          platter.records.delete(removed);
        }),
    },
    setFault(newFault) {
      fault = newFault;
    },
    cutPower() {
      life++;
      const reached = random.below(underWay.length + 1);
      for (const apply of underWay.slice(0, reached)) apply();
      underWay = [];
      return reached;
    },
    wipe() {
      platter.logs.clear();
      platter.records.clear();
    },
    get writeCount() {
      return writes;
    },
    get underWayCount() {
      return underWay.length;
    },
  };
}
