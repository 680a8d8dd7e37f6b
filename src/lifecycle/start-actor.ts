/** Starts an XState actor on the host's clock and under an explicit id, so that delays follow lab time and a run repeats itself. */
import { createActor, type Actor, type AnyStateMachine } from 'xstate';

/** The part of the host's clock that XState needs; every `Clock` of #host fits. */
export interface LifecycleClock {
  /** Calls back once after `ms` of lab time; the answer stops it. */
  after(ms: number, callback: () => void): () => void;
}

/** What an actor is started with. */
export interface ActorSettings {
  readonly clock: LifecycleClock;
  /** Unique among the actors of one process, e.g. `container/<id>`. */
  readonly id: string;
  /** Hears of every state value the actor enters, the first one included, as dotted text (`running.ready`). */
  readonly onState?: (state: string) => void;
}

/** A state value as dotted text: `running`, `running.follower`; parallel regions are joined by commas. */
export function stateText(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([name, inner]) => {
      const rest = stateText(inner);
      return rest ? `${name}.${rest}` : name;
    })
    .join(',');
}

/**
 * Starts an actor of `machine`. Delayed transitions run on `settings.clock`. Events that the present state does not
 * know are ignored, as XState does. Stop it with `actor.stop()`.
 */
export function startActor<Machine extends AnyStateMachine>(machine: Machine, settings: ActorSettings): Actor<Machine> {
  const actor = createActor(machine as AnyStateMachine, {
    id: settings.id,
    clock: {
      setTimeout: (callback: () => void, ms: number) => settings.clock.after(ms, callback),
      clearTimeout: (stop: (() => void) | undefined) => stop?.(),
    },
  }) as Actor<Machine>;
  const { onState } = settings;
  if (onState) {
    let last: string | undefined;
    actor.subscribe((snapshot: { value: unknown }) => {
      const text = stateText(snapshot.value);
      if (text === last) return;
      last = text;
      onState(text);
    });
  }
  actor.start();
  return actor;
}
