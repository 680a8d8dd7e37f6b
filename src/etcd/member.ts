/**
 * One etcd member: the consensus core with its log, its peers and the replicated state, and the calls that the servers make on it:
 * propose, change the membership, wait for a linearizable read. After etcd's EtcdServer and raftNode.
 */
import type { etcd, raftPeer } from '#contracts';
import type { Clock, Random, Telemetry } from '#host';
import type { Message, RaftNode, ReadState, Ready } from '#raft';
import { SimpleTokens } from './auth/simple-tokens.ts';
import { timeoutCause } from './connectivity.ts';
import { EntryApplier, type ApplyListener } from './entry-applier.ts';
import { etcdError } from './errors.ts';
import { LeaseExpiry } from './lease/expiry.ts';
import { LinearizableReads } from './linearizable-reads.ts';
import type { MemberMetrics } from './metrics.ts';
import type { MemberLifecycle } from './member-lifecycle.ts';
import { raftIdOf } from './membership.ts';
import { isLongerThan } from './mvcc/key-range.ts';
import type { Transport } from './peer-transport.ts';
import { Proposals } from './proposals.ts';
import type { ReadyLoop } from './ready-loop.ts';
import { CHANGE_LOGS, encodeRequest, memberChange, type ChangeContext, type LogRequest, type NewRequest } from './requests.ts';
import type { StateMachine } from './state-machine.ts';

/** Committed entries that may wait to be applied before requests are refused (etcd's maxGapBetweenApplyAndCommitIndex). */
const APPLY_GAP_MAX = 5_000;

/** Settings of a running member. */
export interface MemberSettings {
  readonly clusterId: string;
  readonly memberId: string;
  readonly name: string;
  /** What the peers said of it when it joined; its own log, once it has one, knows better. */
  readonly isAnnouncedAsLearner: boolean;
  /** Told to the map, because it breaks etcd's first promise. */
  readonly isFsyncOff: boolean;
  readonly clientUrls: readonly string[];
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly maxRequestBytes: number;
  readonly quotaBytes: number;
}

/** What the member stands on and whom it tells. */
export interface MemberParts {
  readonly settings: MemberSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly metrics: MemberMetrics;
  readonly lifecycle: Pick<MemberLifecycle, 'show' | 'end'>;
}

/** Who wants to know of changes: the watch server. */
export type MemberListener = Pick<ApplyListener, 'requestApplied' | 'stateReplaced'>;

export class EtcdMember {
  readonly settings: MemberSettings;
  readonly applier: EntryApplier;
  readonly expiry = new LeaseExpiry();
  readonly tokens: SimpleTokens;
  /** Resolves with the program's exit code once the member has ended: 0 told to stop or removed, 1 unable to go on. */
  readonly ended: Promise<number>;
  #end!: (code: number) => void;
  readonly #parts: MemberParts;
  readonly #proposals: Proposals;
  readonly #reads: LinearizableReads;
  readonly #listeners = new Set<MemberListener>();
  /** Sets this life's request ids apart from those of all others. */
  readonly #nonce: string;
  #requests = 0;
  #raft!: RaftNode;
  #loop!: ReadyLoop;
  #transport!: Transport;
  #lead = 0;
  #leaderElectedMs = -Infinity;
  #committedInTerm = 0;
  #facts = '';
  #isStopped = false;
  #whenRecovered: (() => void) | undefined;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.settings = parts.settings;
    this.tokens = new SimpleTokens(parts.clock);
    this.#nonce = `${this.settings.memberId}-${[...parts.random.bytes(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    this.applier = new EntryApplier((revision) => this.headerAt(revision), {
      requestApplied: (request, outcome, events) => this.#requestApplied(request, outcome, events),
      changeApplied: (change, error) => this.#changeApplied(change, error),
      stateReplaced: () => this.#stateReplaced(),
    });
    this.#proposals = new Proposals(this.requestTimeoutMs);
    this.#reads = new LinearizableReads(this.#nonce, this.requestTimeoutMs, (ctx) => {
      this.#raft.readIndex(ctx);
      this.#loop.wake();
    });
  }

  /** Hands over the core, its loop and the way to the peers, once they exist. */
  attach(raft: RaftNode, loop: ReadyLoop, transport: Transport): void {
    this.#raft = raft;
    this.#loop = loop;
    this.#transport = transport;
  }

  // ── what there is to see ────────────────────────────────────────────────────────────────────────────────────────

  get state(): StateMachine {
    return this.applier.state;
  }
  get raft(): RaftNode {
    return this.#raft;
  }
  get transport(): Transport {
    return this.#transport;
  }
  get clock(): Clock {
    return this.#parts.clock;
  }
  get telemetry(): Telemetry {
    return this.#parts.telemetry;
  }
  get metrics(): MemberMetrics {
    return this.#parts.metrics;
  }
  get random(): Random {
    return this.#parts.random;
  }
  /** How long a request may take: 5 s and two elections (etcd's ReqTimeout). */
  get requestTimeoutMs(): number {
    return 5_000 + 2 * this.settings.electionMs;
  }
  /** Hexadecimal id of the leader, '0' for none. */
  get leaderId(): string {
    const { lead } = this.#raft.view();
    return lead === 0 ? '0' : (this.state.membership.idOf(lead) ?? '0');
  }
  get isLeader(): boolean {
    return this.#raft.view().role === 'leader';
  }
  get isLearner(): boolean {
    return this.state.membership.get(this.settings.memberId)?.isLearner ?? this.settings.isAnnouncedAsLearner;
  }
  get pendingProposals(): number {
    return this.#proposals.pendingCount;
  }

  headerAt(revision: number): etcd.ResponseHeader {
    return { clusterId: this.settings.clusterId, memberId: this.settings.memberId, revision, raftTerm: this.#raft.view().term };
  }
  /** The header of a response made now. */
  header(): etcd.ResponseHeader {
    return this.headerAt(this.state.store.revision);
  }

  listen(listener: MemberListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  // ── what can be asked ───────────────────────────────────────────────────────────────────────────────────────────

  /** Brings a request through the log; resolves with its response as applied here. Rejects with RpcError. */
  async propose<Response>(request: NewRequest, traceparent?: string): Promise<Response> {
    if (this.#isStopped) throw etcdError('stopped');
    const { commit, applied } = this.#raft.view();
    if (commit > applied + APPLY_GAP_MAX) throw etcdError('tooManyRequests');
    const id = this.#nextRequestId();
    const span = traceparent === undefined ? undefined : this.telemetry.span('etcdserver.propose', {}, traceparent);
    const data = encodeRequest({ trace: span?.traceparent, id, ...request } as LogRequest);
    if (isLongerThan(data, this.settings.maxRequestBytes)) throw etcdError('requestTooLarge');
    this.metrics.proposalsPending.set(this.#proposals.pendingCount + 1);
    const answer = this.#proposals.propose(id, this.clock.monotonicMs(), () => this.#raft.propose(data));
    this.#loop.wake();
    try {
      return (await answer) as Response;
    } catch (error) {
      this.metrics.proposalsFailed.add();
      throw error;
    } finally {
      span?.end();
    }
  }

  /** Brings a membership change through the log; resolves with the members there are then. */
  async proposeChange(kind: ChangeContext['kind'], member: etcd.Member): Promise<etcd.Member[]> {
    const context: ChangeContext = { id: this.#nextRequestId(), kind, member };
    const change = { transition: 'auto', changes: [memberChange(context, raftIdOf(member.id))], context: JSON.stringify(context) } as const;
    const answer = this.#proposals.propose(context.id, this.clock.monotonicMs(), () => this.#raft.proposeConfChange(change));
    this.#loop.wake();
    return (await answer) as etcd.Member[];
  }

  #nextRequestId(): string {
    return `${this.#nonce}.${++this.#requests}`;
  }

  /** Resolves once a read of `state` is linearizable. */
  async linearize(): Promise<void> {
    if (this.#isStopped) throw etcdError('stopped');
    await this.#reads.wait(this.clock.monotonicMs());
  }

  /** Asks for another leader and waits until it leads; throws `timeoutLeaderTransfer` after an election timeout. */
  async moveLeader(targetId: string): Promise<void> {
    const target = raftIdOf(targetId);
    const deadlineMs = this.clock.monotonicMs() + this.requestTimeoutMs;
    this.#raft.transferLeader(target);
    this.#loop.wake();
    while (this.#raft.view().lead !== target) {
      if (this.clock.monotonicMs() >= deadlineMs) throw etcdError('timeoutLeaderTransfer');
      await this.clock.sleep(this.settings.heartbeatMs / 2);
    }
  }

  /** Takes messages of a peer. */
  receive(envelope: raftPeer.PeerEnvelope): void {
    const { membership } = this.state;
    if (envelope.clusterId !== this.settings.clusterId || envelope.to !== this.settings.memberId) throw etcdError('clusterIdMismatch');
    if (membership.isRemoved(envelope.from)) throw etcdError('memberRemoved');
    // One that joined, and was killed before its log told it of anybody, could never answer the leader that sends it the log.
    if (envelope.peerUrls && !membership.get(envelope.from))
      this.#transport.setPeer(envelope.from, raftIdOf(envelope.from), envelope.peerUrls);
    this.#transport.heard(raftIdOf(envelope.from));
    for (const message of envelope.messages) this.#raft.step(message as Message);
    if (envelope.messages.length > 0) this.#loop.wake();
  }

  /** Begins to work and to tick; `whenRecovered` is called once what was committed before is applied. */
  start(whenRecovered: () => void): void {
    this.#whenRecovered = whenRecovered;
    this.#loop.wake();
    this.clock.every(this.settings.heartbeatMs, () => this.tick());
    if (this.#raft.view().commit <= this.applier.appliedIndex) this.#recovered();
  }

  #recovered(): void {
    const whenRecovered = this.#whenRecovered;
    this.#whenRecovered = undefined;
    whenRecovered?.();
  }

  /** Stands for election now instead of waiting for its timeout. */
  campaign(): void {
    this.#raft.campaign();
    this.#loop.wake();
  }

  /** One heartbeat interval has passed. */
  tick(): void {
    if (this.#isStopped) return;
    const nowMs = this.clock.monotonicMs();
    this.#raft.tick();
    this.#transport.tick();
    this.#proposals.expire(nowMs, (sinceMs) => timeoutCause(this, sinceMs, this.#leaderElectedMs));
    this.#reads.expire(nowMs);
    this.#loop.wake();
    this.publishFacts();
  }

  /** Lets election ticks pass that need not be waited for. */
  advanceTicks(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) this.#raft.tick();
    this.#loop.wake();
  }

  /** Ends the member; nothing is answered any more. */
  stop(code: number): void {
    this.#isStopped = true;
    this.#loop.stop();
    this.#proposals.stop();
    this.#reads.stop();
    this.#transport.stop();
    this.#end(code);
  }

  // ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Role or leader changed. */
  leadershipChanged(ready: Ready): void {
    const { lead, role } = ready.softState!;
    const nowMs = this.clock.monotonicMs();
    if (lead !== 0 && lead !== this.#lead) {
      this.#leaderElectedMs = nowMs;
      this.metrics.leaderChanges.add();
      this.#reads.leaderChanged(nowMs);
    }
    this.#lead = lead;
    this.metrics.hasLeader.set(lead === 0 ? 0 : 1);
    this.metrics.isLeader.set(role === 'leader' ? 1 : 0);
    if (role === 'leader' && !this.expiry.isPrimary) this.expiry.promote(this.state.lessor.list(), nowMs);
    if (role !== 'leader') this.expiry.demote();
    this.telemetry.log('info', lead === 0 ? 'raft.node: lost leader' : 'raft.node: elected leader', {
      'local-member-id': this.settings.memberId,
      leader: this.leaderId,
      role,
    });
    this.publishFacts();
  }

  /** A round of the ready loop is over. */
  roundApplied(readStates: readonly ReadState[]): void {
    const { term, commit, lead } = this.#raft.view();
    // What waited for a leader goes now, after the core has taken note of it.
    if (lead !== 0) this.#proposals.leaderKnown();
    this.#reads.confirm(readStates, this.applier.appliedIndex, this.clock.monotonicMs());
    if (this.#committedInTerm !== term && this.applier.appliedTerm === term) {
      this.#committedInTerm = term;
      this.#reads.retry();
    }
    if (this.#whenRecovered && commit <= this.applier.appliedIndex) this.#recovered();
    this.metrics.proposalsCommitted.set(commit);
    this.metrics.proposalsApplied.set(this.applier.appliedIndex);
    this.metrics.proposalsPending.set(this.#proposals.pendingCount);
  }

  #requestApplied(...[request, outcome, events]: Parameters<ApplyListener['requestApplied']>): void {
    for (const { type } of events) this.metrics[type === 'PUT' ? 'puts' : 'deletes'].add();
    const nowMs = this.clock.monotonicMs();
    if ('leaseGrant' in request) {
      const lease = outcome.error ? undefined : this.state.lessor.get(request.leaseGrant.id);
      if (lease) this.expiry.granted(lease, nowMs);
    }
    if ('leaseRevoke' in request) this.expiry.revoked(request.leaseRevoke.id);
    if ('auth' in request && !outcome.error) this.tokens.changed(request.auth);
    for (const listener of this.#listeners) listener.requestApplied(request, outcome, events);
    this.#proposals.settle(request.id, outcome.response, outcome.error);
  }

  #changeApplied(change: ChangeContext, error: Error | undefined): void {
    const { id } = change.member;
    this.#proposals.settle(change.id, error ? undefined : this.state.membership.list(), error);
    if (error) return;
    this.telemetry.log('info', CHANGE_LOGS[change.kind], {
      'cluster-id': this.settings.clusterId,
      'local-member-id': this.settings.memberId,
      'member-id': id,
    });
    if (id === this.settings.memberId) {
      if (change.kind === 'remove') this.#removedSelf();
      return;
    }
    this.syncPeers();
  }

  /** Opens streams to all members there are, and closes those to members that are gone. */
  syncPeers(): void {
    const { membership } = this.state;
    for (const id of membership.removed) this.#transport.removePeer(raftIdOf(id));
    for (const member of membership.list()) {
      if (member.id !== this.settings.memberId) this.#transport.setPeer(member.id, raftIdOf(member.id), member.peerUrls);
    }
  }

  #stateReplaced(): void {
    const nowMs = this.clock.monotonicMs();
    if (this.expiry.isPrimary) this.expiry.promote(this.state.lessor.list(), nowMs);
    this.syncPeers();
    for (const listener of this.#listeners) listener.stateReplaced();
    if (this.state.membership.isRemoved(this.settings.memberId)) this.#removedSelf();
  }

  #removedSelf(): void {
    // A moment for the others to hear that the removal is committed.
    this.clock.after(1_000, () => this.removed());
  }

  /** This member is no longer one of the cluster: it stops for good. */
  removed(): void {
    if (this.#isStopped) return;
    this.telemetry.log('warning', 'server error', { error: 'the member has been permanently removed from the cluster' });
    this.telemetry.log('warning', 'data-dir used by this member must be removed');
    this.#parts.lifecycle.end('REMOVED');
    this.stop(0);
  }

  /** The member cannot go on. */
  fatal(message: string, error: unknown): void {
    this.telemetry.log('error', message, { error: error instanceof Error ? error.message : String(error) });
    this.#parts.lifecycle.end('STOP');
    this.stop(1);
  }

  /** Tells the map who this member is just now, if it changed. */
  publishFacts(): void {
    const { role, term, commit } = this.#raft.view();
    const shownRole = this.isLearner ? 'learner' : role === 'preCandidate' ? 'pre-candidate' : role;
    this.#parts.lifecycle.show({ role: shownRole, isOutOfSpace: this.state.hasAlarm('NOSPACE') });
    const raft = { role: shownRole, term, commit, applied: this.applier.appliedIndex } as const;
    const text = JSON.stringify(raft);
    if (text === this.#facts) return;
    this.#facts = text;
    const { memberId, isFsyncOff } = this.settings;
    const warning = isFsyncOff ? { isFsyncOff } : {};
    this.telemetry.facts({ leader: role === 'leader', raft, revision: this.state.store.revision, memberId, ...warning });
  }
}
