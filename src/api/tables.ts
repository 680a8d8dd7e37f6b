// Tables of any kind, from its columns.
import {
  ageOf,
  partialObjectMetadata,
  type KubeObject,
  type ListMeta,
  type Table,
  type TableColumnDefinition,
  type TableRow,
} from '#apimachinery';
import type { Cell, Column, Kind } from './kind.ts';

/** The Table of objects; `includeObject` as in the request (Metadata by default). */
export function tableOf<T extends KubeObject>(
  kind: Kind<T>,
  objects: readonly T[],
  listMeta: ListMeta,
  nowMs: number,
  includeObject: 'None' | 'Metadata' | 'Object' = 'Metadata',
): Table {
  const columnDefinitions: TableColumnDefinition[] = kind.columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  const rows = objects.map((object): TableRow => {
    const row: TableRow = { cells: kind.columns.map((column) => column.value(object, nowMs)) };
    const conditions = kind.rowConditions?.(object) ?? [];
    if (conditions.length) row.conditions = conditions;
    if (includeObject === 'Metadata') row.object = partialObjectMetadata(object);
    else if (includeObject === 'Object') row.object = object;
    return row;
  });
  return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: listMeta, columnDefinitions, rows };
}

const nameDescription = 'Name of the object, unique among its kind in its namespace.';
const ageDescription = 'Time since the object was created.';

/** The Name column. */
export function nameColumn<T extends KubeObject>(): Column<T> {
  return {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: nameDescription,
    priority: 0,
    value: (object) => object.metadata.name,
  };
}

/** The Age column. */
export function ageColumn<T extends KubeObject>(): Column<T> {
  return {
    name: 'Age',
    type: 'string',
    format: '',
    description: ageDescription,
    priority: 0,
    value: (object, nowMs) => ageOf(object.metadata.creationTimestamp, nowMs),
  };
}

/** A column of text. */
export function textColumn<T extends KubeObject>(
  name: string,
  description: string,
  value: (object: T, nowMs: number) => Cell,
  priority = 0,
): Column<T> {
  return { name, type: 'string', format: '', description, priority, value };
}

/** A column of whole numbers. */
export function integerColumn<T extends KubeObject>(
  name: string,
  description: string,
  value: (object: T) => number,
  priority = 0,
): Column<T> {
  return { name, type: 'integer', format: '', description, priority, value };
}
