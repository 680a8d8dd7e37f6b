/** A disk that counts what is under way on it, so that its machine can tell when it is idle. */
import type { Disk } from './disk.ts';

/** A disk and its count. */
export type CountedDisk = Disk & { readonly pendingCount: number };

/** Counts what is under way on a disk, so that idleness can be told. */
export function countingDisk(disk: Disk, onSettled: () => void): CountedDisk {
  let pending = 0;
  const count = <T>(operation: Promise<T>): Promise<T> => {
    pending++;
    const settled = (): void => {
      pending--;
      onSettled();
    };
    operation.then(settled, settled);
    return operation;
  };
  return {
    log(name) {
      const log = disk.log(name);
      return {
        append: (firstIndex, entries, meta) => count(log.append(firstIndex, entries, meta)),
        compactTo: (index) => count(log.compactTo(index)),
        read: () => count(log.read()),
      };
    },
    records(name) {
      const records = disk.records(name);
      return {
        get: (key) => count(records.get(key)),
        put: (entries) => count(records.put(entries)),
        entries: (prefix) => count(records.entries(prefix)),
        keys: (prefix) => count(records.keys(prefix)),
      };
    },
    remove: (name) => count(disk.remove(name)),
    get pendingCount() {
      return pending;
    },
  };
}

/** A disk over a counted one, with its count. */
export const countedAs = (counted: { readonly pendingCount: number }, disk: Disk): CountedDisk => ({
  ...disk,
  get pendingCount() {
    return counted.pendingCount;
  },
});
