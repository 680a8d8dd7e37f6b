/**
 * etcd from a seed, as fast as it can be told: the real members (log, Raft, ready loop, snapshots, key-value store, leases, watches,
 * services) on one virtual time, without machines and wires. A swarm of faults befalls them; every event is followed by the checks of
 * Raft's invariants; when all is healed the cluster must work, agree, and its clients' histories must be possible.
 */
import type { etcd } from '#contracts';
import { Administrator } from './administrator.ts';
import { Clients } from './clients.ts';
import { Cluster } from './cluster.ts';
import { befall, drawFaults, healAll, type Fault } from './faults.ts';
import { BrokenHistory, judge } from './judge.ts';
import type { Marks } from './marks.ts';
import { callMember } from './rpc.ts';
import { Watcher } from './watchers.ts';

/** What became of a seed. */
export interface EtcdCoreReport {
  readonly seed: string;
  readonly events: number;
  readonly labMs: number;
  readonly calls: number;
  readonly revisions: number;
  readonly faults: readonly Fault[];
  readonly marks: Marks;
  readonly trace: string;
}

export interface EtcdCoreOptions {
  /** Events under faults; the healing comes on top. */
  readonly events?: number;
  /** Which faults of the seed's list befall, by their place in it; all if left out. */
  readonly keep?: readonly number[] | undefined;
}

export const EVENTS_PER_SEED = 2_000;
const PLACES = 5;
/** Events that a healed cluster may need to do its work again. */
const HEAL_EVENTS = 60_000;
const TEND_MS = 1_500;
/** Two pages of the database: more than all live keys take, with large values. */
const TIGHT_QUOTA_BYTES = 8_192;
const LARGE_VALUE = 150;

function found(seed: string): { readonly cluster: Cluster; readonly isTight: boolean } {
  const cluster = new Cluster(seed);
  const random = cluster.world.random.fork('founding');
  const draw = random.next();
  const size = draw < 0.1 ? 1 : draw < 0.75 ? 3 : 5;
  const names = Array.from({ length: PLACES }, (_, at) => `m${at + 1}`);
  // The values of such a seed are large; what is live fits, its history soon does not.
  const isTight = random.next() < 0.15;
  const flags = [
    `--snapshot-count=${random.next() < 0.7 ? 4 + random.below(24) : 5_000}`,
    `--experimental-snapshot-catchup-entries=${random.below(12)}`,
    `--experimental-watch-progress-notify-interval=${random.next() < 0.5 ? '2s' : '10m'}`,
    `--pre-vote=${random.next() < 0.8}`,
    `--quota-backend-bytes=${isTight ? TIGHT_QUOTA_BYTES : 0}`,
  ];
  const isSkewed = random.next() < 0.3;
  if (isSkewed) cluster.world.marks['clocks run apart']++;
  for (const name of names) {
    const site = cluster.addSite(name, names.slice(0, size), flags);
    if (isSkewed) site.rate = 0.8 + random.next() * 0.45;
  }
  for (const site of cluster.sites) cluster.start(site);
  return { cluster, isTight };
}

/** Runs a seed. Rejects with what was broken; the same seed and options give the same trace. */
export async function runEtcdCore(seed: string, options: EtcdCoreOptions = {}): Promise<EtcdCoreReport> {
  const { events = EVENTS_PER_SEED, keep } = options;
  const { cluster, isTight } = found(seed);
  const { world } = cluster;
  const drawn = drawFaults(world.random.fork('faults'), events, PLACES);
  const faults = keep ? drawn.filter((_, at) => keep.includes(at)) : drawn;
  const administrator = new Administrator(cluster);
  const clients = new Clients(cluster, world.random.fork('clients'), isTight ? LARGE_VALUE : 0);
  const watchers = cluster.sites.slice(0, 3).map((site) => new Watcher(cluster, site));
  const fail = (error: unknown): void => world.fail(error);
  const clientsDone = clients.run(3).catch(fail);
  for (const watcher of watchers) watcher.run().catch(fail);
  const isCompacting = world.random.fork('tending').next() < 0.4;
  const tend = (): void =>
    world.after(TEND_MS, () => {
      if (administrator.isOrdeal) administrator.tend(isCompacting).then(tend, fail);
    });
  tend();
  let next = 0;
  await world.run(() => {
    for (; next < faults.length && faults[next]!.atEvent <= world.events; next++) befall(cluster, administrator, faults[next]!);
    return world.events >= events;
  });
  administrator.isOrdeal = false;
  await converge(cluster, administrator, clients, clientsDone, watchers);
  judge({ told: clients.told, applied: cluster.applied, events: cluster.history, watches: watchers.map(({ parts }) => parts) });
  countLeases(cluster, clients);
  return {
    seed,
    events: world.events,
    labMs: Math.round(world.nowMs),
    calls: clients.told.calls.length,
    revisions: cluster.history.at(-1)?.kv.modRevision ?? 1,
    faults,
    marks: world.marks,
    trace: world.trace.value,
  };
}

/** Everything is healed; the cluster must serve again at every member, and all members must hold the same. */
async function converge(
  cluster: Cluster,
  administrator: Administrator,
  clients: Clients,
  clientsDone: Promise<unknown>,
  watchers: readonly Watcher[],
): Promise<void> {
  const { world } = cluster;
  const deadline = world.events + HEAL_EVENTS;
  let isDone = false;
  let stage = 'the members are put in order';
  const work = async (): Promise<void> => {
    healAll(cluster);
    while (!(await administrator.putInOrder())) {
      healAll(cluster);
      await administrator.tend(false);
      await administrator.pause(300);
    }
    stage = 'the clients end';
    clients.stop();
    await clientsDone;
    stage = 'everybody writes';
    while (!(await everybodyWrites(cluster))) {
      await administrator.tend(false);
      await administrator.pause(300);
    }
    stage = 'everybody has the same';
    while (!(await isSettled(cluster, watchers))) await administrator.pause(300);
    isDone = true;
  };
  work().catch((error: unknown) => world.fail(error));
  await world.run(() => isDone || world.events >= deadline);
  for (const watcher of watchers) watcher.stop();
  if (!isDone) {
    const seen = watchers.map(({ revision }) => revision).join();
    throw new BrokenHistory(`not healed within ${HEAL_EVENTS} events, waiting until ${stage} (watched ${seen}): ${describe(cluster)}`);
  }
}

/** Whether a write through every member works. */
async function everybodyWrites(cluster: Cluster): Promise<boolean> {
  for (const { name, isMember } of cluster.sites) {
    if (!isMember) continue;
    try {
      await callMember(cluster, 'judge', name, 'client', 'KV/Put', { key: 'healed', value: name }, 3_000);
    } catch {
      return false;
    }
  }
  return true;
}

/** Whether no lease is left, all watches have everything, and all members have one revision and one hash; different hashes are the end. */
async function isSettled(cluster: Cluster, watchers: readonly Watcher[]): Promise<boolean> {
  const members = cluster.sites.filter(({ isMember }) => isMember);
  const newest = cluster.history.at(-1)?.kv.modRevision ?? 1;
  const hashes = new Set<string>();
  for (const { name, life } of members) {
    if (!life?.member || life.member.state.lessor.size > 0 || life.member.state.store.revision !== newest) return false;
    // One that does not answer is asked again; at the end of the patience the run says who it was.
    const answer = await callMember<etcd.HashKvResponse>(cluster, 'judge', name, 'client', 'Maintenance/HashKV', {}, 3_000).catch(
      (error: unknown) => error,
    );
    if (answer instanceof Error || (answer as etcd.HashKvResponse).hashRevision !== newest) return false;
    const { hash, compactRevision } = answer as etcd.HashKvResponse;
    hashes.add(`${hash}/${compactRevision}`);
  }
  if (hashes.size > 1) throw new BrokenHistory(`members differ: ${[...hashes].join(', ')}`);
  const served = watchers.filter((_, at) => cluster.sites[at]!.isMember);
  return served.every(({ revision }) => revision >= newest);
}

function describe(cluster: Cluster): string {
  return cluster.sites
    .map(({ name, isMember, isDamaged, life }) => {
      const view = life?.member?.raft.view();
      const core = view
        ? `revision ${life!.member!.state.store.revision} ${view.role} term ${view.term} commit ${view.commit} applied ${view.applied} last ${view.lastIndex}`
        : 'no core';
      const alarms = JSON.stringify(life?.member?.state.alarms() ?? []);
      const leases = life?.member?.state.lessor.size ?? 0;
      return `${name} ${isMember ? 'member' : 'none'}${isDamaged ? ' damaged' : ''} ${life ? (life.client ? 'serves' : 'starts') : 'off'} ${core} alarms ${alarms} leases ${leases}`;
    })
    .join('; ');
}

/** Leases that ran out, and what they took with them. */
function countLeases(cluster: Cluster, clients: Clients): void {
  const { marks } = cluster.world;
  for (const { request, error, events } of cluster.applied) {
    if (!('leaseRevoke' in request) || error !== undefined) continue;
    if (!clients.told.revoked.has(request.leaseRevoke.id)) marks['lease expired']++;
    marks['key deleted by its lease'] += events.length;
  }
}
