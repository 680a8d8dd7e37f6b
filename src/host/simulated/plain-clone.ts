/** The simulated wire's encoding: a deep copy of plain data that also feeds the trace hash, so that no reference is shared between machines. */

/** An incremental hash of everything that happens, order included (FNV-1a, 32 bits). */
export interface TraceHash {
  addText(text: string): void;
  addNumber(value: number): void;
  readonly value: string;
}

/** An empty trace. */
export function createTraceHash(): TraceHash {
  let hash = 0x811c9dc5;
  const add = (unit: number): void => {
    hash = Math.imul(hash ^ (unit & 0xffff), 0x01000193);
  };
  return {
    addText(text) {
      for (let at = 0; at < text.length; at++) add(text.charCodeAt(at));
      add(0xffff);
    },
    addNumber(value) {
      const scaled = Math.round(value * 1000);
      add(scaled);
      add(scaled >>> 16);
      add(Math.floor(scaled / 0x1_0000_0000));
    },
    get value() {
      return (hash >>> 0).toString(16).padStart(8, '0');
    },
  };
}

/** Copies plain data (JSON values and byte arrays). Throws a TypeError for what a real port could not carry as data. */
export function clonePlain<T>(value: T, trace: TraceHash): T {
  if (typeof value === 'string') {
    trace.addText(value);
    return value;
  }
  if (typeof value === 'number') {
    trace.addNumber(value);
    return value;
  }
  if (typeof value === 'boolean' || value === undefined || value === null) {
    trace.addNumber(value === true ? 1 : value === false ? 2 : 3);
    return value;
  }
  if (value instanceof Uint8Array) {
    for (const byte of value) trace.addNumber(byte);
    return value.slice() as T;
  }
  if (Array.isArray(value)) return value.map((item) => clonePlain(item, trace)) as T;
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} cannot cross a wire`);
  const copy: Record<string, unknown> = {};
  for (const key in value) {
    trace.addText(key);
    copy[key] = clonePlain((value as Record<string, unknown>)[key], trace);
  }
  return copy as T;
}
