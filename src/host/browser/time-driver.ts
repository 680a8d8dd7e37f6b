/** Drives the clock of one machine in its worker: free-running on real timers, paused, or granted instant by instant by the keeper of time. */
import type { Machine } from '../machine.ts';
import type { IdleWatch } from '../run-queue.ts';
import { realNowMs, SLEEP_GAP_MS, type KeeperMessage, type MachineTimeMessage, type TimeMode } from './time-protocol.ts';

/** The driver of one machine's clock. */
export interface TimeDriver {
  /** A timer was set; it may be earlier than what the driver waits for. */
  onTimerSet(): void;
  /** The machine is about to work: running freely, its clock must not stand where the last timer left it. */
  onWork(): void;
  /** Granted time goes on when machines are idle; running freely nobody asks. */
  readonly idleWatch: IdleWatch;
  attach(port: MessagePort): void;
}

/** A driver for `machine`, which was switched on at `bootedLabMs`. Until it is attached the machine is paused. */
export function createTimeDriver(machine: () => Machine, bootedLabMs: number): TimeDriver {
  let mode: TimeMode = { kind: 'paused', labMs: bootedLabMs };
  let port: MessagePort | undefined;
  let timeout: ReturnType<typeof setTimeout> | undefined;
  let waitsUntilMs = Infinity;
  let round = 0;
  let isAdvancing = false;
  let lastLookMs = realNowMs();
  const tell = (message: MachineTimeMessage): void => port?.postMessage(message);
  const freeNowMs = (): number => (mode.kind === 'free' ? mode.labMs + (realNowMs() - mode.realMs) * mode.rate - bootedLabMs : 0);
  /** After a sleep the machine's time goes on where it stopped. */
  const noticeSleep = (): void => {
    const nowMs = realNowMs();
    const gapMs = nowMs - lastLookMs;
    lastLookMs = nowMs;
    if (gapMs < SLEEP_GAP_MS + HEARTBEAT_MS || mode.kind !== 'free') return;
    mode = { ...mode, realMs: mode.realMs + gapMs };
    tell({ kind: 'slept', ms: gapMs });
  };
  const runDue = (): void => {
    if (mode.kind !== 'free') return;
    noticeSleep();
    const { timers, queue, isFrozen } = machine();
    const nowMs = freeNowMs();
    queue.inTurn(() => {
      if (!isFrozen && !queue.isPaused)
        for (let due = timers.takeDue(nowMs); due; due = timers.takeDue(nowMs)) for (const run of due) run();
      timers.moveTo(nowMs);
    });
    wait();
  };
  const wait = (): void => {
    clearTimeout(timeout);
    timeout = undefined;
    waitsUntilMs = Infinity;
    if (mode.kind !== 'free') return;
    const nextMs = machine().nextTimerAtMs() ?? Infinity;
    const delayMs = Math.min((nextMs - freeNowMs()) / mode.rate, HEARTBEAT_MS);
    waitsUntilMs = nextMs;
    timeout = setTimeout(runDue, Math.max(0, delayMs));
  };
  const report = (): void => {
    const { isIdle, card } = machine();
    if (mode.kind !== 'granted' || isAdvancing || !isIdle) return;
    const nextAtMs = machine().nextTimerAtMs();
    tell({
      kind: 'idle',
      round,
      nextAtMs: nextAtMs === undefined ? undefined : nextAtMs + bootedLabMs,
      sent: card.sent,
      received: card.received,
    });
  };
  const enter = (message: TimeMode): void => {
    const { queue, timers, isFrozen } = machine();
    mode = message;
    lastLookMs = realNowMs();
    if (message.kind === 'paused') queue.pause();
    else if (!isFrozen) queue.resume();
    if (message.kind !== 'free') timers.moveTo(message.labMs - bootedLabMs);
    wait();
    if (message.kind === 'free') runDue();
    // A turn of the queue, whose end reports.
    if (message.kind === 'granted') queue.enqueue(() => undefined);
  };
  return {
    onTimerSet() {
      if (mode.kind !== 'free') return;
      const nextMs = machine().nextTimerAtMs();
      if (nextMs !== undefined && nextMs < waitsUntilMs) wait();
    },
    onWork() {
      if (mode.kind !== 'free') return;
      const { timers, queue, isFrozen } = machine();
      if (isFrozen || queue.isPaused) return;
      noticeSleep();
      const nowMs = freeNowMs();
      // What is due comes first, at its own time.
      if ((timers.nextAtMs() ?? Infinity) <= nowMs) runDue();
      else timers.moveTo(nowMs);
    },
    idleWatch: {
      // What is under way on the disk will be looked at when it has come back.
      isOn: () => mode.kind === 'granted' && machine().pendingDiskOperations === 0,
      onIdle: report,
    },
    attach(newPort) {
      port = newPort;
      port.onmessage = ({ data }: MessageEvent<KeeperMessage>) => {
        // A turn of the queue, whose end reports.
        if (data.kind === 'ask') return machine().queue.enqueue(() => undefined);
        if (data.kind !== 'grant') return enter(data);
        round = data.round;
        const untilMs = data.labMs - bootedLabMs;
        const { isIdle, timers } = machine();
        if (isIdle && (machine().nextTimerAtMs() ?? Infinity) > untilMs) {
          // Nothing to do until then: most grants of most machines, answered at once.
          timers.moveTo(untilMs);
          return report();
        }
        isAdvancing = true;
        void machine()
          .advanceTo(untilMs)
          .then(() => {
            isAdvancing = false;
            // Not idle yet (its disk is busy, a frame came): the end of that reports.
            report();
          });
      };
    },
  };
}

/** How often a free-running machine looks at the time even without timers, so that a sleep is noticed. */
const HEARTBEAT_MS = 1_000;
