/** What a Redis server keeps in its directory: dump.rdb by save points, SAVE and shutdown, and the append-only file where it is on. */
import type { Clock, Files, Stop } from '#host';
import { encodeCommand, respReader, type Reply } from './resp.ts';
import type { ServerState } from './server-state.ts';

/** The files of one server. */
export interface Persistence {
  /** Reads what is there; answers what the log says of it, undefined where there is nothing. Throws an Error where a file does not read. */
  load(replay: (words: readonly string[]) => void): string | undefined;
  /** Writes dump.rdb. Throws as the file system does. */
  save(): void;
  /** A command has changed keys. */
  written(words: readonly string[]): void;
  /** Looks at the save points from time to time; `onSave` hears of a save with the words of the log. */
  watch(clock: Clock, onSave: (text: string) => void): Stop;
}

const LOOK_EVERY_MS = 10_000;

/** Files in `config`'s dir. */
export function createPersistence(files: Files, state: () => ServerState, nowMs: () => number): Persistence {
  const setting = (name: string): string => state().config.get(name) ?? '';
  const dumpPath = (): string => `${setting('dir')}/${setting('dbfilename')}`;
  const logPath = (): string => `${setting('dir')}/${setting('appenddirname')}/${setting('appendfilename')}.1.incr.aof`;
  const isAppending = (): boolean => setting('appendonly') === 'yes';
  const save = (): void => {
    if (!files.stat(setting('dir'))) files.makeDirectory(setting('dir'), { recursive: true });
    files.write(dumpPath(), state().db.dump());
    state().lastSaveMs = nowMs();
    state().changesSinceSave = 0;
  };
  /** `3600 1 300 100`: seconds and changes by pairs; the first pair that is met. */
  const duePoint = (): readonly [number, number] | undefined => {
    const words = setting('save').split(/\s+/).filter(Boolean).map(Number);
    for (let at = 0; at + 1 < words.length; at += 2)
      if (state().changesSinceSave >= words[at + 1]! && nowMs() - state().lastSaveMs >= words[at]! * 1000)
        return [words[at + 1]!, words[at]!];
    return undefined;
  };
  return {
    load(replay) {
      if (isAppending() && files.stat(logPath())) {
        const reader = respReader({ inline: false });
        reader.push(files.readText(logPath()));
        for (let words = reader.next(); words !== undefined; words = reader.next()) replay(words as readonly Reply[] as readonly string[]);
        return 'DB loaded from append only file: 0.000 seconds';
      }
      if (!files.stat(dumpPath())) return undefined;
      state().db.load(files.readText(dumpPath()));
      return 'DB loaded from disk: 0.000 seconds';
    },
    save,
    written(words) {
      state().changesSinceSave++;
      if (!isAppending()) return;
      const directory = `${setting('dir')}/${setting('appenddirname')}`;
      if (!files.stat(directory)) files.makeDirectory(directory, { recursive: true });
      files.append(logPath(), encodeCommand(words));
    },
    watch: (clock, onSave) =>
      clock.every(LOOK_EVERY_MS, () => {
        const point = duePoint();
        if (!point) return;
        onSave(`${point[0]} changes in ${point[1]} seconds. Saving...`);
        save();
        onSave('DB saved on disk');
      }),
  };
}
