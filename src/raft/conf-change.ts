// Requests to change the membership, and their form inside a log entry.
// Models ConfChangeV2 of etcd-io/raft; joint consensus is section 6 of the Raft paper.

import { RaftInvariantError } from './errors.ts';
import type { RaftId } from './types.ts';

/** What happens to one member: gets a vote, gets the log only, goes, or stays with new particulars. */
export interface MemberChange {
  readonly type: 'voter' | 'learner' | 'remove' | 'update';
  readonly id: RaftId;
}

/**
 * 'auto': a single change directly, several through a joint configuration that is left by itself; 'implicit': always
 * joint, left by itself; 'explicit': always joint, left by a later ConfChange without changes.
 */
export type ConfChangeTransition = 'auto' | 'implicit' | 'explicit';

/** A membership change; without changes and with 'auto' it leaves the joint configuration. */
export interface ConfChange {
  readonly transition: ConfChangeTransition;
  readonly changes: readonly MemberChange[];
  /** Opaque to the core: what the application wants to know when it applies the change. */
  readonly context?: string;
}

/** The change that leaves a joint configuration. */
export const leaveJointChange: ConfChange = Object.freeze({ transition: 'auto', changes: [] });

/** Data of a 'conf' entry. Leaving a joint configuration has empty data, which no size bound can refuse. */
export function encodeConfChange(change: ConfChange): string {
  if (isLeaveJoint(change) && change.context === undefined) return '';
  const { transition, changes, context } = change;
  return JSON.stringify(context === undefined ? { transition, changes } : { transition, changes, context });
}

/** The change that encodeConfChange wrote; throws RaftInvariantError for anything else. */
export function decodeConfChange(data: string): ConfChange {
  if (data === '') return leaveJointChange;
  const change = JSON.parse(data) as ConfChange;
  if (!Array.isArray(change.changes)) throw new RaftInvariantError(`not a configuration change: ${data}`);
  return change;
}

export function isLeaveJoint(change: ConfChange): boolean {
  return change.transition === 'auto' && change.changes.length === 0;
}

/** Whether a joint configuration is entered, and if so whether it is left by itself. */
export function entersJoint(change: ConfChange): { readonly joint: boolean; readonly autoLeave: boolean } {
  const joint = change.transition !== 'auto' || change.changes.length > 1;
  return { joint, autoLeave: joint && change.transition !== 'explicit' };
}
