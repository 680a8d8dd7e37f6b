/** What the keeper of time and a machine tell each other over the port between them. Times are lab milliseconds since the lab was opened. */

/** How time goes. `realMs` is the keeper's `performance.timeOrigin + performance.now()`, which all workers share. */
export type TimeMode =
  | { readonly kind: 'free'; readonly rate: number; readonly labMs: number; readonly realMs: number }
  | { readonly kind: 'paused'; readonly labMs: number }
  | { readonly kind: 'granted'; readonly labMs: number };

/** Keeper → machine. */
export type KeeperMessage =
  | TimeMode
  | { readonly kind: 'grant'; readonly labMs: number; readonly round: number }
  /** The keeper has heard nothing new for a while: say again where you are. */
  | { readonly kind: 'ask' };

/** Machine → keeper. */
export type MachineTimeMessage =
  /** At the end of its work in granted time: when its next timer is due, and the frames it has sent and received over its present links. */
  | {
      readonly kind: 'idle';
      readonly round: number;
      readonly nextAtMs: number | undefined;
      readonly sent: number;
      readonly received: number;
    }
  /** The platform did not run this worker for so long (laptop lid, frozen page); its time stood still meanwhile. */
  | { readonly kind: 'slept'; readonly ms: number };

/** Real milliseconds, comparable between all workers of a page. */
export const realNowMs = (): number => performance.timeOrigin + performance.now();

/** A gap in real time beyond this is a sleep, not a late timer. */
export const SLEEP_GAP_MS = 2_000;
