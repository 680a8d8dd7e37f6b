// Checks one watch against the history of the store: what etcd promises of every watch (ordered, unique, atomic,
// reliable, resumable, bookmarkable), and that filter and create flag are right.

/** One change of one key, as the store made it and as a watch delivers it. */
export interface WatchEvent {
  readonly rev: number;
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly value?: string;
  /** Of a put: whether the key was not there before. */
  readonly create?: boolean;
}

export interface WatchRequest {
  /** Keys that start with it are watched; '' watches all. */
  readonly prefix: string;
  /** First revision to be delivered. */
  readonly startRevision: number;
}

/** A response: events, or a progress mark that says nothing at or below it will follow. */
export type WatchResponse = { readonly events: readonly WatchEvent[] } | { readonly progress: number };

export type WatchGuarantee = 'ordered' | 'unique' | 'atomic' | 'reliable' | 'resumable' | 'bookmarkable' | 'filter' | 'create';

/** The first promise that a stream breaks. */
export interface WatchViolation {
  readonly guarantee: WatchGuarantee;
  readonly text: string;
}

/**
 * The first violation, undefined if there is none. The history holds every change by revision. A stream may end
 * before the history does, but not within a revision.
 */
export function checkWatch(
  history: readonly WatchEvent[],
  request: WatchRequest,
  stream: readonly WatchResponse[],
): WatchViolation | undefined {
  return new WatchCheck(history, request).run(stream);
}

class WatchCheck {
  readonly #request: WatchRequest;
  /** What has to be delivered, in order. */
  readonly #due: readonly WatchEvent[];
  /** How many of them were delivered. */
  #delivered = 0;
  #lastRevision = 0;
  #progress = 0;
  readonly #seen = new Set<string>();

  constructor(history: readonly WatchEvent[], request: WatchRequest) {
    this.#request = request;
    this.#due = history.filter(({ rev, key }) => rev >= request.startRevision && key.startsWith(request.prefix));
  }

  run(stream: readonly WatchResponse[]): WatchViolation | undefined {
    for (const response of stream) {
      const violation = 'progress' in response ? this.#takeProgress(response.progress) : this.#takeEvents(response.events);
      if (violation !== undefined) return violation;
    }
    return undefined;
  }

  #takeProgress(revision: number): WatchViolation | undefined {
    const next = this.#due[this.#delivered];
    if (next !== undefined && next.rev <= revision) {
      return broken('reliable', `revision ${next.rev} is missing before the progress mark ${revision}`);
    }
    if (revision < this.#progress) return broken('bookmarkable', `progress went back from ${this.#progress} to ${revision}`);
    this.#progress = revision;
    return undefined;
  }

  #takeEvents(events: readonly WatchEvent[]): WatchViolation | undefined {
    for (const event of events) {
      const violation = this.#takeEvent(event);
      if (violation !== undefined) return violation;
    }
    const last = events.at(-1);
    const next = this.#due[this.#delivered];
    if (last !== undefined && next !== undefined && next.rev === last.rev) {
      return broken('atomic', `revision ${last.rev} is split over two responses`);
    }
    return undefined;
  }

  #takeEvent(event: WatchEvent): WatchViolation | undefined {
    const { rev, key } = event;
    const name = `${rev}/${key}`;
    if (!key.startsWith(this.#request.prefix)) return broken('filter', `${name} was not asked for`);
    if (rev < this.#request.startRevision) return broken('resumable', `${name} is older than the start revision`);
    if (this.#seen.has(name)) return broken('unique', `${name} came twice`);
    if (rev <= this.#progress) return broken('bookmarkable', `${name} came after the progress mark ${this.#progress}`);
    if (rev < this.#lastRevision) return broken('ordered', `${name} came after revision ${this.#lastRevision}`);
    const due = this.#due[this.#delivered];
    if (due === undefined) return broken('reliable', `${name} never happened`);
    if (due.rev !== rev || due.key !== key) return this.#outOfStep(event, due);
    if (due.type !== event.type || due.value !== event.value) return broken('reliable', `${name} differs from what happened`);
    if (event.type === 'put' && (due.create ?? false) !== (event.create ?? false))
      return broken('create', `${name} has the wrong create flag`);
    this.#seen.add(name);
    this.#lastRevision = rev;
    this.#delivered++;
    return undefined;
  }

  #outOfStep(event: WatchEvent, due: WatchEvent): WatchViolation {
    const text = `${event.rev}/${event.key} came where ${due.rev}/${due.key} was due`;
    if (this.#delivered === 0) return broken('resumable', text);
    const isLaterDue = this.#due.some(({ rev, key }) => rev === event.rev && key === event.key);
    return broken(isLaterDue && due.rev === event.rev ? 'ordered' : 'reliable', text);
  }
}

function broken(guarantee: WatchGuarantee, text: string): WatchViolation {
  return { guarantee, text };
}
