/**
 * Messages between members: one stream per direction and peer on port 2380, redialled with growing pauses, silent streams given up.
 * Messages that cannot leave are dropped and reported; Raft sends again. After etcd's rafthttp, whose snapshot channel has no
 * counterpart: a snapshot is a message like others.
 */
import type { raftPeer } from '#contracts';
import { createRpcClient, type Clock, type DialOptions, type Network, type Random, type RpcClient, type RpcStream } from '#host';
import type { Message, RaftId } from '#raft';
import { isEtcdError } from './errors.ts';
import { urlTarget } from './identity.ts';

type PeerEnvelope = raftPeer.PeerEnvelope;

/** A peer that says nothing for so long is taken for gone, as is a stream that takes nothing (etcd's ConnReadTimeout). */
export const PEER_SILENCE_MS = 5_000;
/** An idle stream carries a sign of life that often. */
const LINK_HEARTBEAT_MS = PEER_SILENCE_MS / 3;
/** Envelopes that may wait for one peer. */
const QUEUE_ENVELOPES_MAX = 4_096;
const REDIAL_MS_MIN = 100;
const REDIAL_MS_MAX = 1_000;

/** What the transport tells the member. */
export interface TransportEvents {
  unreachable(peer: RaftId): void;
  snapshotSent(peer: RaftId, status: 'finished' | 'failed'): void;
  /** The peer says that this member was removed from the cluster. */
  removed(): void;
  /** The cluster of the peer is another one, or another fault that someone should see. */
  warning(message: string, peerId: string, error: string): void;
}

/** What the transport stands on. */
export interface TransportSettings {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly dialOptions: DialOptions;
  readonly clusterId: string;
  readonly memberId: string;
  /** Where this member is reached. */
  readonly peerUrls: readonly string[];
}

class Peer {
  /** Since when this peer has been heard of without a pause; undefined: it is silent. */
  activeSinceMs: number | undefined;
  heardMs = -Infinity;
  #stream: RpcStream<unknown, PeerEnvelope> | undefined;
  #client: RpcClient | undefined;
  #queue: PeerEnvelope[] = [];
  #isSending = false;
  /** When the send under way began; undefined between sends. */
  #sendingSinceMs: number | undefined;
  #sentMs = -Infinity;
  #redialMs = REDIAL_MS_MIN;
  #isStopped = false;
  #attempt = 0;

  constructor(
    readonly id: string,
    readonly raftId: RaftId,
    readonly url: string,
    private readonly settings: TransportSettings,
    private readonly events: TransportEvents,
  ) {
    this.#connect();
  }

  #connect(): void {
    if (this.#isStopped) return;
    const attempt = ++this.#attempt;
    const { network, clock, dialOptions } = this.settings;
    const { address, port, isTls } = urlTarget(this.url);
    const client = createRpcClient(network, clock, address, port, { ...(isTls ? dialOptions : {}), timeoutMs: PEER_SILENCE_MS });
    this.#client = client;
    client.stream<unknown, PeerEnvelope>('Raft/Message', { timeoutMs: PEER_SILENCE_MS }).then(
      (stream) => {
        if (attempt !== this.#attempt || this.#isStopped) return stream.cancel();
        this.#stream = stream;
        this.#redialMs = REDIAL_MS_MIN;
        this.#enqueue({ ...this.#envelope([]), peerUrls: this.settings.peerUrls });
        this.#watch(stream, attempt);
      },
      (error: unknown) => this.#lost(attempt, error),
    );
  }

  /** The other side says nothing on this stream but why it ends. */
  #watch(stream: RpcStream<unknown, PeerEnvelope>, attempt: number): void {
    stream.receive().then(
      (word) => (word === undefined ? this.#lost(attempt, new Error('EOF')) : this.#watch(stream, attempt)),
      (error: unknown) => this.#lost(attempt, error),
    );
  }

  #lost(attempt: number, error: unknown): void {
    if (attempt !== this.#attempt || this.#isStopped) return;
    this.#attempt++;
    this.#dropConnection();
    if (isEtcdError(error, 'memberRemoved')) return this.events.removed();
    this.events.warning('lost TCP streaming connection with remote peer', this.id, error instanceof Error ? error.message : String(error));
    const pauseMs = this.#redialMs * (0.75 + this.settings.random.next() / 2);
    this.#redialMs = Math.min(this.#redialMs * 2, REDIAL_MS_MAX);
    this.settings.clock.after(pauseMs, () => this.#connect());
  }

  #dropConnection(): void {
    const hadSnapshot = this.#queue.some(({ messages }) => messages.some((message) => (message as Message).type === 'snapshot'));
    this.#queue = [];
    this.#isSending = false;
    this.#sendingSinceMs = undefined;
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#client?.close();
    this.#client = undefined;
    this.events.unreachable(this.raftId);
    if (hadSnapshot) this.events.snapshotSent(this.raftId, 'failed');
  }

  #envelope(messages: readonly Message[]): PeerEnvelope {
    return { clusterId: this.settings.clusterId, from: this.settings.memberId, to: this.id, messages };
  }

  send(messages: readonly Message[]): void {
    const hasSnapshot = messages.some((message) => message.type === 'snapshot');
    if (!this.#stream || this.#queue.length >= QUEUE_ENVELOPES_MAX) {
      this.events.unreachable(this.raftId);
      if (hasSnapshot) this.events.snapshotSent(this.raftId, 'failed');
      return;
    }
    this.#enqueue(this.#envelope(messages));
  }

  #enqueue(envelope: PeerEnvelope): void {
    this.#queue.push(envelope);
    if (!this.#isSending) void this.#drain(this.#attempt);
  }

  async #drain(attempt: number): Promise<void> {
    this.#isSending = true;
    try {
      while (attempt === this.#attempt && this.#stream && this.#queue.length > 0) {
        const envelope = this.#queue.shift()!;
        this.#sendingSinceMs = this.settings.clock.monotonicMs();
        await this.#stream.send(envelope);
        if (attempt !== this.#attempt) return;
        this.#sendingSinceMs = undefined;
        this.#sentMs = this.settings.clock.monotonicMs();
        if (envelope.messages.some((message) => (message as Message).type === 'snapshot'))
          this.events.snapshotSent(this.raftId, 'finished');
      }
      if (attempt === this.#attempt) this.#isSending = false;
    } catch (error) {
      this.#lost(attempt, error);
    }
  }

  heard(nowMs: number): void {
    this.heardMs = nowMs;
    this.activeSinceMs ??= nowMs;
  }

  tick(nowMs: number): void {
    if (nowMs - this.heardMs > PEER_SILENCE_MS) this.activeSinceMs = undefined;
    const isStuck = this.#sendingSinceMs !== undefined && nowMs - this.#sendingSinceMs > PEER_SILENCE_MS;
    if (isStuck) this.#lost(this.#attempt, new Error('i/o timeout'));
    else if (this.#stream && !this.#isSending && nowMs - this.#sentMs >= LINK_HEARTBEAT_MS) this.#enqueue(this.#envelope([]));
  }

  stop(): void {
    this.#isStopped = true;
    this.#queue = [];
    this.#stream?.end();
    this.#client?.close();
  }
}

/** The streams to all peers. */
export class PeerTransport {
  readonly #peers = new Map<RaftId, Peer>();
  readonly #settings: TransportSettings;
  readonly #events: TransportEvents;

  constructor(settings: TransportSettings, events: TransportEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  /** Opens, or after a change of address reopens, the stream to a peer. */
  setPeer(id: string, raftId: RaftId, peerUrls: readonly string[]): void {
    const url = peerUrls[0];
    const present = this.#peers.get(raftId);
    if (url === undefined || present?.url === url) return;
    present?.stop();
    this.#peers.set(raftId, new Peer(id, raftId, url, this.#settings, this.#events));
  }

  removePeer(raftId: RaftId): void {
    this.#peers.get(raftId)?.stop();
    this.#peers.delete(raftId);
  }

  /** Sends messages, those for one peer together and in order. */
  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const byPeer = new Map<RaftId, Message[]>();
    for (const message of messages) {
      const batch = byPeer.get(message.to);
      if (batch) batch.push(message);
      else byPeer.set(message.to, [message]);
    }
    for (const [raftId, batch] of byPeer) this.#peers.get(raftId)?.send(batch);
  }

  /** A peer was heard of. */
  heard(raftId: RaftId): void {
    this.#peers.get(raftId)?.heard(this.#settings.clock.monotonicMs());
  }

  /** Since when a peer has been heard of without a pause; undefined: it is not. */
  activeSinceMs(raftId: RaftId): number | undefined {
    return this.#peers.get(raftId)?.activeSinceMs;
  }

  /** How many peers are heard of now. */
  get activeCount(): number {
    return [...this.#peers.values()].filter((peer) => peer.activeSinceMs !== undefined).length;
  }

  tick(): void {
    const nowMs = this.#settings.clock.monotonicMs();
    for (const peer of this.#peers.values()) peer.tick(nowMs);
  }

  stop(): void {
    for (const peer of this.#peers.values()) peer.stop();
    this.#peers.clear();
  }
}

/** What a member asks of its transport; the streams above are one body of it. */
export type Transport = Pick<
  PeerTransport,
  'setPeer' | 'removePeer' | 'send' | 'heard' | 'activeSinceMs' | 'activeCount' | 'tick' | 'stop'
>;
