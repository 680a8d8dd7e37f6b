/** How near the reader stands to the map: machines alone, machines with their components, or everything down to the pods. */
import type { Attachment } from 'svelte/attachments';

/** From far to near. */
export const LEVELS = ['machines', 'components', 'pods'] as const;
/** One of them. */
export type Level = (typeof LEVELS)[number];

/** What a level shows, for who cannot see it. */
export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  machines: 'Machines, each with its state in short',
  components: 'Machines with their components',
  pods: 'Machines with their components and pods',
};

/** Width of a machine's card with the space beside it, as narrow as it gets, and of the map's edges. */
const CARD_PX = 268;
const EDGES_PX = 50;
/** Columns that make a row worth reading; what is wider goes on below. */
const COLUMNS = 3;
/** How far a wheel turns, and how much fingers spread, for one level. */
const WHEEL_STEP_PX = 60;
const PINCH_STEP = 1.3;

/** The level at which a map of this width shows its widest row without cutting it up. */
export function levelThatFits(widthPx: number, widestRow: number): Level {
  const columns = Math.floor((widthPx - EDGES_PX) / CARD_PX);
  return columns >= Math.min(COLUMNS, widestRow) ? 'pods' : 'machines';
}

/** The zoom of one map. */
export class Zoom {
  /** Undefined: as fits. */
  chosen = $state<Level | undefined>(undefined);
  widthPx = $state(0);
  widestRow = $state(1);
  readonly fitting = $derived(levelThatFits(this.widthPx, this.widestRow));
  readonly level = $derived(this.chosen ?? this.fitting);
  readonly isNearest = $derived(this.level === LEVELS.at(-1));
  readonly isFurthest = $derived(this.level === LEVELS[0]);
  #turnedPx = 0;

  /** By so many levels, nearer if positive. */
  step(by: number): void {
    const at = Math.min(LEVELS.length - 1, Math.max(0, LEVELS.indexOf(this.level) + by));
    this.chosen = LEVELS[at];
  }

  fit(): void {
    this.chosen = undefined;
  }

  /** A key pressed on the map: `+`, `-`, `0`. Gives whether it was one of these. */
  takeKey({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
    if (ctrlKey || altKey || metaKey || !['+', '=', '-', '0'].includes(key)) return false;
    if (key === '0') this.fit();
    else this.step(key === '-' ? -1 : 1);
    return true;
  }

  /** Ctrl and wheel (a pinch of a touchpad comes as such) and two fingers; the wheel alone scrolls. */
  readonly gestures: Attachment<HTMLElement> = (element) => {
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.#turnedPx += event.deltaY;
      if (Math.abs(this.#turnedPx) < WHEEL_STEP_PX) return;
      this.step(this.#turnedPx < 0 ? 1 : -1);
      this.#turnedPx = 0;
    };
    let apartPx = 0;
    const spread = ({ touches: [a, b] }: TouchEvent): number => (a && b ? Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : 0);
    const onTouchStart = (event: TouchEvent): void => void (apartPx = spread(event));
    const onTouchMove = (event: TouchEvent): void => {
      const nowPx = spread(event);
      if (apartPx === 0 || nowPx === 0) return;
      event.preventDefault();
      const ratio = nowPx / apartPx;
      if (ratio < PINCH_STEP && ratio > 1 / PINCH_STEP) return;
      this.step(ratio > 1 ? 1 : -1);
      apartPx = nowPx;
    };
    const active = { passive: false } as const;
    element.addEventListener('wheel', onWheel, active);
    element.addEventListener('touchstart', onTouchStart, { passive: true });
    element.addEventListener('touchmove', onTouchMove, active);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('touchstart', onTouchStart);
      element.removeEventListener('touchmove', onTouchMove);
    };
  };
}
