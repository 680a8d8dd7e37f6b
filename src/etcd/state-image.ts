/**
 * The replicated state as text: one JSON value per line, the head first, then every key with its versions in key order, then a
 * line with the hash. Equal states give equal texts. It is what snapshots carry, between members and on disk.
 */
import type { etcd } from '#contracts';
import { hashText } from '#host';
import type { AuthImage } from './auth/auth-store.ts';
import { Lessor } from './lease/lessor.ts';
import { Membership } from './membership.ts';
import { Store, type KeyImage, type StoreImage } from './mvcc/store.ts';
import { NO_LEASE } from './mvcc/version.ts';
import { StateMachine } from './state-machine.ts';

interface Head {
  readonly format: 'etcd-state/1';
  readonly store: StoreImage;
  readonly leases: readonly (readonly [id: string, ttlSeconds: number])[];
  readonly alarms: readonly etcd.AlarmMember[];
  readonly members: readonly etcd.Member[];
  readonly removed: readonly string[];
  /** Left out while there are no users and roles. */
  readonly auth?: AuthImage;
}

/** A snapshot whose text does not fit its hash, or is of another format. */
export class SnapshotCorruptError extends Error {
  constructor() {
    super('snap: crc mismatch');
    this.name = 'SnapshotCorruptError';
  }
}

/** The state as text. */
export function encodeState(state: StateMachine): string {
  const auth = state.auth.image();
  const head: Head = {
    format: 'etcd-state/1',
    store: state.store.image(),
    leases: state.lessor.list().map(({ id, ttlSeconds }) => [id, ttlSeconds]),
    alarms: state.alarms(),
    members: state.membership.list(),
    removed: state.membership.removed,
    ...(auth ? { auth } : {}),
  };
  const lines = [JSON.stringify(head)];
  for (const key of state.store.keyImages()) lines.push(JSON.stringify(key));
  const body = lines.join('\n');
  return `${body}\n${JSON.stringify({ hash: hashText(body) })}`;
}

/** The state behind a text; throws SnapshotCorruptError. */
export function decodeState(text: string): StateMachine {
  const bodyEnd = text.lastIndexOf('\n');
  const body = text.slice(0, Math.max(0, bodyEnd));
  if (text.slice(bodyEnd + 1) !== JSON.stringify({ hash: hashText(body) })) throw new SnapshotCorruptError();
  const lines = body.split('\n');
  const head = JSON.parse(lines[0]!) as Head;
  if (head.format !== 'etcd-state/1') throw new SnapshotCorruptError();
  const keys = lines.slice(1).map((line) => JSON.parse(line) as KeyImage);
  const store = Store.restore(head.store, keys);
  const lessor = new Lessor();
  for (const [id, ttlSeconds] of head.leases) lessor.grant(id, ttlSeconds);
  for (const [key] of keys) {
    const lease = store.current(key)?.lease ?? NO_LEASE;
    if (lease !== NO_LEASE) lessor.attach(key, lease);
  }
  const membership = new Membership();
  for (const member of head.members) membership.put(member);
  for (const id of head.removed) membership.remove(id);
  const state = new StateMachine(store, lessor, membership);
  for (const { memberId, alarm } of head.alarms) state.setAlarm(memberId, alarm, true);
  if (head.auth) state.auth.restore(head.auth);
  return state;
}
