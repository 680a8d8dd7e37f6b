// A cluster of real etcd members in one virtual time: their disks and lives, and what is watched after every event: the invariants of
// Raft, and that all members make the same of the same entry.

import type { etcd } from '#contracts';
import { createCrypto, hashText, NetworkError, type Crypto, type Network, type Telemetry } from '#host';
import { createSimulatedDisk, type SimulatedDisk } from '#host/simulated';
import { bootstrap, type Bootstrap } from '../../../src/etcd/bootstrap.ts';
import { parseEtcdFlags, type EtcdConfig } from '../../../src/etcd/config.ts';
import type { EtcdMember } from '../../../src/etcd/member.ts';
import { raftIdOf } from '../../../src/etcd/membership.ts';
import type { StoreEvent } from '../../../src/etcd/mvcc/version.ts';
import type { LogRequest } from '../../../src/etcd/requests.ts';
import { Callers } from '../../../src/etcd/server/callers.ts';
import { clientService } from '../../../src/etcd/server/client-service.ts';
import { revokeExpired } from '../../../src/etcd/server/lease.ts';
import { peerService } from '../../../src/etcd/server/peer.ts';
import { WatchServer } from '../../../src/etcd/server/watch.ts';
import { runMember } from '../../../src/etcd/start-member.ts';
import { readWal, type WalIdentity } from '../../../src/etcd/wal.ts';
import { RaftInvariants, InvariantViolation } from '../raft-invariants.ts';
import { DurableLog } from './durable.ts';
import { Life } from './life.ts';
import { leaderClient } from './rpc.ts';
import { SimulatedTransport } from './transport.ts';
import { World } from './world.ts';

/** How often leases are looked at, as the program does it. */
const LEASE_CHECK_MS = 500;
/** A member that could not start or go on is started again after so long, as systemd or a kubelet would. */
const RESTART_MS = 1_000;

const silence = (): void => undefined;
const NO_METRICS: Telemetry['metrics'] = {
  counter: () => ({ add: silence }),
  gauge: () => ({ set: silence }),
  histogram: () => ({ observe: silence }),
  text: () => '',
};
const NO_LIFECYCLE = { recovered: silence, show: silence, end: silence };
const NO_NETWORK = { dial: () => Promise.reject(new NetworkError('ECONNREFUSED', 'connection refused')) } as unknown as Network;

/** A place where a member lives. */
export interface Site {
  readonly name: string;
  readonly url: string;
  readonly disk: SimulatedDisk;
  readonly config: EtcdConfig;
  life: Life | undefined;
  lives: number;
  /** Who it joins an existing cluster as; undefined for one of the first members. */
  joining: (WalIdentity & { readonly members: readonly etcd.Member[] }) | undefined;
  /** Whether it belongs to the cluster, as far as whoever runs it knows; one that does not stays off. */
  isMember: boolean;
  /** How fast its clock runs. */
  rate: number;
  /** Its log is damaged: it has to be replaced. */
  isDamaged: boolean;
  /** It is about to be found damaged; nobody else is damaged meanwhile. */
  isToBeDamaged: boolean;
}

/** An applied request as it was seen first, at its place in the log. */
export interface AppliedRequest {
  readonly request: LogRequest;
  readonly atMs: number;
  readonly events: readonly StoreEvent[];
  readonly error: string | undefined;
}

export const urlOf = (name: string): string => `http://${name}:2380`;

export class Cluster {
  readonly world: World;
  readonly invariants = new RaftInvariants();
  readonly sites: Site[] = [];
  readonly #crypto: Crypto;
  readonly #chance;
  readonly #touched = new Set<Life>();
  readonly #awaited = new Set<{ holds: () => boolean; act: () => void; untilMs: number; late: () => void }>();
  readonly #endings = new Map<Life, (() => void)[]>();
  /** What was applied at each index, and a digest of it that all members must share. */
  readonly #digests: number[] = [];
  readonly applied: AppliedRequest[] = [];
  /** Every change of every key in order: what really happened. */
  readonly history: StoreEvent[] = [];
  #newestApplied = 0;

  constructor(seed: string) {
    this.world = new World(seed);
    this.#crypto = createCrypto(this.world.random.fork('crypto'));
    const chance = this.world.random.fork('transport');
    this.#chance = (): number => chance.next();
    this.world.onEvent(() => this.#look());
  }

  chance(): number {
    return this.#chance();
  }

  addSite(name: string, founders: readonly string[], flags: readonly string[]): Site {
    const isMember = founders.includes(name);
    const initial = (isMember ? founders : [name]).map((founder) => `${founder}=${urlOf(founder)}`).join(',');
    const { world } = this;
    const config = parseEtcdFlags([
      `--name=${name}`,
      `--initial-advertise-peer-urls=${urlOf(name)}`,
      `--listen-peer-urls=${urlOf(name)}`,
      `--initial-cluster=${initial}`,
      ...flags,
    ]);
    const disk = createSimulatedDisk(name, world.random.fork(`disk/${name}`), world.trace, (ms, run) => {
      const { life } = site;
      world.after(ms, () => life?.run(run));
    });
    const damage = { isDamaged: false, isToBeDamaged: false };
    const site: Site = {
      name,
      url: urlOf(name),
      disk,
      config,
      life: undefined,
      lives: 0,
      joining: undefined,
      isMember,
      rate: 1,
      ...damage,
    };
    this.sites.push(site);
    return site;
  }

  siteOfUrl(url: string): Site | undefined {
    return this.sites.find((site) => site.url === url);
  }
  lifeAt(name: string): Life | undefined {
    return this.sites.find((site) => site.name === name)?.life;
  }
  leader(): Life | undefined {
    const leaders = this.sites.flatMap(({ life }) => (life?.member?.isLeader ? [life] : []));
    return leaders.sort((one, other) => other.member!.raft.view().term - one.member!.raft.view().term)[0];
  }

  /** Begins a life; one that cannot start is tried again. */
  start(site: Site): void {
    if (site.life || !site.isMember || site.isDamaged) return;
    const life = new Life(this.world, site.name, site.rate, (touched) => this.#touched.add(touched));
    site.life = life;
    this.#run(site, life).catch((error: unknown) => {
      if (life.isOver) return;
      const name = error instanceof Error ? error.name : '';
      // Only a disk that was damaged on purpose may be found damaged.
      if (site.isToBeDamaged && (name === 'WalCorruptError' || name === 'SnapshotCorruptError')) {
        this.world.marks['corrupt tail found at start']++;
        site.isDamaged = true;
      } else if (name !== 'DiskError') {
        return this.world.fail(error);
      }
      this.#end(site, life);
    });
  }

  /** Cuts a life short: of the writes under way a part reaches the disk, the rest does not. */
  crash(site: Site): void {
    const { life } = site;
    if (!life) return;
    const { marks } = this.world;
    marks.crash++;
    const underWay = site.disk.underWayCount;
    const reached = site.disk.cutPower();
    if (underWay > 0) {
      marks['crash during a write']++;
      if (reached === underWay) marks['unsynced write kept']++;
      else if (reached === 0) marks['unsynced write lost']++;
      else marks['several writes torn apart by a crash']++;
    }
    this.#over(site, life);
  }

  #over(site: Site, life: Life): void {
    life.isOver = true;
    site.life = undefined;
    for (const end of this.#endings.get(life) ?? []) end();
    this.#endings.delete(life);
  }

  /** A life that ended by itself. */
  #end(site: Site, life: Life): void {
    site.disk.cutPower();
    this.#over(site, life);
    if (site.isDamaged) return;
    this.world.after(RESTART_MS, () => this.start(site));
  }

  /** Asks the leader to hand over to the member at `site`. */
  transfer(site: Site): void {
    const leader = this.leader();
    const target = site.life?.member;
    if (!leader || !target || leader.siteName === site.name) return;
    leader.run(() => void leader.member!.moveLeader(target.settings.memberId).catch((error: unknown) => error));
  }

  onEnd(life: Life, end: () => void): void {
    const endings = this.#endings.get(life);
    if (endings) endings.push(end);
    else this.#endings.set(life, [end]);
  }

  async #run(site: Site, life: Life): Promise<void> {
    const { clock } = life;
    const random = this.world.random.fork(`${site.name}/${++site.lives}`);
    const directory = { log: site.disk.disk.log('wal'), snapshots: site.disk.disk.records('snap') };
    const telemetry = this.#telemetry();
    const start = await this.#origin(site, life, directory, telemetry);
    const raftId = raftIdOf(start.identity.memberId);
    const durable = (life.durable = new DurableLog(start));
    if (!start.isFirst) this.invariants.restartedFrom(raftId, start.hardState, durable);
    const log = durable.watching(
      directory.log,
      raftId,
      this.invariants,
      () => this.world.marks['entries overwritten']++,
      (error) => this.world.fail(error),
    );
    const origin = { start, directory: { ...directory, log }, lifecycle: NO_LIFECYCLE };
    const { member, published } = await runMember(
      { clock, random, telemetry, yield: () => Promise.resolve() },
      site.config,
      origin,
      (made) => {
        made.listen({
          requestApplied: (request, outcome, events) => this.#requestApplied(made, request, outcome.error, events),
          stateReplaced: () => void (life.member && this.world.marks['snapshot received and restored']++),
        });
        return new SimulatedTransport(this, life, made);
      },
    );
    life.member = member;
    const settings = { crypto: this.#crypto, strictReconfigCheck: true, leader: leaderClient(this, life) };
    const watch = new WatchServer(member, site.config.watchProgressNotifyMs);
    life.peer = peerService(member, settings);
    const expiring = new Set<string>();
    clock.every(LEASE_CHECK_MS, () => void revokeExpired(member, expiring).catch((error: unknown) => this.world.fail(error)));
    void member.ended.then((code) => {
      if (life.isOver) return;
      // Told to stop, or removed: nobody starts it again.
      if (code === 0) site.isMember = false;
      this.#end(site, life);
    });
    await published;
    life.client = clientService(member, watch, new Callers(member, false), settings);
  }

  async #origin(
    site: Site,
    { clock }: Life,
    directory: { readonly log: ReturnType<SimulatedDisk['disk']['log']>; readonly snapshots: ReturnType<SimulatedDisk['disk']['records']> },
    telemetry: Telemetry,
  ): Promise<Bootstrap> {
    if (site.joining && !(await readWal(directory.log)).identity)
      return {
        identity: { memberId: site.joining.memberId, clusterId: site.joining.clusterId },
        snapshot: undefined,
        hardState: { term: 0, vote: 0, commit: 0 },
        base: 0,
        entries: [],
        isFirst: true,
        firstEntries: [],
        isLearner: site.joining.members.find(({ id }) => id === site.joining!.memberId)?.isLearner ?? false,
        peers: site.joining.members.filter(({ id }) => id !== site.joining!.memberId),
      };
    const parts = { network: NO_NETWORK, clock, crypto: this.#crypto, telemetry, dialOptions: {} };
    const start = await bootstrap(site.config, { ...directory, isNew: false }, parts);
    const { marks } = this.world;
    if (!start.isFirst) {
      if (!start.snapshot) marks['restart from log alone']++;
      else if (start.base === start.snapshot.index) marks['restart behind a received snapshot']++;
      else marks['restart from snapshot and log']++;
    }
    return start;
  }

  #telemetry(): Telemetry {
    const { marks } = this.world;
    return {
      log: (_level, message) => {
        if (message === 'saved snapshot') marks['own snapshot saved']++;
      },
      span: () => ({ traceparent: '', end: silence }),
      metrics: NO_METRICS,
      lifecycle: silence,
      facts: silence,
    };
  }

  /** State machine safety: the same entry does the same everywhere. */
  #requestApplied(member: EtcdMember, request: LogRequest, error: Error | undefined, events: readonly StoreEvent[]): void {
    const index = member.applier.appliedIndex + 1;
    const { store } = member.state;
    let digest = hashText(request.id, store.revision) ^ hashText(error?.message ?? '');
    for (const { type, kv, prevKv } of events) {
      const text = `${type} ${kv.key} ${kv.value} ${kv.createRevision} ${kv.modRevision} ${kv.version} ${kv.lease} ${prevKv?.modRevision}`;
      digest = hashText(text, digest);
    }
    const before = this.#digests[index];
    if (before === undefined) this.#digests[index] = digest;
    else if (before !== digest) this.world.fail(new InvariantViolation(`entry ${index} does something else at ${member.settings.name}`));
    if (index <= this.#newestApplied) return;
    this.#newestApplied = index;
    this.applied.push({ request, atMs: this.world.nowMs, events, error: error?.message });
    for (const event of events) this.history.push(event);
  }

  /** Calls `act` after the first event at which `holds`, or `late` if that takes too long. */
  when(holds: () => boolean, act: () => void, patienceMs: number, late: () => void = silence): void {
    this.#awaited.add({ holds, act, untilMs: this.world.nowMs + patienceMs, late });
  }

  #lookForAwaited(): void {
    for (const awaited of this.#awaited) {
      const isLate = this.world.nowMs > awaited.untilMs;
      if (!isLate && !awaited.holds()) continue;
      this.#awaited.delete(awaited);
      if (isLate) awaited.late();
      else awaited.act();
    }
  }

  /** After every event: the invariants of those it touched, and what changed with them. */
  #look(): void {
    const { marks } = this.world;
    for (const life of this.#touched) {
      const { member, seen } = life;
      if (!member || life.isOver) continue;
      const view = member.raft.view();
      this.invariants.step(view);
      const { role, term } = view;
      if (role === seen.role && term === seen.term) continue;
      if (role === 'leader') marks.elections++;
      else if (seen.role === 'leader') {
        marks[term > seen.term ? 'leader stepped down: newer term' : 'leader stepped down: no quorum heard']++;
      } else if (role === 'candidate' && seen.role === 'candidate') {
        marks['election without a winner']++;
      }
      life.seen = { role, term };
    }
    this.#touched.clear();
    if (this.#awaited.size > 0) this.#lookForAwaited();
  }
}
