// Virtual time: events by time, and in the order they were made where the time is the same.

interface Timed<Event> {
  readonly time: number;
  readonly sequence: number;
  readonly event: Event;
}

/** A binary heap of events. */
export class EventQueue<Event> {
  readonly #heap: Timed<Event>[] = [];
  #sequence = 0;
  /** Time of the event taken last; never decreases. */
  now = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Adds an event `delay` from now. */
  add(delay: number, event: Event): void {
    const heap = this.#heap;
    const added = { time: this.now + delay, sequence: this.#sequence++, event };
    let at = heap.length;
    heap.push(added);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(added, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = added;
  }

  /** Takes the next event and moves the time to it. */
  take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) this.#sink(last);
    this.now = first.time;
    return first.event;
  }

  #sink(moved: Timed<Event>): void {
    const heap = this.#heap;
    const end = heap.length;
    let at = 0;
    for (let child = 1; child < end; child = 2 * at + 1) {
      if (child + 1 < end && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  }
}

function isBefore<Event>(a: Timed<Event>, b: Timed<Event>): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
