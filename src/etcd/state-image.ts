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

/** Characters encoded before others have their turn: about a millisecond. */
const PIECE_CHARACTERS = 128 * 1024;

/** The lines of the state as it is now, in pieces; what happens to the state meanwhile is not in them. */
function piecesOf(state: StateMachine): Generator<string> {
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
  const keys = [...state.store.keyImages()];
  return (function* () {
    let piece = JSON.stringify(head);
    let hash = hashText('');
    for (const key of keys) {
      if (piece.length >= PIECE_CHARACTERS) {
        hash = hashText(piece, hash);
        yield piece;
        piece = '';
      }
      piece += `\n${JSON.stringify(key)}`;
    }
    yield `${piece}\n${JSON.stringify({ hash: hashText(piece, hash) })}`;
  })();
}

/** The state as text. */
export const encodeState = (state: StateMachine): string => [...piecesOf(state)].join('');

/** The same, of the state as it is when this is called, without keeping others waiting for long: `rest` gives them their turn. */
export async function encodeStateAtLeisure(state: StateMachine, rest: () => Promise<void>): Promise<string> {
  const pieces: string[] = [];
  for (const piece of piecesOf(state)) {
    pieces.push(piece);
    await rest();
  }
  return pieces.join('');
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
