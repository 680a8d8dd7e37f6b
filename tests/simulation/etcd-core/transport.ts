// The way of a simulated member to its peers: each message for itself, so that they can be lost, repeated and overtaken one by one,
// which is worse than the streams of the real transport.

import type { EtcdMember } from '../../../src/etcd/member.ts';
import { PEER_SILENCE_MS, type Transport } from '../../../src/etcd/peer-transport.ts';
import { isEtcdError } from '../../../src/etcd/errors.ts';
import type { Message, RaftId } from '#raft';
import { urlOf, type Cluster } from './cluster.ts';
import type { Life } from './life.ts';
import type { Mark } from './marks.ts';

/** An idle stream carries a sign of life that often. */
const LINK_HEARTBEAT_MS = PEER_SILENCE_MS / 3;
/** Share of the losses that the transport hears of. */
const NOTICED = 0.3;

interface Peer {
  readonly id: string;
  readonly siteName: string;
  heardMs: number;
  activeSinceMs: number | undefined;
  sentMs: number;
  /** The life of the peer that was told where this member is reached, as the first envelope of a stream tells it. */
  greeted: Life | undefined;
}

const MARK_OF: Partial<Record<Message['type'], Mark>> = {
  snapshot: 'snapshot sent',
  timeoutNow: 'leadership transferred',
  propose: 'proposal passed on to the leader',
  readIndex: 'read passed on to the leader',
};

export class SimulatedTransport implements Transport {
  readonly #peers = new Map<RaftId, Peer>();
  readonly #cluster: Cluster;
  readonly #life: Life;
  readonly #url: string;
  readonly #member: EtcdMember;

  constructor(cluster: Cluster, life: Life, member: EtcdMember) {
    this.#cluster = cluster;
    this.#life = life;
    this.#url = urlOf(life.siteName);
    this.#member = member;
  }

  setPeer(id: string, raftId: RaftId, peerUrls: readonly string[]): void {
    const siteName = this.#cluster.siteOfUrl(peerUrls[0] ?? '')?.name;
    if (siteName === undefined || this.#peers.has(raftId)) return;
    this.#peers.set(raftId, { id, siteName, heardMs: -Infinity, activeSinceMs: undefined, sentMs: -Infinity, greeted: undefined });
  }
  removePeer(raftId: RaftId): void {
    this.#peers.delete(raftId);
  }

  send(messages: readonly Message[]): void {
    if (this.#life.isOver) return;
    for (const message of messages) {
      const peer = this.#peers.get(message.to);
      this.#note(message);
      if (peer) this.#sendOne(peer, message);
    }
  }

  #note(message: Message): void {
    const { marks } = this.#cluster.world;
    const { durable } = this.#life;
    try {
      if (durable) this.#cluster.invariants.sent(message, durable);
    } catch (error) {
      // The member would take it for its own fault.
      this.#cluster.world.fail(error);
    }
    const mark = MARK_OF[message.type];
    if (mark) marks[mark]++;
    else if (message.type === 'preVoteReply' && !message.granted) marks['pre-vote refused']++;
    else if (message.type === 'voteReply' && !message.granted) marks['vote refused']++;
    else if (message.type === 'appendReply' && !message.success) marks['append refused']++;
  }

  #sendOne(peer: Peer, message: Message | undefined): void {
    const { world } = this.#cluster;
    peer.sentMs = world.nowMs;
    let hasArrived = false;
    const lost = (): void => {
      if (hasArrived) return;
      if (message?.type === 'snapshot') {
        world.marks['snapshot lost on the way']++;
        this.#member.raft.reportSnapshot(message.to, 'failed');
      }
      this.#member.raft.reportUnreachable(message?.to ?? 0);
    };
    const later = (act: () => void): void => void world.after(1, () => this.#life.run(act));
    const arrive = (): void => {
      const target = this.#cluster.lifeAt(peer.siteName);
      if (!target?.member) return later(lost);
      hasArrived = true;
      world.trace.addText(message ? `${message.type} ${message.from} ${message.to} ${message.term}` : 'sign of life');
      target.run(() => this.#deliver(target, peer, message));
      if (message?.type === 'snapshot') later(() => this.#member.raft.reportSnapshot(message.to, 'finished'));
    };
    // A stream never repeats what it carries; Raft bears it but for proposals, which nobody tells apart.
    const isUnderWay = world.send(this.#life.siteName, peer.siteName, arrive, message !== undefined && message.type !== 'propose');
    if (!isUnderWay && message && (message.type === 'snapshot' || this.#cluster.chance() < NOTICED)) later(lost);
  }

  #deliver(target: Life, peer: Peer, message: Message | undefined): void {
    const { clusterId, memberId } = this.#member.settings;
    try {
      const greeting = peer.greeted === target ? {} : { peerUrls: [this.#url] };
      peer.greeted = target;
      target.member!.receive({ clusterId, from: memberId, to: peer.id, ...greeting, messages: message ? [message] : [] });
    } catch (error) {
      if (isEtcdError(error, 'memberRemoved')) {
        this.#cluster.world.marks['message of a removed member']++;
        this.#cluster.world.send(target.siteName, this.#life.siteName, () => this.#life.run(() => this.#member.removed()), false);
      } else if (!isEtcdError(error, 'clusterIdMismatch')) {
        this.#cluster.world.fail(error);
      }
    }
  }

  heard(raftId: RaftId): void {
    const peer = this.#peers.get(raftId);
    if (!peer) return;
    peer.heardMs = this.#life.clock.monotonicMs();
    peer.activeSinceMs ??= peer.heardMs;
  }
  activeSinceMs(raftId: RaftId): number | undefined {
    return this.#peers.get(raftId)?.activeSinceMs;
  }
  get activeCount(): number {
    return [...this.#peers.values()].filter((peer) => peer.activeSinceMs !== undefined).length;
  }

  tick(): void {
    const nowMs = this.#life.clock.monotonicMs();
    for (const peer of this.#peers.values()) {
      if (nowMs - peer.heardMs > PEER_SILENCE_MS) peer.activeSinceMs = undefined;
      if (this.#cluster.world.nowMs - peer.sentMs >= LINK_HEARTBEAT_MS) this.#sendOne(peer, undefined);
    }
  }
  stop(): void {
    this.#peers.clear();
  }
}
