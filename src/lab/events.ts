/** The lab's events: typed listeners by name, called in the order they came. A listener that throws is told about as an error event, and harms no other. */
import type { management } from '#contracts';
import type { LabEvents } from './lab.ts';

/** An emitter over LabEvents. */
export interface Events {
  on<E extends keyof LabEvents>(type: E, listener: (event: LabEvents[E]) => void): () => void;
  emit<E extends keyof LabEvents>(type: E, event: LabEvents[E]): void;
}

/** An emitter without listeners. */
export function createEvents(): Events {
  const listeners = new Map<keyof LabEvents, Set<(event: never) => void>>();
  const events: Events = {
    on(type, listener) {
      const set = listeners.get(type) ?? new Set();
      listeners.set(type, set);
      set.add(listener as (event: never) => void);
      return () => void set.delete(listener as (event: never) => void);
    },
    emit(type, event) {
      for (const listener of [...(listeners.get(type) ?? [])]) {
        try {
          (listener as (event: unknown) => void)(event);
        } catch (error) {
          if (type === 'error') throw error;
          events.emit('error', { message: `a listener of "${type}" failed: ${error instanceof Error ? error.message : String(error)}` });
        }
      }
    },
  };
  return events;
}

/** Tells what a machine's batch says of its work: spans on the lab's wall clock (which showed `wallBaseMs` at lab time 0), logs, and traffic by the names of `machines`. */
export function tellWork(
  events: Events,
  { machine, bootedMs, spans, logs, traffic }: management.TelemetryBatch,
  wallBaseMs: number,
  machines: readonly { readonly name: string; readonly address: string }[],
): void {
  for (const span of spans) events.emit('span', { ...span, machine, wallMs: wallBaseMs + bootedMs + span.startMs });
  for (const log of logs) events.emit('log', { ...log, machine });
  for (const { address, sent, received } of traffic) {
    const peer = machines.find((each) => each.address === address)?.name;
    if (peer !== undefined) events.emit('traffic', { machine, peer, sent, received });
  }
}
