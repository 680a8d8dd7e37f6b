// The window of appends sent to a peer and not yet acknowledged, bounded by count and by bytes.
// Models Inflights of etcd-io/raft.

import { assert } from './errors.ts';

export class Inflights {
  /** Most messages under way; at least 1. */
  readonly capacity: number;
  /** Most payload bytes under way, 0 for no bound; the message that crosses it still goes. */
  readonly maxBytes: number;
  /** Payload bytes under way: the sum of #sizes from #head on. */
  bytes = 0;
  /** Last index of each message under way, ascending, from #head on. */
  #indexes: number[] = [];
  /** Payload bytes of the message at the same place in #indexes. */
  #sizes: number[] = [];
  /** First place in use; what is before it was acknowledged. */
  #head = 0;

  constructor(capacity: number, maxBytes: number) {
    this.capacity = capacity;
    this.maxBytes = maxBytes;
  }

  clone(): Inflights {
    const copy = new Inflights(this.capacity, this.maxBytes);
    copy.#indexes = this.#indexes.slice(this.#head);
    copy.#sizes = this.#sizes.slice(this.#head);
    copy.bytes = this.bytes;
    return copy;
  }

  count(): number {
    return this.#indexes.length - this.#head;
  }

  isFull(): boolean {
    return this.count() >= this.capacity || (this.maxBytes !== 0 && this.bytes >= this.maxBytes);
  }

  add(lastIndex: number, bytes: number): void {
    assert(!this.isFull(), 'an append was sent beyond the window');
    this.#indexes.push(lastIndex);
    this.#sizes.push(bytes);
    this.bytes += bytes;
  }

  /** Frees all messages whose last index is ≤ index. */
  freeTo(index: number): void {
    const end = this.#indexes.length;
    while (this.#head < end && this.#indexes[this.#head]! <= index) {
      this.bytes -= this.#sizes[this.#head]!;
      this.#head++;
    }
    if (this.#head === end) {
      if (end !== 0) this.#clear();
    } else if (this.#head > 64 && this.#head * 2 > end) {
      this.#indexes = this.#indexes.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
  }

  reset(): void {
    if (this.#indexes.length !== 0) this.#clear();
  }

  #clear(): void {
    this.#indexes = [];
    this.#sizes = [];
    this.#head = 0;
    this.bytes = 0;
  }
}
