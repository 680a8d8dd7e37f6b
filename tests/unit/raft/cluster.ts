// A small cluster on one queue of messages, stepped by hand: what the unit tests of the consensus core stand on.

import {
  create,
  decodeConfChange,
  emptyConf,
  MemoryStorage,
  type Config,
  type ConfState,
  type Entry,
  type Message,
  type RaftNode,
  type ReadState,
} from '#raft';

export interface Host {
  readonly node: RaftNode;
  readonly disk: MemoryStorage;
  readonly applied: Entry[];
  readonly reads: ReadState[];
}

export class TestCluster {
  readonly hosts: Host[] = [];
  queue: Message[] = [];
  /** Every message ever sent. */
  readonly sent: Message[] = [];

  constructor(size: number, options: Partial<Config> = {}, conf: Partial<ConfState> = {}) {
    const voters = Array.from({ length: size }, (_, i) => i + 1);
    for (const id of voters) this.add(id, options, { ...emptyConf, voters, ...conf });
  }

  add(id: number, options: Partial<Config>, conf: ConfState): Host {
    const index = conf.voters.length > 0 ? 1 : 0;
    const disk = new MemoryStorage({ index, term: index, conf, data: '' });
    // Chance in the order of ids: nobody collides.
    const config: Config = { id, electionTick: 10, heartbeatTick: 1, random: () => (id - 1) / 10, ...options };
    const host = { node: create(config, disk), disk, applied: [], reads: [] };
    this.hosts[id - 1] = host;
    return host;
  }

  at(id: number): RaftNode {
    return this.hosts[id - 1]!.node;
  }

  disk(id: number): MemoryStorage {
    return this.hosts[id - 1]!.disk;
  }

  /** One Ready of a member: persisted, sent, applied. */
  ready(id: number): void {
    const { node, disk, applied, reads } = this.hosts[id - 1]!;
    const ready = node.ready();
    if (ready.hardState !== undefined) disk.setHardState(ready.hardState);
    if (ready.snapshot !== undefined) disk.applySnapshot(ready.snapshot);
    disk.append(ready.entries);
    this.queue.push(...ready.messages);
    this.sent.push(...ready.messages);
    for (const entry of ready.committedEntries) {
      applied.push(entry);
      if (entry.kind === 'conf') node.applyConfChange(decodeConfChange(entry.data));
    }
    reads.push(...ready.readStates);
    node.advance();
  }

  /** Works off everything among the members named, all by default; what is for others is lost. */
  settle(...ids: readonly number[]): void {
    const taking = ids.length > 0 ? ids : this.hosts.map((_, i) => i + 1);
    let rounds = 0;
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (const id of taking) {
        for (; this.at(id).hasReady(); isBusy = true) {
          if (++rounds > 5_000) throw new Error('the cluster does not settle');
          this.ready(id);
        }
      }
      const { queue } = this;
      this.queue = [];
      for (const message of queue) {
        if (!taking.includes(message.to)) continue;
        this.at(message.to).step(message);
        isBusy = true;
      }
    }
  }

  /** Makes a member leader. */
  elect(id: number): this {
    this.at(id).campaign();
    this.settle();
    return this;
  }

  tick(id: number, ticks: number): void {
    for (let n = 0; n < ticks; n++) this.at(id).tick();
  }

  role(id: number): string {
    return this.at(id).view().role;
  }

  dataOf(id: number): string[] {
    return this.hosts[id - 1]!.applied.filter(({ kind, data }) => kind === 'normal' && data !== '').map(({ data }) => data);
  }
}
