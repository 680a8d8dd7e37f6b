/**
 * Messages on their way, as few marks as tell it: the frames that machines counted since they last told, gathered per direction of a
 * hairline and shown at most ten times a second. On a hairline that already has a mark under way the next waits; its count makes it larger.
 */
import type { Lab, MachineInfo } from '#lab';
import { legsBetween, type Leg } from '../map/message-legs.ts';
import { createPacedBatch } from './frame-batch.ts';
import { Gathered } from './gathered.ts';

/** How long a mark is on its way, real milliseconds; with what it may wait, less than a second. */
export const TRAVEL_MS = 600;
/** What goes on all the time (heartbeats, watches) is shown in common pulses so far apart, real milliseconds: the page rests between them. */
const PULSE_MS = 2_000;
/** So many frames on one hairline are no background: they are shown at once. */
const BURST_FRAMES = 40;
/** Marks at once: beyond that the map would be a snowstorm, and the page slow. */
const MARKS_MAX = 40;
const BACK = '<';

/** A mark on a hairline. */
export interface Mark {
  readonly id: number;
  readonly link: string;
  readonly isBack: boolean;
  /** Frames it stands for. */
  readonly frames: number;
  readonly untilMs: number;
}

/** The messages of one page. */
export class Messages {
  marks = $state.raw<readonly Mark[]>([]);
  /** The reader may switch them off. */
  isOn = $state(true);
  /** Whether there is a map to show them on, and time for it: during a boot all time is the machines'. */
  isWanted = (): boolean => false;
  #ids = 0;
  /** Frames per direction of a hairline since they were last shown. */
  readonly #frames = new Gathered<number>();
  /** When a direction of a hairline was heard of last, real milliseconds. */
  readonly #heardMs = new Gathered<number>();
  /** Directions that need not wait for the next pulse. */
  readonly #urgent = new Gathered<true>();
  #pulseMs = 0;
  readonly #batch = createPacedBatch(() => this.#show());

  /** Listens to this lab; gives the way to end it. */
  attach(lab: Pick<Lab, 'on'>, machines: ReadonlyMap<string, MachineInfo>, members: () => readonly string[]): () => void {
    const end = lab.on('traffic', ({ machine, peer, sent, received }) => {
      if (!this.isOn || !this.isWanted()) return;
      const places = { machines, members: members() };
      if (sent > 0) this.#count(legsBetween(machine, peer, places), sent);
      if (received > 0) this.#count(legsBetween(peer, machine, places), received);
    });
    return () => {
      end();
      this.#batch.cancel();
    };
  }

  /** Shows messages, or no longer. */
  toggle(): void {
    this.isOn = !this.isOn;
    this.#frames.take();
  }

  #count(legs: readonly Leg[], frames: number): void {
    // eslint-disable-next-line no-restricted-globals -- the reader's clock: marks move at the reader's pace
    const nowMs = performance.now();
    let isWorthAFrame = nowMs - this.#pulseMs >= PULSE_MS;
    for (const { link, isBack } of legs) {
      const key = `${isBack ? BACK : ''}${link}`;
      const counted = (this.#frames.get(key) ?? 0) + frames;
      this.#frames.set(key, counted);
      if (nowMs - (this.#heardMs.get(key) ?? -PULSE_MS) >= PULSE_MS || counted >= BURST_FRAMES) {
        this.#urgent.set(key, true);
        isWorthAFrame = true;
      }
      this.#heardMs.set(key, nowMs);
    }
    if (legs.length > 0 && isWorthAFrame) this.#batch.request();
  }

  #show(): void {
    // eslint-disable-next-line no-restricted-globals -- the reader's clock: marks move at the reader's pace
    const nowMs = performance.now();
    const underWay = this.marks.filter(({ untilMs }) => untilMs > nowMs);
    const begun: Mark[] = [];
    const isPulse = nowMs - this.#pulseMs >= PULSE_MS;
    if (isPulse) this.#pulseMs = nowMs;
    const urgent = this.#urgent.take();
    for (const [key, frames] of this.#frames.take()) {
      const isBack = key.startsWith(BACK);
      const link = isBack ? key.slice(BACK.length) : key;
      const isDue = isPulse || urgent.has(key);
      const isBusy = underWay.some((mark) => mark.link === link && mark.isBack === isBack);
      if (!isDue || isBusy || underWay.length + begun.length >= MARKS_MAX) this.#frames.set(key, frames);
      else begun.push({ id: ++this.#ids, link, isBack, frames, untilMs: nowMs + TRAVEL_MS });
    }
    if (begun.length > 0 || underWay.length < this.marks.length) this.marks = [...underWay, ...begun];
    if (this.marks.length > 0) this.#batch.request();
  }
}
