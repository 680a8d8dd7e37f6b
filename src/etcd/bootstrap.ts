/**
 * How a member begins: from its log and snapshot; as one of the first members of a new cluster, whose first entries are the members
 * themselves; or as one added to an existing cluster, whose ids it asks its peers for. After etcd's bootstrap.
 */
import type { etcd } from '#contracts';
import { createRpcClient, type Clock, type Crypto, type DialOptions, type Network, type Telemetry } from '#host';
import type { Entry, HardState, Snapshot } from '#raft';
import type { EtcdConfig } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { clusterIdOf, memberIdOf, urlTarget } from './identity.ts';
import { loadSnapshot } from './snapshot.ts';
import { bootstrapChange } from './requests.ts';
import { readWal, WalCorruptError, type WalIdentity } from './wal.ts';

/** What `Raft/Members` answers on the peer port. */
export interface PeerMembers {
  readonly clusterId: string;
  readonly members: readonly etcd.Member[];
}

/** What a member starts with. */
export interface Bootstrap {
  readonly identity: WalIdentity;
  readonly snapshot: Snapshot | undefined;
  readonly hardState: HardState;
  /** Index of the newest received snapshot that the log follows. */
  readonly base: number;
  /** Entries behind the snapshot that are in the log. */
  readonly entries: readonly Entry[];
  /** Whether this member never ran before. */
  readonly isFirst: boolean;
  /** Entries that must be written first: those of a new cluster. */
  readonly firstEntries: readonly Entry[];
  /** Members to reach before the log tells of any. */
  readonly peers: readonly etcd.Member[];
  /** Whether it was announced without a vote, for as long as its own log does not tell. */
  readonly isLearner: boolean;
}

/** What asking peers takes. */
export interface BootstrapParts {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly telemetry: Telemetry;
  readonly dialOptions: DialOptions;
}

/** How long a peer may take to tell the members. */
const MEMBERS_TIMEOUT_MS = 2_000;

/** Asks peers, one after another unless `all`, for the members they know. */
async function askMembers(parts: BootstrapParts, peerUrls: readonly string[]): Promise<PeerMembers[]> {
  const { network, clock, dialOptions, telemetry } = parts;
  const answers = await Promise.all(
    peerUrls.map(async (url) => {
      const { address, port, isTls } = urlTarget(url);
      const client = createRpcClient(network, clock, address, port, { ...(isTls ? dialOptions : {}), timeoutMs: MEMBERS_TIMEOUT_MS });
      try {
        return await client.call<PeerMembers>('Raft/Members', {}, { timeoutMs: MEMBERS_TIMEOUT_MS });
      } catch (error) {
        telemetry.log('warning', 'failed to get cluster response', { url, error: error instanceof Error ? error.message : String(error) });
        return undefined;
      } finally {
        client.close();
      }
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}

function ownUrls(config: EtcdConfig): readonly string[] {
  const own = config.initialCluster.find(({ name }) => name === config.name);
  if (!own) throw new Error(`couldn't find local name "${config.name}" in the initial cluster configuration`);
  const advertised = [...config.initialAdvertisePeerUrls].sort();
  if (own.peerUrls.join(',') !== advertised.join(',')) {
    const missing = `${config.name}=${own.peerUrls.find((url) => !advertised.includes(url)) ?? advertised.join(',')}`;
    throw new Error(`--initial-cluster has ${missing} but missing from --initial-advertise-peer-urls=${advertised.join(',')}`);
  }
  return own.peerUrls;
}

async function bootstrapNew(config: EtcdConfig, parts: BootstrapParts): Promise<Bootstrap> {
  const own = ownUrls(config);
  const members = config.initialCluster
    .map(({ name, peerUrls }): etcd.Member => ({
      id: memberIdOf(parts.crypto, peerUrls, config.initialClusterToken),
      name,
      peerUrls,
      clientUrls: [],
      isLearner: false,
    }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  const memberId = memberIdOf(parts.crypto, own, config.initialClusterToken);
  const clusterId = clusterIdOf(
    parts.crypto,
    members.map(({ id }) => id),
  );
  const others = members.filter(({ id }) => id !== memberId);
  for (const answer of await askMembers(
    parts,
    others.map(({ peerUrls }) => peerUrls[0]!),
  )) {
    // Who has forgotten that it voted must not vote again; it has to be removed and added under a new id.
    const known = answer.members.find(({ id }) => id === memberId);
    if (answer.clusterId === clusterId && known && known.clientUrls.length > 0)
      throw new Error(`member ${memberId} has already been bootstrapped`);
  }
  const firstEntries = members.map((member, at): Entry => ({ index: at + 1, term: 1, kind: 'conf', data: bootstrapChange(member) }));
  const hardState = { term: 1, vote: 0, commit: members.length };
  return {
    identity: { memberId, clusterId },
    snapshot: undefined,
    hardState,
    base: 0,
    entries: [],
    isFirst: true,
    firstEntries,
    peers: others,
    isLearner: false,
  };
}

async function bootstrapExisting(config: EtcdConfig, parts: BootstrapParts): Promise<Bootstrap> {
  const own = ownUrls(config);
  const others = config.initialCluster.filter(({ name }) => name !== config.name).map(({ peerUrls }) => peerUrls[0]!);
  const [answer] = await askMembers(parts, others);
  if (!answer) throw new Error('cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs');
  if (answer.members.length !== config.initialCluster.length) throw new Error('error validating peerURLs: member count is unequal');
  const self = answer.members.find(({ peerUrls }) => peerUrls.some((url) => own.includes(url)));
  if (!self) throw new Error('error validating peerURLs: unmatched member while checking PeerURLs');
  const hardState = { term: 0, vote: 0, commit: 0 };
  const peers = answer.members.filter(({ id }) => id !== self.id);
  return {
    identity: { memberId: self.id, clusterId: answer.clusterId },
    snapshot: undefined,
    hardState,
    base: 0,
    entries: [],
    isFirst: true,
    firstEntries: [],
    peers,
    isLearner: self.isLearner,
  };
}

/** Finds out what this member starts with; throws WalCorruptError, SnapshotCorruptError, or an Error in etcd's words. */
export async function bootstrap(config: EtcdConfig, directory: DataDirectory, parts: BootstrapParts): Promise<Bootstrap> {
  const wal = await readWal(directory.log);
  if (!wal.identity) return config.isNewCluster ? bootstrapNew(config, parts) : bootstrapExisting(config, parts);
  const stored = await loadSnapshot(directory.snapshots);
  const snapshot = stored?.snapshot;
  let { hardState } = wal;
  // A received snapshot replaced the log; one that was not begun anew after it is of the history before.
  const isReplaced = stored?.isReceived === true && wal.base < stored.snapshot.index;
  const entries = isReplaced ? [] : wal.entries.filter(({ index }) => index > (snapshot?.index ?? 0));
  if (entries.length > 0 && entries[0]!.index !== (snapshot?.index ?? 0) + 1) throw new WalCorruptError('wal: slice bounds out of range');
  if (snapshot) {
    // A snapshot may have been stored just before the power went, with the log still to follow.
    const isAhead = snapshot.term > hardState.term;
    hardState = {
      term: Math.max(hardState.term, snapshot.term),
      vote: isAhead ? 0 : hardState.vote,
      commit: Math.max(hardState.commit, snapshot.index),
    };
  }
  const lastIndex = entries.at(-1)?.index ?? snapshot?.index ?? 0;
  if (hardState.commit > lastIndex)
    throw new Error(
      `tocommit(${hardState.commit}) is out of range [lastIndex(${lastIndex})]. Was the raft log corrupted, truncated, or lost?`,
    );
  return {
    identity: wal.identity,
    snapshot,
    hardState,
    base: isReplaced ? snapshot!.index : wal.base,
    entries,
    isFirst: false,
    firstEntries: [],
    peers: [],
    isLearner: false,
  };
}
