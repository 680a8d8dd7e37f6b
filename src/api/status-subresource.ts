// The status subresource most kinds have: it writes status and nothing else, while the main resource leaves status alone.
import { deepCopy, type FieldError, type KubeObject } from '#apimachinery';
import type { Subresource, Verb } from './kind.ts';

/** Verbs of subresources that read and write the parent object. */
export const readWriteVerbs: readonly Verb[] = Object.freeze(['get', 'patch', 'update'] as const);

type WithStatus = KubeObject & { status?: unknown };

/** Takes a field over from the old object (or removes it), in place. */
export function keepOld<T extends KubeObject>(object: T, old: T, field: string): void {
  const target = object as unknown as Record<string, unknown>;
  const value = (old as unknown as Record<string, unknown>)[field];
  if (value === undefined) delete target[field];
  else target[field] = deepCopy(value);
}

/** Puts the stored status back on an update of the main resource. */
export function keepOldStatus<T extends KubeObject>(object: T, old: T): void {
  keepOld(object, old, 'status');
}

/** Replaces whatever status a client sent on create by an empty one. */
export function clearStatus(object: KubeObject): void {
  (object as WithStatus).status = {};
}

/** The status subresource of a kind: everything but status comes from the stored object; metadata too, but for what managers own. */
export function statusSubresource<T extends KubeObject>(
  kind: string,
  validateUpdate?: (object: T, old: T) => FieldError[],
): Subresource<T> {
  return {
    name: 'status',
    kind,
    verbs: readWriteVerbs,
    strategy: {
      prepareForUpdate(object, old) {
        for (const field of new Set([...Object.keys(object), ...Object.keys(old)])) {
          if (!['apiVersion', 'kind', 'metadata', 'status'].includes(field)) keepOld(object, old, field);
        }
      },
      ...(validateUpdate ? { validateUpdate } : {}),
    },
  };
}
