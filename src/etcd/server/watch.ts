/** The Watch service: many watches over one stream, with ids, filters, progress, fragments, and cancellation. After etcd's watchServer. */
import type { etcd } from '#contracts';
import { RpcError, type RpcStream } from '#host';
import { etcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import { utf8Length } from '../mvcc/key-range.ts';
import type { StoreEvent } from '../mvcc/version.ts';
import { WatchHub, type WatchBatch, type Watcher } from '../mvcc/watch-hub.ts';

type WatchResponse = etcd.WatchResponse;
type ServerStream = RpcStream<etcd.WatchRequest, WatchResponse>;
/** `requireLeader` stands for the metadata of that name: the stream ends when its member has had no leader for long. */
type CreateRequest = etcd.WatchCreateRequest & { readonly requireLeader?: boolean };

/** Throws where the stream's caller may not read a key or range. */
export type CheckPermitted = (key: string, rangeEnd: string | undefined) => void;

/** Watch id of answers that concern the whole stream. */
const WHOLE_STREAM = -1;
/** Elections without a leader after which streams that require one end. */
const NO_LEADER_ELECTIONS = 3;

interface Watch {
  readonly id: number;
  readonly watcher: Watcher;
  readonly request: CreateRequest;
  /** Whether anything was sent since progress was last looked at. */
  isBusy: boolean;
}

const watchEvent = ({ type, kv, prevKv }: StoreEvent, withPrevKv: boolean): etcd.WatchEvent =>
  withPrevKv && prevKv ? { type, kv, prevKv } : { type, kv };

const eventBytes = ({ kv, prevKv }: etcd.WatchEvent): number =>
  64 + utf8Length(kv.key) + utf8Length(kv.value) + (prevKv ? utf8Length(prevKv.key) + utf8Length(prevKv.value) : 0);

class WatchStream {
  readonly #watches = new Map<number, Watch>();
  /** Watches that may have something to send. */
  readonly #ready = new Set<Watch>();
  /** Answers to requests, which go before events. */
  readonly #answers: WatchResponse[] = [];
  #isProgressAsked = false;
  #nextId = 0;
  #error: Error | undefined;
  #isEnded = false;
  #wakeUp: (() => void) | undefined;

  constructor(
    private readonly member: EtcdMember,
    private readonly hub: WatchHub,
    private readonly stream: ServerStream,
    private readonly checkPermitted: CheckPermitted,
  ) {}

  get requiresLeader(): boolean {
    return [...this.#watches.values()].some(({ request }) => request.requireLeader === true);
  }

  /** Serves until the client ends the stream; throws what must end it otherwise. */
  async serve(): Promise<void> {
    const reading = this.#read().then(
      () => this.#end(undefined),
      (error: unknown) => this.#end(error instanceof Error ? error : new Error(String(error))),
    );
    try {
      await this.#write();
    } finally {
      for (const watch of [...this.#watches.values()]) this.#remove(watch);
    }
    // A fault while writing ends the reading too: the stream is over once this method returns.
    if (this.#error) throw this.#error;
    await reading;
  }

  #end(error: Error | undefined): void {
    this.#isEnded = true;
    this.#error ??= error;
    this.#wake();
  }

  /** Ends the stream with an error for the client. */
  fail(error: Error): void {
    this.#end(error);
  }

  async #read(): Promise<void> {
    for (let request = await this.stream.receive(); request && !this.#isEnded; request = await this.stream.receive()) {
      if ('create' in request) this.#create(request.create);
      else if ('cancel' in request) this.#cancel(request.cancel.watchId);
      else this.#isProgressAsked = true;
      this.#wake();
    }
  }

  #create(request: CreateRequest): void {
    const key = request.key === '' ? '\0' : request.key;
    const { rangeEnd } = request;
    const wanted = request.watchId ?? 0;
    const refuse = (reason: string): number =>
      this.#answers.push({
        header: this.member.header(),
        watchId: wanted,
        created: true,
        canceled: true,
        cancelReason: reason,
        events: [],
      });
    if (rangeEnd !== undefined && rangeEnd !== '' && rangeEnd !== '\0' && rangeEnd <= key)
      return void refuse('mvcc: watcher range is empty');
    const denied = this.#whyDenied(key, rangeEnd);
    if (denied) return void refuse(denied);
    if (wanted !== 0 && this.#watches.has(wanted)) return void refuse('mvcc: duplicate watch ID provided on the WatchStream');
    let id = wanted;
    if (id === 0) {
      while (this.#watches.has(this.#nextId)) this.#nextId++;
      id = this.#nextId++;
    }
    const spec = {
      key,
      rangeEnd,
      startRevision: Math.max(0, request.startRevision ?? 0),
      noPut: request.filters?.includes('NOPUT') ?? false,
      noDelete: request.filters?.includes('NODELETE') ?? false,
    };
    const watch: Watch = { id, request, isBusy: true, watcher: this.hub.add(spec, () => this.#notify(watch)) };
    this.#watches.set(id, watch);
    this.#answers.push({ header: this.member.header(), watchId: id, created: true, events: [] });
    if (watch.watcher.hasMore) this.#ready.add(watch);
  }

  /** Why the caller may not watch, as gRPC writes the error. */
  #whyDenied(key: string, rangeEnd: string | undefined): string | undefined {
    try {
      this.checkPermitted(key, rangeEnd);
      return undefined;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return `rpc error: code = ${error.code} desc = ${error.message}`;
    }
  }

  #notify(watch: Watch): void {
    this.#ready.add(watch);
    this.#wake();
  }

  #cancel(id: number): void {
    const watch = this.#watches.get(id);
    if (!watch) return;
    this.#remove(watch);
    this.#answers.push({ header: this.member.header(), watchId: id, canceled: true, events: [] });
  }

  #remove(watch: Watch): void {
    this.hub.remove(watch.watcher);
    this.#watches.delete(watch.id);
    this.#ready.delete(watch);
  }

  #wake(): void {
    const wakeUp = this.#wakeUp;
    this.#wakeUp = undefined;
    wakeUp?.();
  }

  async #write(): Promise<void> {
    while (!this.#isEnded) {
      for (let answer = this.#answers.shift(); answer; answer = this.#answers.shift()) await this.stream.send(answer);
      // One batch per watch and turn, so that none starves behind another.
      for (const watch of [...this.#ready]) await this.#sendBatch(watch);
      if (this.#answers.length > 0 || this.#ready.size > 0 || this.#isEnded) continue;
      if (this.#isProgressAsked) {
        // Nothing is waiting and everybody is synced, so everything up to this revision has been sent.
        this.#isProgressAsked = false;
        await this.stream.send({ header: this.member.header(), watchId: WHOLE_STREAM, events: [] });
        continue;
      }
      await new Promise<void>((resolve) => (this.#wakeUp = resolve));
    }
  }

  async #sendBatch(watch: Watch): Promise<void> {
    const batch = this.hub.take(watch.watcher);
    if (!watch.watcher.hasMore) this.#ready.delete(watch);
    if (!batch || !this.#watches.has(watch.id)) return;
    if (batch.kind === 'compacted') {
      this.#remove(watch);
      const header = this.member.header();
      return this.stream.send({ header, watchId: watch.id, canceled: true, compactRevision: batch.compactRevision, events: [] });
    }
    watch.isBusy = true;
    for (const response of this.#responses(watch, batch)) await this.stream.send(response);
    this.member.metrics.events.add(batch.events.length);
  }

  #responses({ id, request }: Watch, batch: WatchBatch & { kind: 'events' }): WatchResponse[] {
    const events = batch.events.map((event) => watchEvent(event, request.prevKv ?? false));
    const response = { header: this.member.headerAt(batch.revision), watchId: id, events };
    if (!request.fragment) return [response];
    const pieces: etcd.WatchEvent[][] = [[]];
    let bytes = 0;
    for (const event of events) {
      const size = eventBytes(event);
      if (bytes > 0 && bytes + size > this.member.settings.maxRequestBytes) {
        pieces.push([]);
        bytes = 0;
      }
      pieces.at(-1)!.push(event);
      bytes += size;
    }
    return pieces.map((piece, at) => ({ ...response, events: piece, ...(at < pieces.length - 1 ? { fragment: true } : {}) }));
  }

  /** Tells quiet watches how far they are. */
  notifyProgress(): void {
    for (const watch of this.#watches.values()) {
      if (!watch.request.progressNotify) continue;
      if (!watch.isBusy && watch.watcher.isSynced && !watch.watcher.hasMore)
        this.#answers.push({ header: this.member.header(), watchId: watch.id, events: [] });
      watch.isBusy = false;
    }
    this.#wake();
  }
}

/** All watch streams of a member, and the hub they hear from. */
export class WatchServer {
  readonly #member: EtcdMember;
  readonly #hub: WatchHub;
  readonly #streams = new Set<WatchStream>();
  #electionsWithoutLeader = 0;
  readonly #stops: (() => void)[];

  constructor(member: EtcdMember, progressNotifyMs: number) {
    this.#member = member;
    this.#hub = new WatchHub(member.state.store);
    this.#stops = [
      member.listen({
        requestApplied: (_request, _outcome, events) => {
          if (events.length > 0) this.#hub.publish(member.state.store.revision, events);
        },
        stateReplaced: () => this.#hub.restore(member.state.store),
      }),
      member.clock.every(progressNotifyMs, () => {
        for (const stream of this.#streams) stream.notifyProgress();
      }),
      member.clock.every(member.settings.electionMs, () => this.#checkLeader()),
    ];
  }

  #checkLeader(): void {
    this.#electionsWithoutLeader = this.#member.leaderId === '0' ? this.#electionsWithoutLeader + 1 : 0;
    if (this.#electionsWithoutLeader <= NO_LEADER_ELECTIONS) return;
    for (const stream of this.#streams) if (stream.requiresLeader) stream.fail(etcdError('noLeader'));
  }

  /** Serves one stream until it ends. */
  async serve(stream: ServerStream, checkPermitted: CheckPermitted): Promise<void> {
    const served = new WatchStream(this.#member, this.#hub, stream, checkPermitted);
    this.#streams.add(served);
    this.#countWatchers();
    try {
      await served.serve();
    } finally {
      this.#streams.delete(served);
      this.#countWatchers();
    }
  }

  #countWatchers(): void {
    const { metrics } = this.#member;
    metrics.watchStreams.set(this.#streams.size);
    metrics.watchers.set(this.#hub.size);
    metrics.slowWatchers.set(this.#hub.slowCount);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    for (const stream of this.#streams) stream.fail(etcdError('stopped'));
  }
}
