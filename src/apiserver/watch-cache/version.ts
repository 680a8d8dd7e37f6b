/**
 * One version of an object in a watch cache, and one change of it. Both are encoded once, whoever asks, so that a thousand
 * watchers get the same string.
 */
import type { KubeObject, WatchEventType } from '#apimachinery';
import { withResourceVersion } from '../store/codec.ts';

/** A version of an object; read-only for everyone. */
export interface Version {
  readonly key: string;
  readonly object: Readonly<KubeObject>;
  readonly revision: number;
  /** Its JSON, made at the first call. */
  json(): string;
}

/** Makes a version of a decoded object. */
export function versionOf(key: string, object: KubeObject, revision: number): Version {
  let encoded: string | undefined;
  return { key, object, revision, json: () => (encoded ??= JSON.stringify(object)) };
}

/** A change: `before` undefined for a creation, `after` undefined for a deletion. */
export interface Change {
  readonly revision: number;
  readonly before: Version | undefined;
  readonly after: Version | undefined;
  /** The line a watcher gets that sees this change as `type`. */
  line(type: WatchEventType): string;
  /** What a watcher that loses the object is shown: its last state, with the revision of the change. */
  lost(): Readonly<KubeObject>;
}

/** Makes a change. */
export function changeOf(revision: number, before: Version | undefined, after: Version | undefined): Change {
  const lines = new Map<WatchEventType, string>();
  let lostObject: KubeObject | undefined;
  const lost = (): KubeObject => (lostObject ??= withResourceVersion((before ?? after)!.object as KubeObject, String(revision)));
  return {
    revision,
    before,
    after,
    lost,
    line(type) {
      let line = lines.get(type);
      if (line === undefined) {
        const json = type === 'DELETED' || !after ? JSON.stringify(lost()) : after.json();
        line = `{"type":"${type}","object":${json}}\n`;
        lines.set(type, line);
      }
      return line;
    },
  };
}
