// The annotation of kubectl's client-side apply, as server-side apply treats it where the manager is kubectl (fieldmanager's
// lastAppliedManager and lastAppliedUpdater): what it says was applied may be taken over without a conflict, and it is kept up to date.
import type { FieldSchema } from './field-schema.ts';
import { differenceOf, type FieldSet } from './field-set.ts';
import type { JsonObject, KubeObject } from './meta.ts';
import { compareTyped, touchedSet } from './typed-values.ts';

/** Where client-side apply notes what it applied. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

function parsed(text: string): KubeObject | undefined {
  try {
    return JSON.parse(text) as KubeObject;
  } catch {
    return undefined; // an annotation that somebody spoilt allows nothing
  }
}

/** The fields client-side apply set that still are as it set them; undefined without a usable annotation. */
export function fieldsOfLastApplied(live: KubeObject, schema: FieldSchema): FieldSet | undefined {
  const applied = parsed(live.metadata.annotations?.[lastAppliedAnnotation] ?? '');
  if (applied?.apiVersion !== live.apiVersion) return undefined;
  const { added, modified, removed } = compareTyped(applied, live, schema);
  return [modified, added, removed].reduce(differenceOf, touchedSet(applied, schema));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as JsonObject;
  return Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((name) => [name, sorted(fields[name])]),
  );
}

/** Notes in an object that has the annotation what was applied now; in place. */
export function updateLastApplied(object: KubeObject, applied: KubeObject): void {
  const annotations = object.metadata.annotations;
  if (!annotations?.[lastAppliedAnnotation]) return;
  const { managedFields, annotations: given, ...metadata } = applied.metadata;
  const { [lastAppliedAnnotation]: old, ...kept } = given ?? {};
  const noted = { ...applied, metadata: given ? { ...metadata, annotations: kept } : metadata };
  object.metadata.annotations = { ...annotations, [lastAppliedAnnotation]: `${JSON.stringify(sorted(noted))}\n` };
}
