/** A disk in memory, for labs that must keep nothing and for browsers that deny storage. A power cut of the worker loses it, and the lab says so. */
import type { Disk } from '../disk.ts';
import { DiskError, type LogBatch } from '../disk.ts';
import type { BrowserDiskFault, IndexedDbDisk } from './indexeddb-disk.ts';

/** An empty disk. */
export function createMemoryDisk(): IndexedDbDisk {
  const logs = new Map<string, LogBatch[]>();
  const sets = new Map<string, Map<string, string>>();
  let fault: BrowserDiskFault = 'none';
  const write = (apply: () => void): Promise<void> => {
    if (fault === 'full') return Promise.reject(new DiskError('full', 'no space left on device'));
    if (fault === 'read-only') return Promise.reject(new DiskError('read-only', 'read-only file system'));
    // A turn of its own, so that an acknowledgement never comes before the caller has gone on, as with a real disk.
    return new Promise((resolve) =>
      setTimeout(() => {
        apply();
        resolve();
      }),
    );
  };
  const setOf = (name: string): Map<string, string> => {
    const known = sets.get(name) ?? new Map<string, string>();
    sets.set(name, known);
    return known;
  };
  const disk: Disk = {
    log: (name) => ({
      append: (firstIndex, entries, meta) => {
        const batch: LogBatch = { firstIndex, entries: [...entries], meta };
        return write(() => {
          const batches = logs.get(name) ?? [];
          logs.set(name, batches);
          batches.push(batch);
        });
      },
      compactTo: (index) =>
        write(() => {
          const batches = logs.get(name) ?? [];
          logs.set(
            name,
            batches.filter((batch, at) => at === batches.length - 1 || batch.firstIndex + batch.entries.length > index),
          );
        }),
      read: async () => [...(logs.get(name) ?? [])],
    }),
    records: (name) => ({
      get: async (key) => setOf(name).get(key),
      keys: async (prefix) => [...setOf(name).keys()].filter((key) => key.startsWith(prefix)).sort(),
      entries: async (prefix) => new Map([...setOf(name)].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))),
      put: (entries) =>
        write(() => {
          for (const [key, value] of Object.entries(entries)) {
            if (value === undefined) setOf(name).delete(key);
            else setOf(name).set(key, value);
          }
        }),
    }),
    remove: (name) =>
      write(() => {
        logs.delete(name);
        sets.delete(name);
      }),
  };
  return { ...disk, setFault: (newFault) => void (fault = newFault), close: () => undefined };
}
