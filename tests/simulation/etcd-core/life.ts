// One life of a simulated member, from its start to its crash: what reaches it, and its clock.

import type { Clock, RpcService } from '#host';
import type { EtcdMember } from '../../../src/etcd/member.ts';
import type { DurableLog } from './durable.ts';
import type { World } from './world.ts';

const START_WALL_MS = Date.UTC(2026, 0, 5, 9);

export class Life {
  member: EtcdMember | undefined;
  durable: DurableLog | undefined;
  /** What it serves to clients, once it has made itself known to the cluster. */
  client: RpcService | undefined;
  /** What it serves to other members. */
  peer: RpcService | undefined;
  isOver = false;
  isFrozen = false;
  /** What would have reached it while it was frozen. */
  #backlog: (() => void)[] = [];
  readonly clock: Clock;
  /** Role and term after the last event, for what changes from one to the next. */
  seen = { role: 'follower', term: 0 };

  /** `rate`: how fast its clock runs; `touched` hears of everything that reaches it. */
  constructor(
    world: World,
    readonly siteName: string,
    rate: number,
    private readonly touched: (life: Life) => void,
  ) {
    this.clock = this.#clockOf(world, rate);
  }

  /** Lets something reach this life: now, after its thaw, or never. */
  run(what: () => void): void {
    if (this.isOver) return;
    if (this.isFrozen) return void this.#backlog.push(what);
    this.touched(this);
    what();
  }

  thaw(): void {
    this.isFrozen = false;
    for (const what of this.#backlog.splice(0)) this.run(what);
  }

  #clockOf(world: World, rate: number): Clock {
    const bornMs = world.nowMs;
    const after = (ms: number, run: () => void): (() => void) => {
      let isStopped = false;
      world.after(ms / rate, () => {
        if (!isStopped) this.run(() => isStopped || run());
      });
      return () => void (isStopped = true);
    };
    return {
      monotonicMs: () => (world.nowMs - bornMs) * rate,
      wallMs: () => START_WALL_MS + world.nowMs * rate,
      sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
      after,
      every(ms, tick) {
        let isStopped = false;
        const again = (): void => {
          after(ms, () => {
            if (isStopped) return;
            again();
            tick();
          });
        };
        again();
        return () => void (isStopped = true);
      },
    };
  }
}
