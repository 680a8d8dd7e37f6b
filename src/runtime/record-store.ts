/** Records of sandboxes, containers and images in files, one each, so that a restarted containerd knows what it had (its metadata store, bolt in reality). */
import type { Files } from '#host';

/** A set of records by id, in memory and in a directory. */
export interface RecordStore<T extends { readonly id: string }> {
  get(id: string): T | undefined;
  list(): T[];
  put(record: T): void;
  remove(id: string): void;
}

/**
 * Reads the records of a directory; a file that is no record (a torn write before a power cut) is dropped and told. `written` is called
 * after every change: the place to have it synced, as bolt does.
 */
export function openRecordStore<T extends { readonly id: string }>(
  files: Files,
  directory: string,
  onTorn: (path: string) => void,
  written: () => void,
): RecordStore<T> {
  files.makeDirectory(directory, { recursive: true });
  const records = new Map<string, T>();
  for (const name of files.list(directory)) {
    const path = `${directory}/${name}`;
    try {
      const record = JSON.parse(files.readText(path)) as T;
      records.set(record.id, record);
    } catch {
      onTorn(path);
      files.remove(path);
    }
  }
  const pathOf = (id: string): string => `${directory}/${id}.json`;
  return {
    get: (id) => records.get(id),
    list: () => [...records.values()],
    put(record) {
      records.set(record.id, record);
      files.write(pathOf(record.id), JSON.stringify(record));
      written();
    },
    remove(id) {
      if (!records.delete(id)) return;
      if (files.stat(pathOf(id))) files.remove(pathOf(id));
    },
  };
}
