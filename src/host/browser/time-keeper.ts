/**
 * The keeper of time: tells every machine of a lab what time it is. At rates up to 1 they run freely on their own clocks; above 1,
 * for steps and during a boot, time is granted: all get the same next instant when all are idle and no frame is under way.
 */
import { realNowMs, SLEEP_GAP_MS, type KeeperMessage, type MachineTimeMessage, type TimeMode } from './time-protocol.ts';

/** How far beyond the earliest timer one grant may go, lab milliseconds. */
export const GRANT_AHEAD_MS = 50;
/** A machine that does not answer a grant for so long, real milliseconds, is called stuck. */
export const STUCK_AFTER_MS = 2_000;

/** What the keeper tells the lab. */
export interface TimeStatus {
  readonly labMs: number;
  readonly rate: number;
  readonly mode: 'free' | 'paused' | 'granted';
  /** Lab milliseconds per real millisecond, measured over the last second. */
  readonly trueRate: number;
  /** Machines that have not answered the present grant for STUCK_AFTER_MS. */
  readonly stuck: readonly string[];
}

interface Charge {
  readonly port: MessagePort;
  report: Extract<MachineTimeMessage, { kind: 'idle' }> | undefined;
  askedMs: number;
}

/** The keeper. */
export interface TimeKeeper {
  /** A machine boots: granted time waits for it until it is attached or detached, so that machines switched on together begin together. */
  expect(name: string): void;
  attach(name: string, port: MessagePort): void;
  detach(name: string): void;
  /** A ceiling on lab milliseconds per real one: 0 pauses, up to 1 runs free, above is granted. */
  setRate(rate: number): void;
  /** Granted time as fast as it goes, whatever the rate, until turned off. */
  setHurry(hurry: boolean): void;
  /** Moves a paused lab by exactly `ms`. Resolves when every machine is idle there. */
  step(ms: number): Promise<void>;
  status(): TimeStatus;
  onStatus(listener: (status: TimeStatus) => void): void;
}

/** A keeper at lab time 0, paused. */
export function createTimeKeeper(): TimeKeeper {
  const charges = new Map<string, Charge>();
  const expected = new Set<string>();
  let rate = 1;
  let hurry = false;
  let mode: TimeStatus['mode'] = 'free';
  let labMs = 0;
  /** Where free-running or paced time started: lab and real time then. */
  let anchor = { labMs: 0, realMs: realNowMs() };
  let round = 0;
  let isGranting = false;
  let pacing: ReturnType<typeof setTimeout> | undefined;
  let watching: ReturnType<typeof setTimeout> | undefined;
  /** Real time of the last grant. */
  let grantedMs = 0;
  /** Frames that were sent and will not be received. */
  let lostFrames = 0;
  let stepTo: { labMs: number; resolve: () => void } | undefined;
  let measured = { labMs: 0, realMs: realNowMs(), rate: 1 };
  let listener: ((status: TimeStatus) => void) | undefined;
  const nowMs = (): number => (mode === 'free' ? anchor.labMs + (realNowMs() - anchor.realMs) * rate : labMs);
  const tell = (message: KeeperMessage): void => {
    for (const charge of charges.values()) charge.port.postMessage(message);
  };
  const modeMessage = (): TimeMode =>
    mode === 'free' ? { kind: 'free', rate, labMs: anchor.labMs, realMs: anchor.realMs } : { kind: mode, labMs };
  const status = (): TimeStatus => {
    const stuck =
      mode === 'granted' && isGranting
        ? [...charges]
            .filter(([, charge]) => charge.report?.round !== round && realNowMs() - charge.askedMs > STUCK_AFTER_MS)
            .map(([name]) => name)
        : [];
    return { labMs: nowMs(), rate, mode, trueRate: measured.rate, stuck };
  };
  const measure = (): void => {
    const real = realNowMs() - measured.realMs;
    if (real < 1_000) return;
    measured = { labMs: nowMs(), realMs: realNowMs(), rate: (nowMs() - measured.labMs) / real };
    listener?.(status());
  };
  const choose = (): void => {
    labMs = nowMs();
    const wanted: TimeStatus['mode'] = stepTo || hurry || rate > 1 ? 'granted' : rate === 0 ? 'paused' : 'free';
    anchor = { labMs, realMs: realNowMs() };
    measured = { ...measured, labMs, realMs: realNowMs() };
    mode = wanted;
    isGranting = false;
    clearTimeout(pacing);
    for (const charge of charges.values()) charge.report = undefined;
    tell(modeMessage());
    watch();
    listener?.(status());
  };
  const grant = (until: number): void => {
    round++;
    isGranting = true;
    labMs = until;
    grantedMs = realNowMs();
    for (const charge of charges.values()) charge.askedMs = grantedMs;
    tell({ kind: 'grant', labMs, round });
    measure();
  };
  /** What the machines have said together in the present round; undefined until the last of them has. */
  const reported = (): { readonly underWay: number; readonly earliest: number } | undefined => {
    let underWay = 0;
    let earliest = Infinity;
    for (const { report } of charges.values()) {
      if (!report || (isGranting && report.round !== round)) return undefined;
      underWay += report.sent - report.received;
      earliest = Math.min(earliest, report.nextAtMs ?? Infinity);
    }
    return { underWay, earliest };
  };
  /**
   * Granted time must not stand still for a report or a frame that got lost: whoever is idle says so again, and what has not arrived by the
   * time after that, although everybody is idle, does not arrive any more. One timer for as long as time moves, not one for each grant.
   */
  const watch = (asked = 0, waitMs = STUCK_AFTER_MS): void => {
    clearTimeout(watching);
    if (mode !== 'granted') return;
    watching = setTimeout(() => {
      const standsMs = realNowMs() - grantedMs;
      if (standsMs < STUCK_AFTER_MS) return watch(0, STUCK_AFTER_MS - standsMs);
      if (asked > 0) lostFrames = reported()?.underWay ?? lostFrames;
      tell({ kind: 'ask' });
      watch(asked + 1);
    }, waitMs);
  };
  /** Grants the next instant if everybody is idle and what was sent has arrived. */
  const consider = (): void => {
    if (mode !== 'granted' || expected.size > 0) return;
    const said = reported();
    if (!said || said.underWay !== lostFrames) return;
    const { earliest } = said;
    if (stepTo && labMs >= stepTo.labMs) {
      const { resolve } = stepTo;
      stepTo = undefined;
      choose();
      return resolve();
    }
    const limit = stepTo?.labMs ?? Infinity;
    const next = Math.min(Math.max(earliest, labMs) + (earliest === Infinity ? 0 : GRANT_AHEAD_MS), labMs + GRANT_AHEAD_MS, limit);
    const dueRealMs = hurry || stepTo ? 0 : anchor.realMs + (next - anchor.labMs) / rate;
    const aheadMs = dueRealMs - realNowMs();
    clearTimeout(pacing);
    if (aheadMs > 1) pacing = setTimeout(consider, aheadMs);
    else {
      // Time that could not be reached is not made up for, or one slow second would be followed by a rush.
      if (-aheadMs > SLEEP_GAP_MS && !hurry && !stepTo) anchor = { labMs, realMs: realNowMs() };
      grant(next);
    }
  };
  return {
    expect: (name) => void expected.add(name),
    attach(name, port) {
      expected.delete(name);
      const charge: Charge = { port, report: undefined, askedMs: realNowMs() };
      charges.set(name, charge);
      port.onmessage = ({ data }: MessageEvent<MachineTimeMessage>) => {
        if (data.kind === 'idle') {
          charge.report = data;
          consider();
        } else listener?.(status());
      };
      // A machine that joins during a grant answers the next one.
      if (isGranting) charge.report = undefined;
      labMs = nowMs();
      port.postMessage(modeMessage());
      if (mode === 'granted' && isGranting) port.postMessage({ kind: 'grant', labMs, round });
    },
    detach(name) {
      expected.delete(name);
      charges.get(name)?.port.close();
      charges.delete(name);
      consider();
    },
    setRate(newRate) {
      labMs = nowMs();
      mode = 'paused';
      rate = newRate;
      choose();
    },
    setHurry(newHurry) {
      hurry = newHurry;
      choose();
    },
    step(ms) {
      if (rate !== 0 || stepTo) return Promise.reject(new Error('time must be paused to step'));
      return new Promise((resolve) => {
        stepTo = { labMs: nowMs() + ms, resolve };
        choose();
        if (charges.size === 0) consider();
      });
    },
    status,
    onStatus(newListener) {
      listener = newListener;
    },
  };
}
