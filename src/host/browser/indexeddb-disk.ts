/**
 * The disk in the browser: one IndexedDB database per machine, strict durability. A write is acknowledged at its transaction's
 * complete event. A fencing number, raised at each power-on and checked in every write, keeps two lives of a machine apart.
 */
import { openDB, unwrap, type DBSchema, type IDBPDatabase } from 'idb';
import { DiskError, type Disk, type DiskErrorCode, type Log, type LogBatch, type Records } from '../disk.ts';
import { hashText } from '../random.ts';

interface StoredBatch {
  readonly firstIndex: number;
  readonly entries: readonly string[];
  readonly meta: string;
  readonly checksum: number;
}

interface Schema extends DBSchema {
  /** Key: [log, sequence]. */
  log: { key: [string, number]; value: StoredBatch };
  /** Key: [record set, key]. */
  records: { key: [string, string]; value: string };
  fence: { key: string; value: number };
}

/** The version of the stored form; another form gets another database name, never an upgrade in place. */
const FORMAT = 1;
const MAX_KEY = '\uffff';

const checksumOf = (batch: LogBatch): number =>
  batch.entries.reduce((sum, entry) => hashText(entry, sum), hashText(batch.meta, batch.firstIndex >>> 0));

/** Where a batch of a log ends: its last index and one. */
interface BatchEnd {
  readonly sequence: number;
  readonly end: number;
}
const endOf = ({ firstIndex, entries }: LogBatch): number => firstIndex + entries.length;

/** Name of a machine's database. */
export const databaseName = (cluster: string, machine: string): string => `tabernetes/${cluster}/${machine}`;

/** What the lab may do to a disk in the browser. */
export type BrowserDiskFault = 'none' | 'full' | 'slow' | 'read-only' | 'corrupt-tail';

/** A disk and its faults. */
export interface IndexedDbDisk extends Disk {
  setFault(fault: BrowserDiskFault): void;
  close(): void;
}

const SLOW_MS = 400;

function toDiskError(error: unknown): DiskError {
  if (error instanceof DiskError) return error;
  const name = error instanceof DOMException ? error.name : '';
  const code: DiskErrorCode = name === 'QuotaExceededError' ? 'full' : 'failed';
  const detail = error instanceof Error ? error.message : String(error);
  return new DiskError(code, code === 'full' ? 'no space left on device' : `input/output error: ${detail}`);
}

/** Opens the database of a machine and takes it over from any earlier life. Rejects with DiskError. */
export async function openIndexedDbDisk(cluster: string, machine: string, onLost: (reason: string) => void): Promise<IndexedDbDisk> {
  let fault: BrowserDiskFault = 'none';
  const database: IDBPDatabase<Schema> = await openDB<Schema>(databaseName(cluster, machine), FORMAT, {
    upgrade(fresh) {
      fresh.createObjectStore('log');
      fresh.createObjectStore('records');
      fresh.createObjectStore('fence');
    },
    blocking: () => {
      database.close();
      onLost('another tab deletes or upgrades the database of this machine');
    },
    terminated: () => onLost('the browser closed the database of this machine'),
  }).catch((error: unknown) => {
    throw toDiskError(error);
  });
  const raise = database.transaction('fence', 'readwrite', { durability: 'strict' });
  const fence = ((await raise.store.get('life')) ?? 0) + 1;
  void raise.store.put(fence, 'life');
  await raise.done;
  const nextSequence = new Map<string, Promise<number>>();
  const sequenceOf = (log: string): Promise<number> => {
    const known =
      nextSequence.get(log) ??
      database.getAllKeys('log', IDBKeyRange.bound([log, -1], [log, Infinity])).then((keys) => (keys.at(-1)?.[1] ?? 0) + 1);
    nextSequence.set(
      log,
      known.then((sequence) => sequence + 1),
    );
    return known;
  };
  const ends = new Map<string, Promise<BatchEnd[]>>();
  /** Reads a log. Transactions take effect in the order they are made in, so from now on every append is noted in `ends`. */
  const look = (log: string): Promise<readonly [keys: [string, number][], batches: StoredBatch[]]> => {
    const { store } = database.transaction('log');
    const range = IDBKeyRange.bound([log, -1], [log, Infinity]);
    const found = Promise.all([store.getAllKeys(range), store.getAll(range)]);
    if (ends.has(log)) return found;
    const known = found.then(([keys, batches]) => keys.map(([, sequence], at) => ({ sequence, end: endOf(batches[at]!) })));
    ends.set(log, known);
    known.catch(() => ends.delete(log));
    return found;
  };
  const endsOf = async (log: string): Promise<BatchEnd[]> => {
    if (!ends.has(log)) await look(log);
    return ends.get(log)!;
  };
  /**
   * One transaction, by the browser's own interface: a write-ahead log makes hundreds in a boot. The fence is read first; where it is ours the
   * transaction is committed at once, without waiting to hear of each request, and any request that fails aborts it with its reason.
   */
  const write = async (name: 'log' | 'records', act: (store: IDBObjectStore) => unknown): Promise<void> => {
    if (fault === 'full') throw new DiskError('full', 'no space left on device');
    if (fault === 'read-only') throw new DiskError('read-only', 'read-only file system');
    if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    return new Promise((resolve, reject) => {
      try {
        const transaction = unwrap(database).transaction([name, 'fence'], 'readwrite', { durability: 'strict' });
        let isFenced = false;
        const fenced = transaction.objectStore('fence').get('life');
        fenced.onsuccess = () => {
          isFenced = fenced.result !== fence;
          if (isFenced) transaction.abort();
          else transaction.commit();
        };
        transaction.oncomplete = () => resolve();
        transaction.onabort = () =>
          reject(isFenced ? new DiskError('fenced', 'another life of this machine owns the disk') : toDiskError(transaction.error));
        act(transaction.objectStore(name));
      } catch (error) {
        reject(toDiskError(error));
      }
    });
  };
  const log = (name: string): Log => ({
    async append(firstIndex, entries, meta) {
      const batch: LogBatch = { firstIndex, entries, meta };
      const sequence = await sequenceOf(name);
      const known = ends.get(name);
      await write('log', (store) => store.put({ ...batch, checksum: checksumOf(batch) } satisfies StoredBatch, [name, sequence]));
      (await known)?.push({ sequence, end: endOf(batch) });
    },
    async compactTo(index) {
      const held = await endsOf(name);
      // From the oldest on, and never the newest, which holds the newest state.
      let count = 0;
      while (count < held.length - 1 && held[count]!.end <= index) count++;
      if (count === 0) return;
      const dropped = IDBKeyRange.bound([name, -1], [name, held[count - 1]!.sequence]);
      await write('log', (store) => store.delete(dropped));
      held.splice(0, count);
    },
    async read() {
      const [, batches] = await look(name).catch((error: unknown) => {
        throw toDiskError(error);
      });
      const last = batches.at(-1);
      if (fault === 'corrupt-tail' && last) batches[batches.length - 1] = { ...last, checksum: last.checksum ^ 1 };
      for (const batch of batches)
        if (batch.checksum !== checksumOf(batch)) throw new DiskError('corrupt', `checksum mismatch in ${name} at ${batch.firstIndex}`);
      return batches.map(({ firstIndex, entries, meta }) => ({ firstIndex, entries, meta }));
    },
  });
  const records = (set: string): Records => {
    const below = (prefix: string): IDBKeyRange => IDBKeyRange.bound([set, prefix], [set, prefix + MAX_KEY]);
    return {
      get: (key) => database.get('records', [set, key]),
      async keys(prefix) {
        return (await database.getAllKeys('records', below(prefix))).map(([, key]) => key);
      },
      async entries(prefix) {
        const [keys, values] = await Promise.all([
          database.getAllKeys('records', below(prefix)),
          database.getAll('records', below(prefix)),
        ]);
        return new Map(keys.map(([, key], at) => [key, values[at]!]));
      },
      put: (entries) =>
        write('records', (store) => {
          for (const [key, value] of Object.entries(entries))
            if (value === undefined) store.delete([set, key]);
            else store.put(value, [set, key]);
        }),
    };
  };
  return {
    log,
    records,
    remove: async (name) => {
      nextSequence.delete(name);
      ends.delete(name);
      await write('log', (store) => store.delete(IDBKeyRange.bound([name, -1], [name, Infinity])));
      await write('records', (store) => store.delete(below0(name)));
    },
    setFault(newFault) {
      fault = newFault;
    },
    close: () => database.close(),
  };
}

const below0 = (set: string): IDBKeyRange => IDBKeyRange.bound([set, ''], [set, MAX_KEY]);
