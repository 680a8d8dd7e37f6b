// Field ownership (structured-merge-diff): which manager set which field, in metadata.managedFields.
import type { FieldSchema } from './field-schema.ts';
import type { KubeObject } from './meta.ts';
/** Who writes, and how. */
export interface FieldWrite {
  /** fieldManager of the request, or the client's name before the first "/" of its User-Agent. */
  manager: string;
  /** apiVersion of the request's objects. */
  apiVersion: string;
  /** '' on the main resource. */
  subresource: string;
  nowMs: number;
  /** Fields this endpoint resets (["status"] on the main resource of a kind with status, ["spec"] on status); they are not owned. */
  resetFields?: readonly (readonly string[])[];
}
/** Sets metadata.managedFields of `updated` (in place) after a create (`live` undefined) or an update. Entries whose set does not change keep their encoding. */
export declare function recordUpdate(live: KubeObject | undefined, updated: KubeObject, schema: FieldSchema, write: FieldWrite): void;
/** Server-side apply: the merged object with its managedFields. Throws StatusError Conflict unless `force`. */
export declare function applyConfiguration(live: KubeObject | undefined, applied: KubeObject, schema: FieldSchema, write: FieldWrite & { force: boolean }): KubeObject;
