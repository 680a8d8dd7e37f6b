// Watch events: the lines of a watch answer (meta/v1 WatchEvent).
import type { KubeObject, ListMeta } from './meta.ts';
import type { Status } from './status.ts';

/** What happened to an object. */
export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
/** A change of an object. */
export interface ObjectWatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: T;
}
/** Tells only how far the watch has come; the object holds nothing but kind, apiVersion and metadata.resourceVersion. */
export interface BookmarkWatchEvent {
  type: 'BOOKMARK';
  object: { kind: string; apiVersion: string; metadata: ListMeta & { annotations?: Record<string, string> } };
}
/** Ends the watch. */
export interface ErrorWatchEvent {
  type: 'ERROR';
  object: Status;
}
/** One line of a watch. */
export type WatchEvent<T extends KubeObject = KubeObject> = ObjectWatchEvent<T> | BookmarkWatchEvent | ErrorWatchEvent;

/** The annotation of the bookmark that ends the initial list of a streaming watch. */
export const initialEventsEndAnnotation = 'k8s.io/initial-events-end';
