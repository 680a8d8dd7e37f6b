/** Fields by path (`spec/template/spec/containers/image`): lists on the way mean each of their elements. */
import type { JsonObject } from '#apimachinery';
import { isObject } from './resource.ts';

/** A path in objects of some kinds. */
export interface FieldSpec {
  readonly path: string;
  /** Undefined: every kind, group, version. */
  readonly kind?: string;
  readonly group?: string;
  readonly version?: string;
  /** Whether missing maps on the way are made. */
  readonly create?: boolean;
}

/** The parts of a path; `\/` is a slash in a name, `[]` after a name is a reminder that a list is meant. */
export function partsOf(path: string): string[] {
  return path
    .replace(/\\\//g, '\0')
    .split('/')
    .map((part) => part.replaceAll('\0', '/').replace(/\[\]$/, ''));
}

/** Replaces what is at a path by what `change` makes of it; undefined leaves it as it is. */
export function changeField(
  object: unknown,
  parts: readonly string[],
  create: boolean,
  change: (value: unknown, holder: JsonObject) => unknown,
): void {
  if (Array.isArray(object)) {
    for (const item of object) changeField(item, parts, create, change);
    return;
  }
  if (!isObject(object)) return;
  const [name, ...rest] = parts as [string, ...string[]];
  if (object[name] === undefined || object[name] === null) {
    if (!create) return;
    if (rest.length > 0) object[name] = {};
  }
  if (rest.length > 0) return changeField(object[name], rest, create, change);
  const changed = change(object[name], object);
  if (changed !== undefined) object[name] = changed;
}

/** Whether a field specification is meant for objects of this kind. */
export function isSpecFor(spec: FieldSpec, object: JsonObject): boolean {
  const [group = '', version = ''] = /^(?:(.*)\/)?(.*)$/.exec(String(object['apiVersion'] ?? ''))!.slice(1);
  return (
    (!spec.kind || spec.kind === object['kind']) && (!spec.group || spec.group === group) && (!spec.version || spec.version === version)
  );
}
