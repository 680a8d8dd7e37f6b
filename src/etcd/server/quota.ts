/** The database quota: a write that would pass it raises the NOSPACE alarm, which makes the whole cluster read-only until it is disarmed. */
import type { EtcdMember } from '../member.ts';

/** Whether `bytes` more would not fit any more. */
export function isOverQuota(member: EtcdMember, bytes: number): boolean {
  return member.state.store.size + bytes >= member.settings.quotaBytes;
}

/** Raises the alarm of this member, once; the request that met the quota goes on to get its error from the applied alarm. */
export function raiseNoSpace(member: EtcdMember): void {
  const { memberId } = member.settings;
  if (member.state.alarms().some((standing) => standing.memberId === memberId && standing.alarm === 'NOSPACE')) return;
  member.telemetry.log('warning', 'alarm raised', { alarm: 'NOSPACE', from: memberId });
  member
    .propose({ alarm: { action: 'ACTIVATE', memberId, alarm: 'NOSPACE' } })
    .catch((error: unknown) =>
      member.telemetry.log('warning', 'failed to raise alarm', { error: error instanceof Error ? error.message : String(error) }),
    );
}
