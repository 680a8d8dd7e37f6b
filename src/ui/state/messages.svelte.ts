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
    for (const { link, isBack } of legs) {
      const key = `${isBack ? BACK : ''}${link}`;
      this.#frames.set(key, (this.#frames.get(key) ?? 0) + frames);
    }
    if (legs.length > 0) this.#batch.request();
  }

  #show(): void {
    // eslint-disable-next-line no-restricted-globals -- the reader's clock: marks move at the reader's pace
    const nowMs = performance.now();
    const underWay = this.marks.filter(({ untilMs }) => untilMs > nowMs);
    const begun: Mark[] = [];
    for (const [key, frames] of this.#frames.take()) {
      const isBack = key.startsWith(BACK);
      const link = isBack ? key.slice(BACK.length) : key;
      const isBusy = underWay.some((mark) => mark.link === link && mark.isBack === isBack);
      if (isBusy || underWay.length + begun.length >= MARKS_MAX) this.#frames.set(key, frames);
      else begun.push({ id: ++this.#ids, link, isBack, frames, untilMs: nowMs + TRAVEL_MS });
    }
    if (underWay.length + begun.length > 0 || this.marks.length > 0) this.marks = [...underWay, ...begun];
    if (this.marks.length > 0) this.#batch.request();
  }
}
