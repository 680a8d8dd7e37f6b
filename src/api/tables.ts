// Tables of any kind, from its columns.
import type { KubeObject, ListMeta, Table } from '#apimachinery';
import type { Kind } from './kind.ts';
/** The Table of objects; `includeObject` as in the request (Metadata by default). */
export declare function tableOf<T extends KubeObject>(kind: Kind<T>, objects: readonly T[], listMeta: ListMeta, nowMs: number, includeObject?: 'None' | 'Metadata' | 'Object'): Table;
