/**
 * Logs without fsync: an append is acknowledged when the machine has it in memory, and reaches the disk some seconds later, as the page
 * cache of Linux does. A process may die meanwhile and loses nothing; a power cut takes what was not written back.
 */
import { DiskError, type Disk, type Log, type LogBatch } from './disk.ts';
import { WRITE_BACK_MS } from './file-persistence.ts';

interface Cached {
  readonly log: Log;
  waiting: LogBatch[];
  /** Batches on their way to the disk, which a reader must see too. */
  underWay: LogBatch[];
  writing: Promise<void>;
  failure: DiskError | undefined;
}

/** A disk whose logs can be had relaxed; `after` is the machine's clock. What fails while it is written back is told to the next append. */
export function withWriteBack(disk: Disk, after: (ms: number, run: () => void) => void): Disk {
  const cache = new Map<string, Cached>();
  const cachedLog = (name: string): Cached => {
    const known = cache.get(name) ?? { log: disk.log(name), waiting: [], underWay: [], writing: Promise.resolve(), failure: undefined };
    cache.set(name, known);
    return known;
  };
  const writeBack = (cached: Cached): Promise<void> => {
    cached.writing = cached.writing.then(async () => {
      cached.underWay = cached.waiting;
      cached.waiting = [];
      try {
        for (const { firstIndex, entries, meta } of cached.underWay) await cached.log.append(firstIndex, entries, meta);
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        cached.failure = error;
      }
      cached.underWay = [];
    });
    return cached.writing;
  };
  const relaxed = (name: string): Log => {
    const cached = cachedLog(name);
    return {
      append(firstIndex, entries, meta) {
        const { failure } = cached;
        cached.failure = undefined;
        if (failure) return Promise.reject(failure);
        cached.waiting.push({ firstIndex, entries: [...entries], meta });
        if (cached.waiting.length === 1) after(WRITE_BACK_MS, () => void writeBack(cached));
        return Promise.resolve();
      },
      async compactTo(index) {
        await writeBack(cached);
        await cached.log.compactTo(index);
      },
      async read() {
        const stored = await cached.log.read();
        return [...stored, ...cached.underWay, ...cached.waiting];
      },
    };
  };
  return {
    log: (name, durability = 'strict') => (durability === 'relaxed' ? relaxed(name) : disk.log(name)),
    records: (name) => disk.records(name),
    async remove(name) {
      cache.delete(name);
      await disk.remove(name);
    },
  };
}
