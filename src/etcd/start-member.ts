/** Puts a member together from its configuration, its disk and its network, and keeps its clock ticking. */
import type { DialOptions, Process } from '#host';
import { create } from '#raft';
import { bootstrap, type Bootstrap } from './bootstrap.ts';
import type { EtcdConfig } from './config.ts';
import { openDataDirectory, type DataDirectory } from './data-directory.ts';
import { EtcdMember } from './member.ts';
import { MemberLifecycle } from './member-lifecycle.ts';
import { raftIdOf } from './membership.ts';
import { createMemberMetrics } from './metrics.ts';
import { PEER_SILENCE_MS, PeerTransport, type Transport } from './peer-transport.ts';
import { RaftLogMirror } from './raft-log-mirror.ts';
import { ReadyLoop } from './ready-loop.ts';
import { SnapshotCorruptError } from './state-image.ts';
import { traceAppend, traceApply } from './tracing.ts';
import { Wal, WalCorruptError } from './wal.ts';

/** Bytes of entries in one append, and appends under way to one peer (etcd's maxSizePerMsg, maxInflightMsgs). */
const MESSAGE_BYTES_MAX = 512 * 1024;
const INFLIGHT_MAX = 512;
/** How often peers are looked for before election ticks are passed over. */
const PEER_CHECK_MS = 50;

/** A member that runs, and what is still to be done to make it known. */
export interface StartedMember {
  readonly member: EtcdMember;
  /** Resolves when the member has told its name and addresses to the cluster; from then on it serves clients. */
  readonly published: Promise<void>;
}

/** What a member stands on once its disk is read. */
export type MemberGround = Pick<Process, 'clock' | 'random' | 'telemetry' | 'yield'>;

function createMember(
  process: MemberGround,
  config: EtcdConfig,
  { identity, isLearner }: Bootstrap,
  lifecycle: MemberOrigin['lifecycle'],
): EtcdMember {
  const metrics = createMemberMetrics(process.telemetry.metrics);
  metrics.quotaBytes.set(config.quotaBytes);
  const { clock, telemetry } = process;
  const { name, heartbeatMs, electionMs, maxRequestBytes, quotaBytes, advertiseClientUrls } = config;
  const settings = {
    ...identity,
    name,
    isAnnouncedAsLearner: isLearner,
    isFsyncOff: config.isFsyncOff,
    clientUrls: advertiseClientUrls,
    heartbeatMs,
    electionMs,
    maxRequestBytes,
    quotaBytes,
  };
  return new EtcdMember({ settings, clock, random: process.random.fork('etcd'), telemetry, metrics, lifecycle });
}

async function restoreLog(
  start: Bootstrap,
  directory: Pick<DataDirectory, 'log'>,
  member: EtcdMember,
): Promise<{ wal: Wal; mirror: RaftLogMirror }> {
  const { snapshot, hardState, entries, firstEntries } = start;
  const wal = new Wal(directory.log, start.identity, start.base);
  const mirror = new RaftLogMirror(snapshot, member.applier);
  mirror.append(entries);
  // Also where there are none: from now on this disk knows who it belongs to.
  if (start.isFirst) await wal.append(firstEntries, hardState, 1);
  mirror.append(firstEntries);
  mirror.setHardState(hardState);
  return { wal, mirror };
}

function createTransport(
  process: Process,
  config: EtcdConfig,
  start: Bootstrap,
  member: EtcdMember,
  dialOptions: DialOptions,
): PeerTransport {
  const { network, clock, random } = process;
  const settings = {
    network,
    clock,
    random: random.fork('etcd-transport'),
    dialOptions,
    peerUrls: config.initialAdvertisePeerUrls,
    ...start.identity,
  };
  return new PeerTransport(settings, {
    unreachable: (peer) => member.raft.reportUnreachable(peer),
    snapshotSent: (peer, status) => member.raft.reportSnapshot(peer, status),
    removed: () => member.removed(),
    warning: (message, peerId, error) => process.telemetry.log('warning', message, { 'remote-peer-id': peerId, error }),
  });
}

/** Lets election ticks pass that would only delay: alone at once, with others as soon as they are heard of. */
function adjustTicks(process: MemberGround, config: EtcdConfig, member: EtcdMember): void {
  const ticks = Math.floor(config.electionMs / config.heartbeatMs);
  if (member.state.membership.list().length <= 1) {
    if (member.state.membership.get(member.settings.memberId)) member.campaign();
    return;
  }
  if (!config.initialElectionTickAdvance) return;
  const deadlineMs = process.clock.monotonicMs() + PEER_SILENCE_MS;
  const stop = process.clock.every(PEER_CHECK_MS, () => {
    const isHeard = member.transport.activeCount > 1;
    if (!isHeard && process.clock.monotonicMs() < deadlineMs) return;
    stop();
    if (isHeard) member.advanceTicks(ticks - 2);
  });
}

/** Tells the cluster this member's name and client addresses, again and again until it is in the log. */
async function publish(process: MemberGround, member: EtcdMember): Promise<void> {
  const { memberId, name, clientUrls } = member.settings;
  for (;;) {
    try {
      await member.propose({ memberAttributes: { id: memberId, name, clientUrls } });
      process.telemetry.log('info', 'published local member to cluster through raft', {
        'local-member-id': memberId,
        'cluster-id': member.settings.clusterId,
      });
      return;
    } catch (error) {
      process.telemetry.log('warning', 'failed to publish local member to cluster through raft', {
        error: error instanceof Error ? error.message : String(error),
      });
      await process.clock.sleep(member.settings.heartbeatMs);
    }
  }
}

/** Starts a member. Rejects where etcd refuses to start: corruption, a configuration that does not fit, no peer to join. */
export async function startMember(process: Process, config: EtcdConfig, dialOptions: DialOptions): Promise<StartedMember> {
  const lifecycle = new MemberLifecycle(process.clock, process.telemetry);
  const { clock, network, crypto, telemetry } = process;
  const durability = config.isFsyncOff ? 'relaxed' : 'strict';
  if (config.isFsyncOff) telemetry.log('warning', 'running with --unsafe-no-fsync: a power cut loses acknowledged writes');
  const directory = await openDataDirectory(process.files, process.disk, process.random, config.dataDir, durability);
  const start = await bootstrap(config, directory, { network, clock, crypto, telemetry, dialOptions }).catch((error: unknown) => {
    lifecycle.end(error instanceof WalCorruptError || error instanceof SnapshotCorruptError ? 'CORRUPT' : 'STOP');
    throw error;
  });
  return runMember(process, config, { start, directory, lifecycle }, (member) =>
    createTransport(process, config, start, member, dialOptions),
  );
}

/** What is known of a member before it runs. */
export interface MemberOrigin {
  readonly start: Bootstrap;
  readonly directory: Pick<DataDirectory, 'log' | 'snapshots'>;
  readonly lifecycle: Pick<MemberLifecycle, 'recovered' | 'show' | 'end'>;
}

/** Puts the parts of a member together and lets it run; `makeTransport` gives it its way to the others. */
export async function runMember(
  process: MemberGround,
  config: EtcdConfig,
  { start, directory, lifecycle }: MemberOrigin,
  makeTransport: (member: EtcdMember) => Transport,
): Promise<StartedMember> {
  const { clock, telemetry } = process;
  const member = createMember(process, config, start, lifecycle);
  const { wal, mirror } = await restoreLog(start, directory, member);
  const transport = makeTransport(member);
  const chance = process.random.fork('raft');
  const raft = create(
    {
      id: raftIdOf(start.identity.memberId),
      electionTick: Math.floor(config.electionMs / config.heartbeatMs),
      heartbeatTick: 1,
      random: () => chance.next(),
      applied: start.snapshot?.index ?? 0,
      maxMessageBytes: MESSAGE_BYTES_MAX,
      maxInflight: INFLIGHT_MAX,
      preVote: config.preVote,
      checkQuorum: true,
      asyncStorageWrites: true,
    },
    mirror,
  );
  const loop = new ReadyLoop(
    {
      raft,
      wal,
      mirror,
      applier: member.applier,
      snapshots: directory.snapshots,
      snapshotCount: config.snapshotCount,
      catchUpEntries: config.snapshotCatchUpEntries,
      send: (messages) => transport.send(messages),
      leadershipChanged: (ready) => member.leadershipChanged(ready),
      applied: (readStates) => member.roundApplied(readStates),
      appending: (entries) => traceAppend(member, entries),
      synced: (durationMs) => member.metrics.walFsync.observe(durationMs / 1000),
      snapshotSaved: (index) => telemetry.log('info', 'saved snapshot', { 'snapshot-index': index }),
      nowMs: () => clock.monotonicMs(),
      yield: () => process.yield(),
      fatal: (message, error) => member.fatal(message, error),
    },
    start.hardState,
    start.snapshot?.index ?? 0,
  );
  member.attach(raft, loop, transport);
  member.listen(traceApply(member));
  if (start.snapshot) member.applier.restore(start.snapshot);
  for (const peer of start.peers) transport.setPeer(peer.id, raftIdOf(peer.id), peer.peerUrls);
  lifecycle.recovered();
  member.start(() => adjustTicks(process, config, member));
  return { member, published: publish(process, member) };
}
