/** Who writes, and how: what the registry needs of a request, and of the server's own writes. */
import type { Kind, Subresource } from '#api';
import { fieldSchemaOf } from '#api';
import { recordUpdate, type FieldSchema, type FieldWrite, type KubeObject } from '#apimachinery';
import { apiVersionOf } from '#api';
import type { Core, User } from '../core.ts';

/** A write. */
export interface WriteContext {
  readonly user: User;
  readonly manager: string;
  readonly dryRun: boolean;
  readonly nowMs: number;
  readonly warnings: Set<string>;
}

/** A write of the server itself (post-start hooks). */
export function loopbackContext(core: Core): WriteContext {
  return { user: core.loopbackUser, manager: 'kube-apiserver', dryRun: false, nowMs: core.clock.wallMs(), warnings: new Set() };
}

/** Fields an endpoint resets, which therefore nobody comes to own through it. */
function resetFieldsOf(kind: Kind, subresource: Subresource | undefined): readonly (readonly string[])[] {
  if (subresource) return subresource.name === 'status' ? [['spec']] : [['status']];
  return kind.subresources.some((each) => each.name === 'status') ? [['status']] : [];
}

/** The field write a context stands for. */
export function fieldWriteOf(kind: Kind, subresource: Subresource | undefined, context: WriteContext): FieldWrite {
  return {
    manager: context.manager,
    apiVersion: apiVersionOf(kind),
    subresource: subresource?.name ?? '',
    nowMs: context.nowMs,
    resetFields: resetFieldsOf(kind, subresource),
  };
}

/** Notes in metadata.managedFields who wrote what. */
export function recordManagedFields(kind: Kind, live: KubeObject | undefined, updated: KubeObject, write: FieldWrite): void {
  recordUpdate(live, updated, schemaOf(kind), write);
}

/** The structure of a kind's objects. */
export function schemaOf(kind: Kind): FieldSchema {
  return fieldSchemaOf(kind);
}
