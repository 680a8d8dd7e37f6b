/** The last word on each key since somebody looked: what a burst of events leaves to show. Plain data, not reactive; bounded by its keys. */

/** Values by key, taken all at once. */
export class Gathered<Value> {
  #values = new Map<string, Value>();

  set(key: string, value: Value): void {
    this.#values.set(key, value);
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** All of it, in the order in which the keys came; afterwards there is nothing. */
  take(): ReadonlyMap<string, Value> {
    const taken = this.#values;
    this.#values = new Map();
    return taken;
  }
}
