// A whole Raft cluster in virtual time under faults drawn from a seed: lost, repeated, late and reordered messages,
// one-way partitions, crashes at any point of a write, paused members, compaction, membership changes, transfers.
// No etcd above it: the state machine is a running digest. The same seed gives the same trace.

import { create, decodeConfChange, isDropped, MembershipError, type Entry, type Message, type RaftNode, type Ready } from '#raft';
import { EventQueue } from './event-queue.ts';
import { drawFaults, drawOptions, noFaults, noMarks, type Faults, type Marks, type Options } from './raft-faults.ts';
import { describeMember, digestEntry, foundMember, randomChanges, refreshed, slots, type Member } from './raft-member.ts';
import { RaftInvariants } from './raft-invariants.ts';
import { seededRandom } from './random.ts';

/** What a run came to. */
export interface SimulationResult {
  readonly seed: number;
  readonly events: number;
  /** Hash of everything that happened, in order. */
  readonly trace: number;
  readonly marks: Marks;
}

type Event =
  | { type: 'tick'; member: Member }
  | { type: 'deliver'; message: Message }
  | { type: 'written'; member: Member; life: number; ready: Ready }
  | { type: 'restart'; member: Member }
  | { type: 'resume'; member: Member }
  | { type: 'heal' }
  | { type: 'client' }
  | { type: 'fault' };

const tickInterval = 10;

export class RaftClusterSimulation {
  readonly #seed: number;
  readonly #queue = new EventQueue<Event>();
  readonly #invariants = new RaftInvariants();
  readonly #members: Member[] = [];
  /** One source of chance per concern, so that a draw more in one does not shift the others. */
  readonly #chance: Record<'network' | 'disk' | 'fault' | 'client', () => number>;
  readonly #options: Options;
  /** Most time that a write takes. */
  readonly #slowestWrite: number;
  #faults: Faults;
  /** Links that lose everything, as from*16+to. */
  readonly #cut = new Set<number>();
  #trace = 0x811c9dc5;
  #proposed = 0;
  #events = 0;
  /** Whether the faults are over. */
  #isHealed = false;
  readonly marks: Marks = noMarks();

  constructor(seed: number, faults?: Partial<Faults>) {
    this.#seed = seed;
    this.#chance = {
      network: seededRandom(seed * 4 + 1),
      disk: seededRandom(seed * 4 + 2),
      fault: seededRandom(seed * 4 + 3),
      client: seededRandom(seed * 4 + 4),
    };
    const draw = seededRandom(seed ^ 0x5bd1e995);
    this.#faults = { ...drawFaults(draw), ...faults };
    this.#options = drawOptions(draw);
    this.#slowestWrite = draw() < 0.5 ? 5 : 80;
    const initial = draw() < 0.5 ? 3 : slots;
    for (let id = 1; id <= slots; id++) this.#members.push(foundMember(id, initial));
    for (const member of this.#members) {
      this.#boot(member);
      this.#queue.add(draw() * tickInterval, { type: 'tick', member });
    }
    this.#queue.add(20, { type: 'client' });
    this.#queue.add(100, { type: 'fault' });
  }

  #boot(member: Member): void {
    const { disk, id } = member;
    const snapshot = disk.snapshot();
    member.digest = Number(snapshot.data);
    member.conf = snapshot.conf;
    member.reads = new Map();
    member.writing = undefined;
    const random = seededRandom(this.#seed * 31 + id * 1009 + member.life * 9176);
    member.node = create({ id, electionTick: 10, heartbeatTick: 1, random, applied: snapshot.index, ...this.#options }, disk);
    this.#invariants.restarted(member.node.view());
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  /** Runs so many events, or fewer if the cluster falls silent. Throws InvariantViolation. */
  run(events: number): SimulationResult {
    for (let n = 0; n < events; n++) {
      const event = this.#queue.take();
      if (event === undefined) break;
      this.#events++;
      this.#handle(event);
    }
    this.marks.committed = this.#invariants.highestCommit;
    return { seed: this.#seed, events: this.#events, trace: this.#trace >>> 0, marks: this.marks };
  }

  /** Ends all faults and lets everybody run; whether within so many events all voters agree on a new entry. */
  healAndConverge(events: number): boolean {
    this.#faults = noFaults;
    this.#isHealed = true;
    this.#cut.clear();
    for (const member of this.#members) {
      member.isPaused = false;
      if (member.node === undefined) this.#boot(member);
    }
    const target = this.#invariants.highestCommit + 5;
    for (let n = 0; n < events; n += 200) {
      this.run(200);
      this.#stopRemoved();
      const leader = this.#members.find(({ node }) => node?.view().role === 'leader' && node.view().config.outgoing.length === 0);
      if (leader === undefined) continue;
      const { voters } = leader.node!.view().config;
      if (voters.every((id) => (this.#members[id - 1]!.node?.view().applied ?? 0) >= target)) return true;
    }
    return false;
  }

  /** As in etcd, a removed member stops, and starts if it is added again; a leader would else go on without taking proposals. */
  #stopRemoved(): void {
    const live = this.#members.filter(({ node }) => node !== undefined);
    const [newest] = live.sort((a, b) => b.node!.view().applied - a.node!.view().applied);
    const { voters, outgoing, learners } = newest!.node!.view().config;
    for (const member of this.#members) {
      const isMember = [...voters, ...outgoing, ...learners].includes(member.id);
      if (!isMember) member.node = undefined;
      else if (member.node === undefined) this.#boot(member);
    }
  }

  /** What every member is, for a failure's text. */
  describe(): string {
    return [JSON.stringify(this.#options), ...this.#members.map(describeMember)].join('\n');
  }

  #note(...numbers: readonly number[]): void {
    for (const number of numbers) this.#trace = Math.imul(this.#trace ^ number, 0x01000193) ^ (this.#trace >>> 15);
  }

  #handle(event: Event): void {
    switch (event.type) {
      case 'tick':
        this.#queue.add(tickInterval, event);
        if (event.member.node !== undefined && !event.member.isPaused) {
          event.member.node.tick();
          this.#after(event.member);
        }
        return;
      case 'deliver':
        return this.#deliver(event.message);
      case 'written':
        return this.#written(event.member, event.life, event.ready);
      case 'restart':
        if (event.member.node === undefined) this.#boot(event.member);
        return;
      case 'resume':
        event.member.isPaused = false;
        return;
      case 'heal':
        this.#cut.clear();
        return;
      case 'client':
        this.#queue.add(1 + this.#chance.client() * 10, event);
        return this.#client();
      case 'fault':
        this.#queue.add(20 + this.#chance.fault() * 60, event);
        return this.#fault();
    }
  }

  #deliver(message: Message): void {
    const member = this.#members[message.to - 1]!;
    if (member.node === undefined) {
      if (message.type === 'snapshot') this.#members[message.from - 1]!.node?.reportSnapshot(message.to, 'failed');
      return;
    }
    if (member.isPaused) {
      // What a frozen member is sent waits for it.
      this.#queue.add(tickInterval, { type: 'deliver', message });
      return;
    }
    this.#note(message.from, message.to, message.term, message.type.length);
    member.node.step(message);
    this.#after(member);
    if (message.type === 'snapshot') this.#members[message.from - 1]!.node?.reportSnapshot(message.to, 'finished');
  }

  /** After anything that a member took in: look at it, and start the next write if there is one. */
  #after(member: Member): void {
    const node = member.node!;
    const view = node.view();
    this.#invariants.step(view);
    if (view.role === 'leader' && member.lastLeader !== view.term) {
      member.lastLeader = view.term;
      this.marks.elections++;
    }
    if (member.writing !== undefined || !node.hasReady()) return;
    const ready = node.ready();
    member.writing = ready;
    const delay = ready.mustSync || ready.snapshot !== undefined ? 1 + this.#chance.disk() * this.#slowestWrite : 0;
    this.#queue.add(delay, { type: 'written', member, life: member.life, ready });
  }

  #written(member: Member, life: number, ready: Ready): void {
    if (member.life !== life || member.node === undefined) return;
    if (member.isPaused) {
      this.#queue.add(tickInterval, { type: 'written', member, life, ready });
      return;
    }
    this.#persist(member, ready);
    for (const message of ready.messages) this.#send(member, message);
    if (ready.snapshot !== undefined) {
      member.digest = Number(ready.snapshot.data);
      member.conf = ready.snapshot.conf;
      this.marks.snapshotsRestored++;
    }
    for (const entry of ready.committedEntries) this.#apply(member, entry);
    for (const { ctx, index } of ready.readStates) this.#readDone(member, ctx, index);
    member.writing = undefined;
    member.node.advance();
    this.#after(member);
  }

  #persist(member: Member, { hardState, snapshot, entries }: Ready): void {
    const { disk, id } = member;
    if (snapshot !== undefined) disk.applySnapshot(snapshot);
    if (entries.length > 0) {
      if (entries[0]!.index <= disk.lastIndex()) this.marks.truncations++;
      disk.append(entries);
    }
    if (hardState !== undefined) disk.setHardState(hardState);
    this.#invariants.persisted(id, hardState, entries, disk);
    this.#note(id, disk.lastIndex(), hardState?.term ?? 0);
  }

  #apply(member: Member, entry: Entry): void {
    if (entry.kind === 'conf') {
      const change = decodeConfChange(entry.data);
      try {
        member.conf = member.node!.applyConfChange(change);
      } catch (error) {
        // A change that would leave no voter, say, is refused by every member alike; the entry then changes nothing.
        if (!(error instanceof MembershipError)) throw error;
      }
      this.marks.confChanges++;
      if (change.changes.length === 0) this.marks.jointLeft++;
    }
    member.digest = digestEntry(member.digest, entry);
    this.#invariants.applied(member.id, entry.index, member.digest, member.conf);
  }

  #send(member: Member, made: Message): void {
    const message = refreshed(member, made);
    this.#invariants.sent(message, member.disk);
    const { network } = this.#chance;
    if (this.#cut.has(message.from * 16 + message.to) || network() < this.#faults.drop) {
      this.marks.dropped++;
      if (message.type === 'snapshot') member.node!.reportSnapshot(message.to, 'failed');
      else if (network() < 0.1) member.node!.reportUnreachable(message.to);
      return;
    }
    const copies = network() < this.#faults.duplicate ? 2 : 1;
    if (copies > 1) this.marks.duplicated++;
    for (let n = 0; n < copies; n++) {
      const delay = network() < this.#faults.slow ? network() * 300 : 1 + network() * 4;
      this.#queue.add(delay, { type: 'deliver', message });
    }
  }

  #pick(chance: () => number): Member {
    return this.#members[Math.floor(chance() * this.#members.length)]!;
  }

  #client(): void {
    const { client } = this.#chance;
    const member = this.#pick(client);
    const { node } = member;
    if (node === undefined || member.isPaused) return;
    const kind = client();
    const { config } = node.view();
    if (this.#isHealed && config.outgoing.length > 0 && !config.autoLeave) {
      // A joint configuration entered explicitly stays until somebody asks to leave it.
      node.proposeConfChange({ transition: 'auto', changes: [] });
    } else if (kind < 0.7) {
      if (!isDropped(node.propose(`p${++this.#proposed}`))) this.#note(this.#proposed);
    } else if (kind < 0.7 + this.#faults.reconfigure * 0.2) {
      this.#reconfigure(node, client);
    } else {
      const ctx = `${member.id}.${member.life}.${++this.#proposed}`;
      member.reads.set(ctx, this.#invariants.highestCommit);
      node.readIndex(ctx);
    }
    this.#after(member);
  }

  #reconfigure(node: RaftNode, chance: () => number): void {
    const { config } = node.view();
    if (config.outgoing.length > 0) {
      node.proposeConfChange({ transition: 'auto', changes: [] });
      return;
    }
    const changes = randomChanges(chance);
    // Keep two voters at least, so that a quorum can be had at the end.
    const left = new Set(config.voters);
    for (const { type, id } of changes) {
      if (type === 'voter') left.add(id);
      else left.delete(id);
    }
    if (left.size < 2) return;
    node.proposeConfChange({ transition: (['auto', 'implicit', 'explicit'] as const)[Math.floor(chance() * 3)]!, changes });
  }

  #readDone(member: Member, ctx: string, index: number): void {
    const committedBefore = member.reads.get(ctx);
    if (committedBefore === undefined) return;
    member.reads.delete(ctx);
    this.marks.reads++;
    this.#invariants.read(member.id, index, committedBefore);
  }

  #fault(): void {
    const { fault } = this.#chance;
    const member = this.#pick(fault);
    if (fault() < this.#faults.crash) this.#crash(member);
    if (fault() < this.#faults.partition) this.#partition();
    const { node } = member;
    if (node === undefined) return;
    if (fault() < this.#faults.pause) {
      member.isPaused = true;
      this.marks.pauses++;
      this.#queue.add(fault() * 800, { type: 'resume', member });
    }
    if (fault() < this.#faults.compact) this.#compact(member);
    if (fault() < this.#faults.transfer) {
      node.transferLeader(1 + Math.floor(fault() * slots));
      this.marks.transfers++;
      this.#after(member);
    }
  }

  #crash(member: Member): void {
    if (member.node === undefined) return;
    this.marks.crashes++;
    if (member.writing !== undefined) {
      // The write under way may have reached the disk although nobody was told.
      this.marks.crashesDuringWrite++;
      if (this.#chance.fault() < 0.5) this.#persist(member, member.writing);
      else this.marks.writesLost++;
    }
    member.life++;
    member.node = undefined;
    member.isPaused = false;
    this.#queue.add(20 + this.#chance.fault() * 500, { type: 'restart', member });
  }

  #partition(): void {
    const { fault } = this.#chance;
    this.marks.partitions++;
    const side = new Set(this.#members.filter(() => fault() < 0.5).map(({ id }) => id));
    const isOneWay = fault() < 0.3;
    for (const from of this.#members) {
      for (const to of this.#members) {
        if (side.has(from.id) !== side.has(to.id) && (!isOneWay || side.has(from.id))) this.#cut.add(from.id * 16 + to.id);
      }
    }
    this.#queue.add(100 + fault() * 600, { type: 'heal' });
  }

  #compact(member: Member): void {
    const { disk, node, writing } = member;
    const { applied } = node!.view();
    // While a Ready is out, what it holds is not applied yet by this application.
    if (writing !== undefined || applied <= disk.snapshot().index || applied > disk.lastIndex()) return;
    disk.createSnapshot(applied, member.conf, String(member.digest));
    const keep = Math.floor(this.#chance.fault() * 5);
    if (applied - keep >= disk.firstIndex()) disk.compact(applied - keep);
  }
}
