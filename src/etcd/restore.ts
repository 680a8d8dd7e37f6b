/**
 * A streamed snapshot's text as a file: what it holds, and a new data directory made from it. After etcdutl's snapshot package: the keys
 * stay, the members are those of the new cluster, and the log begins with the snapshot.
 */
import type { etcd } from '#contracts';
import { hashText, type Crypto, type Disk, type Files, type Random } from '#host';
import { openDataDirectory } from './data-directory.ts';
import { clusterIdOf, memberIdOf, parseInitialCluster } from './identity.ts';
import { Membership, raftIdOf } from './membership.ts';
import { utf8Length } from './mvcc/key-range.ts';
import { saveSnapshot } from './snapshot.ts';
import { decodeState, encodeState } from './state-image.ts';
import { StateMachine } from './state-machine.ts';
import { Wal } from './wal.ts';

/** What `snapshot status` tells of a file. */
export interface SnapshotStatus {
  readonly hash: number;
  readonly revision: number;
  readonly totalKeys: number;
  /** Bytes. */
  readonly totalSize: number;
}

/** Looks into a snapshot's text; throws SnapshotCorruptError. Keys count with every version they hold. */
export function snapshotStatus(text: string): SnapshotStatus {
  const { store } = decodeState(text);
  let totalKeys = 0;
  for (const [, ...versions] of store.keyImages()) totalKeys += versions.length;
  return { hash: hashText(text), revision: store.revision, totalKeys, totalSize: utf8Length(text) };
}

/** How a member is restored, as etcdutl's flags say it. */
export interface RestoreOptions {
  readonly dataDir: string;
  readonly name: string;
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: readonly string[];
}

/** What a restored member stands on. */
export interface RestoreParts {
  readonly files: Files;
  readonly disk: Disk;
  readonly random: Random;
  readonly crypto: Crypto;
  /** Gives others their turn. */
  yield(): Promise<void>;
}

/** A member that was restored, and the cluster it belongs to. */
export interface Restored {
  readonly clusterId: string;
  readonly members: readonly etcd.Member[];
}

/** Makes a new data directory from a snapshot's text. Rejects with an Error in etcdutl's words, or SnapshotCorruptError; durable once resolved. */
export async function restoreSnapshot(text: string, options: RestoreOptions, parts: RestoreParts): Promise<Restored> {
  const { files, disk, random, crypto } = parts;
  const { dataDir, name, initialCluster, initialClusterToken, initialAdvertisePeerUrls } = options;
  if (files.stat(dataDir) && (files.stat(dataDir)!.kind !== 'directory' || files.list(dataDir).length > 0))
    throw new Error(`data-dir "${dataDir}" not empty or could not be read`);
  const initial = parseInitialCluster(initialCluster);
  const own = initial.find((member) => member.name === name);
  if (!own) throw new Error(`couldn't find local name "${name}" in the initial cluster configuration`);
  const advertised = [...initialAdvertisePeerUrls].sort();
  if (own.peerUrls.join() !== advertised.join())
    throw new Error(
      `--initial-cluster has ${name}=${own.peerUrls.join(',')} but missing from --initial-advertise-peer-urls=${advertised.join(',')}`,
    );
  const old = decodeState(text);
  const membership = new Membership();
  for (const { name: memberName, peerUrls } of initial)
    membership.put({ id: memberIdOf(crypto, peerUrls, initialClusterToken), name: memberName, peerUrls, clientUrls: [], isLearner: false });
  const members = membership.list();
  const clusterId = clusterIdOf(
    crypto,
    members.map(({ id }) => id),
  );
  const state = new StateMachine(old.store, old.lessor, membership);
  for (const { memberId, alarm } of old.alarms()) state.setAlarm(memberId, alarm, true);
  const auth = old.auth.image();
  if (auth) state.auth.restore(auth);
  const index = members.length;
  const conf = { voters: members.map(({ id }) => raftIdOf(id)), outgoing: [], learners: [], learnersNext: [], autoLeave: false };
  files.makeDirectory(dataDir, { recursive: true, mode: 0o700 });
  const directory = await openDataDirectory(files, disk, random, dataDir);
  await saveSnapshot(directory.snapshots, { index, term: 1, conf, data: encodeState(state) }, false, () => parts.yield());
  const wal = new Wal(directory.log, { memberId: memberIdOf(crypto, own.peerUrls, initialClusterToken), clusterId }, 0);
  await wal.append([], { term: 1, vote: 0, commit: index }, index + 1);
  await files.sync();
  return { clusterId, members };
}
