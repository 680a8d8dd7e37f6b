/** The member's place in its lifecycle machine, published for the map: what it shows is what the member is, seen again at each change. */
import type { Clock, Telemetry } from '#host';
import { etcdMemberMachine, startActor } from '#lifecycle';

/** What a member is just now. */
export interface MemberStanding {
  readonly role: 'learner' | 'follower' | 'pre-candidate' | 'candidate' | 'leader';
  readonly isOutOfSpace: boolean;
}

/** The ways a member ends that the machine knows. */
export type MemberEnding = 'REMOVED' | 'CORRUPT' | 'STOP';

const ROLE_EVENTS = {
  learner: 'LEARNER',
  follower: 'FOLLOWER',
  'pre-candidate': 'PRE_CANDIDATE',
  candidate: 'CANDIDATE',
  leader: 'LEADER',
} as const;

export class MemberLifecycle {
  readonly #actor;
  #shown: MemberStanding | undefined;

  constructor(clock: Clock, telemetry: Telemetry) {
    this.#actor = startActor(etcdMemberMachine, { clock, id: 'etcd', onState: (state) => telemetry.lifecycle('etcd', state) });
  }

  /** Log and snapshot are read; the member takes part from now on. */
  recovered(): void {
    this.#actor.send({ type: 'RECOVERED' });
  }

  show(standing: MemberStanding): void {
    const before = this.#shown;
    if (before?.role === standing.role && before.isOutOfSpace === standing.isOutOfSpace) return;
    this.#shown = standing;
    // The machine keeps no role while space is short; it is told again when that is over.
    if (before?.isOutOfSpace && !standing.isOutOfSpace) this.#actor.send({ type: 'DISARM' });
    if (!before?.isOutOfSpace || !standing.isOutOfSpace) this.#actor.send({ type: ROLE_EVENTS[standing.role] });
    if (standing.isOutOfSpace && !before?.isOutOfSpace) this.#actor.send({ type: 'NO_SPACE' });
  }

  end(how: MemberEnding): void {
    this.#actor.send({ type: how });
  }
}
