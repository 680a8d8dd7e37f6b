// One member of a simulated Raft cluster: its disk, its core, and a state machine that digests what it applies.

import { emptyConf, MemoryStorage, type ConfState, type Entry, type MemberChange, type Message, type RaftNode, type Ready } from '#raft';

/** Members that there can be; some start outside of the cluster. */
export const slots = 5;

export interface Member {
  readonly id: number;
  readonly disk: MemoryStorage;
  /** Undefined while crashed. */
  node: RaftNode | undefined;
  /** Raised by each crash, so that what belongs to a former life does nothing. */
  life: number;
  /** The write under way; while there is one no other Ready is taken. */
  writing: Ready | undefined;
  /** Frozen: takes nothing, and what is sent to it waits. */
  isPaused: boolean;
  /** The state machine: a running digest of all applied entries. */
  digest: number;
  /** Configuration by the entries applied. */
  conf: ConfState;
  /** Reads asked for in this life, and what was committed anywhere when they were. */
  reads: Map<string, number>;
  /** Term in which it was last seen to lead. */
  lastLeader: number;
}

/** A member that never ran: one of the first has the initial configuration, the others an empty disk. */
export function foundMember(id: number, initial: number): Member {
  const voters = Array.from({ length: initial }, (_, i) => i + 1);
  const conf = id <= initial ? { ...emptyConf, voters } : emptyConf;
  const index = id <= initial ? 1 : 0;
  const disk = new MemoryStorage({ index, term: index, conf, data: '0' });
  if (index > 0) disk.setHardState({ term: 0, vote: 0, commit: 1 });
  return { id, disk, node: undefined, life: 0, writing: undefined, isPaused: false, digest: 0, conf, reads: new Map(), lastLeader: 0 };
}

/** As in etcd, what is sent is the newest state: a stored snapshot may know nothing of the member that needs it. */
export function refreshed(member: Member, message: Message): Message {
  if (message.type !== 'snapshot') return message;
  const { applied, termAt } = member.node!.view();
  const term = termAt(applied);
  if (applied <= message.snapshot.index || term === undefined) return message;
  return { ...message, snapshot: { index: applied, term, conf: member.conf, data: String(member.digest) } };
}

export function digestEntry(digest: number, { term, data }: Entry): number {
  let next = digest;
  for (let i = 0; i < data.length; i++) next = (Math.imul(next, 31) + data.charCodeAt(i)) | 0;
  return (Math.imul(next, 31) + term) | 0;
}

export function randomChanges(chance: () => number): MemberChange[] {
  const types = ['voter', 'learner', 'remove', 'voter'] as const;
  return Array.from({ length: 1 + Math.floor(chance() * 2) }, () => {
    return { type: types[Math.floor(chance() * types.length)]!, id: 1 + Math.floor(chance() * slots) };
  });
}

export function describeMember({ id, node, disk }: Member): string {
  if (node === undefined) return `${id} down`;
  const { role, term, lead, commit, applied, lastIndex, config, progress } = node.view();
  const peers = [...progress].map(([peer, { match, next, mode }]) => `${peer}:${match}/${next} ${mode}`);
  return `${id} ${role} term ${term} lead ${lead} commit ${commit} applied ${applied} log ${disk.firstIndex()}..${lastIndex} ${JSON.stringify(config)} ${peers.join(', ')}`;
}
