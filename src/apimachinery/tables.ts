// Tables (meta/v1 Table): what the API server answers when asked for columns, as kubectl get does.
import type { KubeObject, ListMeta } from './meta.ts';

/** One column as the Table announces it. */
export interface TableColumnDefinition {
  name: string;
  type: string;
  /** 'name' on the name column, else ''. */
  format: string;
  description: string;
  /** 0 is shown always, 1 with -o wide. */
  priority: number;
}
/** A condition of a row (Completed). */
export interface TableRowCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
}
/** One row; `object` holds PartialObjectMetadata unless includeObject asks otherwise. */
export interface TableRow {
  cells: unknown[];
  conditions?: TableRowCondition[];
  object?: KubeObject;
}
/** The answer itself. */
export interface Table {
  kind: 'Table';
  apiVersion: 'meta.k8s.io/v1';
  metadata: ListMeta;
  columnDefinitions: TableColumnDefinition[] | null;
  rows: TableRow[];
}
/** Whether a decoded body is a Table. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && (value as Table).kind === 'Table';
}
/** An object cut down to its metadata, as rows and metadata-only answers carry it. */
export function partialObjectMetadata(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
