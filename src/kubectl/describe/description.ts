/** What a description of a kind is. */
import type { KubeObject } from '#apimachinery';
import type { Session } from '../session.ts';
import type { DescriptionWriter, EventFacts } from './writer.ts';

/** What a description may look at beside its object. */
export interface DescriptionContext {
  readonly session: Session;
  /** Events about the object; undefined where --show-events is off. */
  readonly events: readonly EventFacts[] | undefined;
  readonly nowMs: number;
}

/** Writes an object of one kind. */
export type Description<T extends KubeObject = KubeObject> = (
  writer: DescriptionWriter,
  object: T,
  context: DescriptionContext,
) => Promise<void> | void;
