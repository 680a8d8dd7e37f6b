/**
 * A sorted set of keys: a two-level B-tree (blocks of at most 512 keys under one list of blocks), etcd's in-memory tree index.
 * Insertion and removal touch one block; counting a range adds up block lengths. Keys are ordered by UTF-16 code unit.
 */

const BLOCK_KEYS_MAX = 512;

/** First position in `block` whose key is not below `key`. */
function lowerBound(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (block[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class SortedKeys {
  /** Non-empty blocks in order; every key of a block is below every key of the next. */
  readonly #blocks: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The last block whose first key is not above `key`; 0 if there is none. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]![0]! <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : low - 1;
  }

  /** Adds a key; false if it was there. */
  add(key: string): boolean {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (!block) {
      this.#blocks.push([key]);
      this.#size = 1;
      return true;
    }
    const position = lowerBound(block, key);
    if (block[position] === key) return false;
    block.splice(position, 0, key);
    this.#size++;
    if (block.length > BLOCK_KEYS_MAX) this.#blocks.splice(at + 1, 0, block.splice(BLOCK_KEYS_MAX / 2));
    return true;
  }

  /** Removes a key; false if it was not there. */
  delete(key: string): boolean {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (!block) return false;
    const position = lowerBound(block, key);
    if (block[position] !== key) return false;
    block.splice(position, 1);
    this.#size--;
    if (block.length === 0) this.#blocks.splice(at, 1);
    return true;
  }

  /** Keys from `from` on, below `end` (undefined: to the last one), in order. The set must not change meanwhile. */
  *range(from: string, end: string | undefined): Generator<string> {
    if (this.#blocks.length === 0) return;
    let at = this.#blockOf(from);
    let position = lowerBound(this.#blocks[at]!, from);
    for (; at < this.#blocks.length; at++, position = 0) {
      const block = this.#blocks[at]!;
      for (; position < block.length; position++) {
        const key = block[position]!;
        if (end !== undefined && key >= end) return;
        yield key;
      }
    }
  }

  /** How many keys are below `key`. */
  #rank(key: string): number {
    if (this.#blocks.length === 0) return 0;
    const at = this.#blockOf(key);
    let rank = lowerBound(this.#blocks[at]!, key);
    for (let before = 0; before < at; before++) rank += this.#blocks[before]!.length;
    return rank;
  }

  /** How many keys `range(from, end)` gives, without walking them. */
  count(from: string, end: string | undefined): number {
    const upTo = end === undefined ? this.#size : this.#rank(end);
    return Math.max(0, upTo - this.#rank(from));
  }
}
