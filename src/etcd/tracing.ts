/**
 * Spans of what a followed request becomes on each member: its entry written to the log, and applied. The entry carries the traceparent
 * itself, so that followers need nothing but the log; entries that nobody follows cost one comparison.
 */
import type { Entry } from '#raft';
import type { EtcdMember, MemberListener } from './member.ts';
import { decodeRequest } from './requests.ts';

const TRACED = '{"trace":';

/** Begins a span for each followed entry that is about to be written; what it gives ends them. */
export function traceAppend(member: EtcdMember, entries: readonly Entry[]): () => void {
  const followed = entries.filter(({ data }) => data.startsWith(TRACED));
  const spans = followed.map(({ index, term, data }) => {
    const attributes = { 'raft.index': index, 'raft.term': term, 'raft.role': member.isLeader ? 'leader' : 'follower' };
    return member.telemetry.span('raft.append', attributes, decodeRequest(data).trace);
  });
  return () => spans.forEach((span) => span.end());
}

/** Tells of each followed request that this member has applied. */
export function traceApply(member: EtcdMember): MemberListener {
  return {
    requestApplied({ trace }) {
      if (trace === undefined) return;
      const attributes = { 'raft.role': member.isLeader ? 'leader' : 'follower', 'etcd.revision': member.state.store.revision };
      member.telemetry.span('etcdserver.apply', attributes, trace).end();
    },
    stateReplaced: () => undefined,
  };
}
