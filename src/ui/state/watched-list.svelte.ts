/**
 * One resource of the API server, listed and then watched through `lab.fetch`, as any client would. When the server is away it says
 * so and tries again when nudged, less often each time; what was last seen stays on screen.
 */
import { SvelteMap } from 'svelte/reactivity';
import type { Lab } from '#lab';
import type { Batched, FrameBatch } from './frame-batch.ts';
import { Gathered } from './gathered.ts';
import { readJsonLines } from './json-lines.ts';
import { goneKeys, keyOf, type KubeObject } from './objects.ts';

/** Nudges that pass before another try at the most. */
const NUDGES_BETWEEN_TRIES_MAX = 8;

interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject & { readonly code?: number; readonly message?: string };
}

interface ListBody<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

/** The server has forgotten where the watch stood; the list has to be read anew. */
class Expired extends Error {}

/** How a list is asked for, and how objects are found in its answer and in a watch event. */
export interface ListForm<T> {
  readonly accept: string;
  items(body: unknown): readonly T[];
  changed(object: unknown): readonly T[];
}

/** Objects as they are. */
const wholeObjects = <T>(): ListForm<T> => ({
  accept: 'application/json',
  items: (body) => (body as ListBody<T>).items,
  changed: (object) => [object as T],
});

/** How a list is asked for and shown. */
interface WatchedListOptions<T extends KubeObject> {
  readonly form?: ListForm<T>;
  /** When changes are shown. */
  readonly batched: Batched;
}

/** The objects of one path (with or without a query), kept up to date. */
export class WatchedList<T extends KubeObject> {
  readonly items = new SvelteMap<string, T>();
  /** waiting: never heard; watching: up to date; broken: the server does not answer. */
  state = $state<'waiting' | 'watching' | 'broken'>('waiting');
  problem = $state('');
  readonly #path: string;
  #abort: AbortController | undefined;
  #wake: (() => void) | undefined;
  #nudges = 0;
  #wait = 1;
  /** Last word on each object since it was last shown; `undefined` for one that is gone. */
  readonly #changed = new Gathered<T | undefined>();
  readonly #batch: FrameBatch;

  readonly #form: ListForm<T>;

  constructor(path: string, { form = wholeObjects(), batched }: WatchedListOptions<T>) {
    this.#path = path;
    this.#form = form;
    this.#batch = batched(() => this.#show());
  }

  /** Begins, or begins anew with another cluster. */
  start(fetch: Lab['fetch']): void {
    this.stop();
    this.items.clear();
    this.state = 'waiting';
    this.#abort = new AbortController();
    void this.#run(fetch, this.#abort.signal);
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#wake?.();
    this.#batch.cancel();
    this.#changed.take();
  }

  /** Something happened, or a second went by: a good time to try again. `atOnce` when the server is known to be back. */
  nudge(atOnce = false): void {
    this.#nudges++;
    if (!this.#wake || (!atOnce && this.#nudges < this.#wait)) return;
    this.#wake();
  }

  async #run(fetch: Lab['fetch'], signal: AbortSignal): Promise<void> {
    let version: string | undefined;
    while (!signal.aborted) {
      try {
        version ??= await this.#list(fetch, signal);
        version = await this.#watch(fetch, version, signal);
        this.#wait = 1;
      } catch (error) {
        if (signal.aborted) return;
        version = undefined;
        if (error instanceof Expired) continue;
        this.state = this.state === 'waiting' ? 'waiting' : 'broken';
        this.problem = error instanceof Error ? error.message : String(error);
        await this.#nudged();
      }
    }
  }

  #nudged(): Promise<void> {
    this.#nudges = 0;
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        this.#wait = Math.min(this.#wait * 2, NUDGES_BETWEEN_TRIES_MAX);
        resolve();
      };
    });
  }

  async #list(fetch: Lab['fetch'], signal: AbortSignal): Promise<string> {
    const response = await fetch(this.#path, { signal, headers: { accept: this.#form.accept } });
    if (!response.ok) throw new Error(`${this.#path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    const body = (await response.json()) as ListBody<T>;
    const items = this.#form.items(body);
    for (const key of goneKeys(this.items.keys(), items)) this.#changed.set(key, undefined);
    for (const item of items) this.#changed.set(keyOf(item), item);
    this.#batch.request();
    this.state = 'watching';
    this.problem = '';
    return body.metadata.resourceVersion;
  }

  /** Follows the watch to its end; the version it reached. */
  async #watch(fetch: Lab['fetch'], from: string, signal: AbortSignal): Promise<string> {
    let version = from;
    const response = await fetch(
      `${this.#path}${this.#path.includes('?') ? '&' : '?'}watch=1&allowWatchBookmarks=true&resourceVersion=${from}`,
      {
        signal,
        headers: { accept: this.#form.accept },
      },
    );
    if (response.status === 410) throw new Expired('expired');
    if (!response.ok || !response.body) throw new Error(`${this.#path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    for await (const line of readJsonLines(response.body)) {
      const { type, object } = line as WatchLine;
      if (type === 'ERROR')
        throw object.code === 410 ? new Expired('expired') : new Error(object.message ?? 'the watch ended with an error');
      const items = type === 'BOOKMARK' ? [] : this.#form.changed(object);
      version = object.metadata.resourceVersion || items.at(-1)?.metadata.resourceVersion || version;
      for (const item of items) this.#changed.set(keyOf(item), type === 'DELETED' ? undefined : item);
      this.#batch.request();
    }
    return version;
  }

  #show(): void {
    for (const [key, item] of this.#changed.take()) {
      if (item === undefined) this.items.delete(key);
      else if (this.items.get(key)?.metadata.resourceVersion !== item.metadata.resourceVersion) this.items.set(key, item);
    }
  }
}
