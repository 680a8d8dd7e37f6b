/**
 * Messages on their way, as few marks as tell it: the frames that machines counted since they last told, gathered per direction of a
 * hairline and shown at the page's beat. On a hairline that already has a mark under way the next waits; its count makes it larger.
 */
import type { Lab, MachineInfo } from '#lab';
import { legsBetween, type Leg } from '../map/message-legs.ts';
import type { Batched, FrameBatch } from './frame-batch.ts';
import { Gathered } from './gathered.ts';

/** How long a mark is on its way, real milliseconds; with what it may wait, less than a second. */
export const TRAVEL_MS = 600;
/** What goes on all the time (heartbeats, watches) is shown in common pulses so far apart, real milliseconds: the page rests between them. */
const PULSE_MS = 4_000;
/** Who was not heard of for so long says something new, and a pulse comes at once; node leases are renewed every ten seconds. */
const QUIET_MS = 12_000;
/** So many frames on one hairline at about once are no background: a pulse comes at once. What is older than this counts half, and so on. */
const BURST_FRAMES = 60;
const BURST_MS = 250;
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
  /** When a direction of a hairline was heard of last, real milliseconds, and its frames of late. */
  readonly #heard = new Gathered<{ readonly atMs: number; readonly recent: number }>();
  /** Something happens that need not wait for the next pulse. */
  #isUrgent = false;
  #pulseMs = 0;
  readonly #batch: FrameBatch;

  constructor(batched: Batched) {
    this.#batch = batched(() => this.#show());
  }

  /** Listens to this lab; gives the way to end it. */
  attach(lab: Pick<Lab, 'on'>, machines: ReadonlyMap<string, MachineInfo>, members: () => readonly string[]): () => void {
    // What one machine sent the other tells again as received.
    const end = lab.on('traffic', ({ machine, peer, sent }) => {
      if (sent > 0 && this.isOn && this.isWanted()) this.#count(legsBetween(machine, peer, { machines, members: members() }), sent);
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
    for (const { link, isBack } of legs) {
      const key = `${isBack ? BACK : ''}${link}`;
      this.#frames.set(key, (this.#frames.get(key) ?? 0) + frames);
      const before = this.#heard.get(key) ?? { atMs: -QUIET_MS, recent: 0 };
      const sinceMs = nowMs - before.atMs;
      const recent = before.recent * 0.5 ** (sinceMs / BURST_MS) + frames;
      if (sinceMs >= QUIET_MS || recent >= BURST_FRAMES) this.#isUrgent = true;
      this.#heard.set(key, { atMs: nowMs, recent });
    }
    if (legs.length > 0 && this.#isPulseDue(nowMs)) this.#batch.request();
  }

  #isPulseDue(nowMs: number): boolean {
    return this.#isUrgent || nowMs - this.#pulseMs >= PULSE_MS;
  }

  #show(): void {
    // eslint-disable-next-line no-restricted-globals -- the reader's clock: marks move at the reader's pace
    const nowMs = performance.now();
    const underWay = this.marks.filter(({ untilMs }) => untilMs > nowMs);
    const begun: Mark[] = [];
    if (this.#isPulseDue(nowMs)) {
      this.#isUrgent = false;
      this.#pulseMs = nowMs;
      for (const [key, frames] of this.#frames.take()) {
        const isBack = key.startsWith(BACK);
        const link = isBack ? key.slice(BACK.length) : key;
        const isBusy = underWay.some((mark) => mark.link === link && mark.isBack === isBack);
        if (isBusy || underWay.length + begun.length >= MARKS_MAX) this.#frames.set(key, frames);
        else begun.push({ id: ++this.#ids, link, isBack, frames, untilMs: nowMs + TRAVEL_MS });
      }
    }
    if (begun.length === 0 && underWay.length === this.marks.length) return;
    this.marks = [...underWay, ...begun];
    // eslint-disable-next-line no-restricted-globals -- the reader's clock: once they have arrived they go
    if (begun.length > 0) setTimeout(() => this.#batch.request(), TRAVEL_MS);
  }
}
