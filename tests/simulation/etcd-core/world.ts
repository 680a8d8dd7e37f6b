// One virtual time for a cluster of etcd members without machines around them: events one after another, each with all that follows
// from it, so that one seed gives one history. Links lose, repeat, delay and reorder what they carry.

import { seededRandom, type Random } from '#host';
import { createTraceHash } from '#host/simulated';
import { EventQueue } from '../event-queue.ts';
import { noMarks } from './marks.ts';

/** How links behave while nothing is cut. */
export interface Weather {
  readonly drop: number;
  readonly repeat: number;
  readonly late: number;
}

export const FAIR: Weather = { drop: 0, repeat: 0, late: 0 };
const LATENCY_MS = { least: 0.5, spread: 2, late: 400 } as const;

export class World {
  readonly random: Random;
  readonly trace = createTraceHash();
  readonly marks = noMarks();
  readonly #queue = new EventQueue<() => void>();
  readonly #network: Random;
  /** Links that carry nothing, as `from>to`. */
  readonly #cut = new Set<string>();
  weather: Weather = FAIR;
  events = 0;
  #afterEvent: () => void = () => undefined;
  /** What went wrong inside an event; ends the run. */
  #failure: Error | undefined;

  constructor(seed: string) {
    this.random = seededRandom(`etcd-core/${seed}`);
    this.#network = this.random.fork('network');
  }

  get nowMs(): number {
    return this.#queue.now;
  }

  /** Has `run` happen `ms` from now. */
  after(ms: number, run: () => void): void {
    this.#queue.add(Math.max(0, ms), run);
  }

  /** Hears of the end of every event and all that followed from it; may throw. */
  onEvent(listener: () => void): void {
    this.#afterEvent = listener;
  }

  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Runs event by event until `isOver`, which is asked before each. Rejects with the first failure. */
  async run(isOver: () => boolean): Promise<void> {
    await drained();
    while (!isOver()) {
      const event = this.#queue.take();
      if (!event) return;
      this.events++;
      event();
      await drained();
      this.#afterEvent();
      if (this.#failure) throw this.#failure;
      // The platform gets its turn now and then, so that signals and timers of the test runner are heard.
      if (this.events % 4_096 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`);
  }
  mend(from: string, to: string): void {
    this.#cut.delete(`${from}>${to}`);
  }
  mendAll(): void {
    this.#cut.clear();
    this.weather = FAIR;
  }

  /** How long something takes from one place to another; undefined: it gets lost. */
  delay(from: string, to: string): number | undefined {
    const { drop, late } = this.weather;
    const random = this.#network;
    if (this.#cut.has(`${from}>${to}`) || (drop > 0 && random.next() < drop)) {
      this.marks['message lost']++;
      return undefined;
    }
    const isLate = late > 0 && random.next() < late;
    if (isLate) this.marks['message late']++;
    return LATENCY_MS.least + random.next() * (isLate ? LATENCY_MS.late : LATENCY_MS.spread);
  }

  /** Carries something from one place to another, out of order if it so happens; whether it will arrive. */
  send(from: string, to: string, deliver: () => void, mayRepeat: boolean): boolean {
    const delayMs = this.delay(from, to);
    if (delayMs === undefined) return false;
    this.after(delayMs, deliver);
    if (mayRepeat && this.weather.repeat > 0 && this.#network.next() < this.weather.repeat) {
      this.marks['message repeated']++;
      this.after(delayMs + this.#network.next() * LATENCY_MS.late, deliver);
    }
    return true;
  }
}

/** Resolves when no promise is left that could go on: Node runs its ticks once all microtasks are done. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
