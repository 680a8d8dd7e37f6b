// Decides whether a history of concurrent operations could have happened one at a time: Wing and Gong's search with
// Lowe's memoisation, one independent search per key. Three verdicts: a search that was cut short is no pass.

/** One operation: when it was called, when it returned (undefined: its outcome is not known), and what it did. */
export interface Operation<Action> {
  readonly key: string;
  readonly call: number;
  readonly ret: number | undefined;
  readonly action: Action;
}

/** What a key's operations do, one at a time. States are compared with Object.is. */
export interface Model<Action, State> {
  readonly initial: State;
  /** The state after the action, undefined if the action cannot have had its outcome in this state. */
  step(state: State, action: Action, isKnown: boolean): { readonly state: State } | undefined;
  /** A number that equal states share. */
  hash(state: State): number;
}

export type Verdict = 'legal' | 'illegal' | 'unknown';

export interface Judgement {
  readonly verdict: Verdict;
  /** The key that is to blame for a verdict other than legal. */
  readonly key: string | undefined;
  /** Steps that the search took over all keys. */
  readonly steps: number;
}

/** Steps of one key's search before it gives up. */
export const defaultStepLimit = 5_000_000;

/** Judges a history key by key. */
export function checkLinearizable<Action, State>(
  operations: readonly Operation<Action>[],
  model: Model<Action, State>,
  stepLimit = defaultStepLimit,
): Judgement {
  const byKey = new Map<string, Operation<Action>[]>();
  for (const operation of operations) {
    const list = byKey.get(operation.key);
    if (list === undefined) byKey.set(operation.key, [operation]);
    else list.push(operation);
  }
  let steps = 0;
  let unknown: string | undefined;
  for (const [key, list] of byKey) {
    const search = new Search(list, model, stepLimit);
    const verdict = search.run();
    steps += search.steps;
    if (verdict === 'illegal') return { verdict, key, steps };
    if (verdict === 'unknown') unknown = key;
  }
  return { verdict: unknown === undefined ? 'legal' : 'unknown', key: unknown, steps };
}

/** A call or a return in the doubly linked list of events that are not linearized yet. */
interface Event<Action> {
  readonly operation: number;
  readonly action: Action;
  readonly isKnown: boolean;
  /** The return that belongs to a call; undefined for a return. */
  matching: Event<Action> | undefined;
  previous: Event<Action> | undefined;
  next: Event<Action> | undefined;
}

class Search<Action, State> {
  readonly #model: Model<Action, State>;
  readonly #limit: number;
  /** Sentinel before the first event. */
  readonly #head: Event<Action>;
  /** Operations with a known outcome that are not linearized; at 0 the history is legal. */
  #knownLeft = 0;
  /** Which operations are linearized, and a hash of that set. */
  readonly #bits: Uint32Array;
  #bitsHash = 0;
  /** Sets and states seen before, by hash: from them the search fails. */
  readonly #seen = new Map<number, { bits: Uint32Array; state: State }[]>();
  steps = 0;

  constructor(operations: readonly Operation<Action>[], model: Model<Action, State>, limit: number) {
    this.#model = model;
    this.#limit = limit;
    this.#bits = new Uint32Array(Math.ceil(operations.length / 32));
    this.#head = { operation: -1, action: undefined as Action, isKnown: false, matching: undefined, previous: undefined, next: undefined };
    const timed: { time: number; isReturn: boolean; event: Event<Action> }[] = [];
    operations.forEach(({ call, ret, action }, operation) => {
      const isKnown = ret !== undefined;
      const blank = { operation, action, isKnown, matching: undefined, previous: undefined, next: undefined };
      const back: Event<Action> = { ...blank };
      timed.push({ time: call, isReturn: false, event: { ...blank, matching: back } });
      timed.push({ time: ret ?? Number.POSITIVE_INFINITY, isReturn: true, event: back });
      if (isKnown) this.#knownLeft++;
    });
    // At the same instant calls come first: such operations overlap, which allows more and blames nobody wrongly.
    timed.sort((a, b) => (a.time === b.time ? Number(a.isReturn) - Number(b.isReturn) : a.time - b.time));
    let last = this.#head;
    for (const { event } of timed) {
      last.next = event;
      event.previous = last;
      last = event;
    }
  }

  run(): Verdict {
    const path: { call: Event<Action>; state: State }[] = [];
    let { state }: { state: State } = { state: this.#model.initial };
    let event = this.#head.next;
    // What is left at the end has no known outcome, and may never have happened.
    while (this.#knownLeft > 0) {
      if (++this.steps > this.#limit) return 'unknown';
      if (event === undefined) throw new Error('a return is missing from the list of events');
      if (event.matching === undefined) {
        // A return whose call is not linearized: some choice before was wrong.
        const choice = path.pop();
        if (choice === undefined) return 'illegal';
        state = choice.state;
        this.#unlift(choice.call);
        event = choice.call.next;
        continue;
      }
      const outcome = this.#model.step(state, event.action, event.isKnown);
      if (outcome !== undefined && this.#isNew(event.operation, outcome.state)) {
        path.push({ call: event, state });
        state = outcome.state;
        this.#lift(event);
        event = this.#head.next;
      } else {
        event = event.next;
      }
    }
    return 'legal';
  }

  #flip(operation: number): void {
    this.#bits[operation >>> 5]! ^= 1 << (operation & 31);
    this.#bitsHash ^= Math.imul(operation + 1, 0x9e3779b1) ^ (Math.imul(operation + 7, 0x85ebca77) >>> 7);
  }

  /** Whether the set with this operation added, and that state, were not tried before; remembers them. */
  #isNew(operation: number, state: State): boolean {
    this.#flip(operation);
    const hash = (this.#bitsHash ^ Math.imul(this.#model.hash(state), 0xc2b2ae3d)) | 0;
    let bucket = this.#seen.get(hash);
    if (bucket === undefined) {
      bucket = [];
      this.#seen.set(hash, bucket);
    }
    const isKnown = bucket.some((one) => Object.is(one.state, state) && sameBits(one.bits, this.#bits));
    if (!isKnown) bucket.push({ bits: this.#bits.slice(), state });
    this.#flip(operation);
    return !isKnown;
  }

  #lift(call: Event<Action>): void {
    unlink(call);
    unlink(call.matching!);
    this.#flip(call.operation);
    if (call.isKnown) this.#knownLeft--;
  }

  #unlift(call: Event<Action>): void {
    relink(call.matching!);
    relink(call);
    this.#flip(call.operation);
    if (call.isKnown) this.#knownLeft++;
  }
}

function unlink<Action>(event: Event<Action>): void {
  event.previous!.next = event.next;
  if (event.next !== undefined) event.next.previous = event.previous;
}

/** Undoes unlink; the event still knows its neighbours, since events come back in reverse order. */
function relink<Action>(event: Event<Action>): void {
  event.previous!.next = event;
  if (event.next !== undefined) event.next.previous = event;
}

function sameBits(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A value of a register; null before the first write. */
export type RegisterValue = number | string | null;

/** What clients do with a register; `out` says what came of it. */
export type RegisterAction =
  | { readonly op: 'put'; readonly value: RegisterValue }
  | { readonly op: 'get'; readonly out: RegisterValue }
  | { readonly op: 'cas'; readonly expect: RegisterValue; readonly value: RegisterValue; readonly isDone: boolean };

/** A register that starts at null. */
export const register: Model<RegisterAction, RegisterValue> = {
  initial: null,
  step(state, action, isKnown) {
    if (action.op === 'put') return { state: action.value };
    if (action.op === 'get') return !isKnown || Object.is(action.out, state) ? { state } : undefined;
    const holds = Object.is(state, action.expect);
    if (isKnown && holds !== action.isDone) return undefined;
    return { state: holds ? action.value : state };
  },
  hash(state) {
    if (typeof state === 'number') return state | 0;
    let hash = state === null ? 1 : 2;
    for (let i = 0; i < (state?.length ?? 0); i++) hash = (Math.imul(hash, 31) + state!.charCodeAt(i)) | 0;
    return hash;
  },
};
