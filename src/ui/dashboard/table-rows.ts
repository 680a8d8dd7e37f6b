/** The API server's own Tables: columns and rows, looked through and put in order. Pure. */
import { ageText } from '../lab-clock.ts';
import type { ListForm } from '../state/watched-list.svelte.ts';
import type { KubeObject } from '../state/objects.ts';

/** A column as the server defines it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** 0: always shown; more: only where there is room, as with `-o wide`. */
  readonly priority: number;
}

/** A row, with what is known of its object. */
export interface TableRow extends KubeObject {
  readonly cells: readonly unknown[];
}

interface TableBody {
  readonly metadata: { readonly resourceVersion: string };
  readonly columnDefinitions?: readonly Column[] | null;
  readonly rows?: readonly { readonly cells: readonly unknown[]; readonly object: { readonly metadata: KubeObject['metadata'] } }[];
}

const rowsOf = (body: unknown): TableRow[] =>
  ((body as TableBody).rows ?? []).map(({ cells, object }) => ({ metadata: object.metadata, cells }));

/** How a list is asked for and read as a Table; `onColumns` hears of its columns. */
export function tableForm(onColumns: (columns: readonly Column[]) => void): ListForm<TableRow> {
  return {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    items(body) {
      const { columnDefinitions } = body as TableBody;
      if (columnDefinitions) onColumns(columnDefinitions);
      return rowsOf(body);
    },
    changed: rowsOf,
  };
}

/** What a cell shows: ages go on by themselves, everything else is as the server said. */
export function cellText(column: Column, index: number, { cells, metadata }: TableRow, nowMs: number): string {
  if (column.name === 'Age' && metadata.creationTimestamp) return ageText(nowMs - Date.parse(metadata.creationTimestamp));
  const cell = cells[index];
  return cell === undefined || cell === null || cell === '' ? '' : String(cell);
}

/** Tone and mark of a status, beside its word. */
export function statusLook(word: string): { readonly tone: 'ok' | 'waiting' | 'bad' | 'plain'; readonly mark: string } {
  if (/BackOff|Err|Fail|NotReady|Unknown|OOMKilled|Evicted|Invalid|Lost/.test(word)) return { tone: 'bad', mark: '✕' };
  if (/Pending|Creating|Terminating|Init|Released|SchedulingDisabled|Suspended/.test(word)) return { tone: 'waiting', mark: '◌' };
  if (/Completed|Succeeded|Complete$/.test(word)) return { tone: 'plain', mark: '✓' };
  return /Running|Ready|Active|Bound|Available/.test(word) ? { tone: 'ok', mark: '●' } : { tone: 'plain', mark: '' };
}

/** The order of the rows: a column's name (`Namespace` among them) and a direction. */
export interface Order {
  readonly column: string;
  readonly isDown: boolean;
}

/** Numbers as numbers, names as a person counts them. */
function compare(a: string, b: string): number {
  const [partsA, partsB] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (let at = 0; at < Math.min(partsA.length, partsB.length); at++) {
    const [x = '', y = ''] = [partsA[at], partsB[at]];
    if (x === y) continue;
    return /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : x < y ? -1 : 1;
  }
  return partsA.length - partsB.length;
}

function keyFor(columns: readonly Column[], { column }: Order): (row: TableRow) => string {
  if (column === 'Namespace') return ({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`;
  // The youngest first, as an age that grows; for the rest of a second their order does not matter.
  if (column === 'Age') return ({ metadata }) => String(Number.MAX_SAFE_INTEGER - Date.parse(metadata.creationTimestamp ?? ''));
  const index = columns.findIndex(({ name }) => name === column);
  return ({ cells, metadata }) => String(cells[index] ?? metadata.name);
}

/** The rows in which every word of `filter` occurs, in order. */
export function arranged(rows: Iterable<TableRow>, columns: readonly Column[], filter: string, order: Order): TableRow[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const key = keyFor(columns, order);
  const matching = [...rows].filter(({ cells, metadata }) => {
    const text = `${metadata.namespace ?? ''} ${cells.join(' ')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const sign = order.isDown ? -1 : 1;
  return matching.sort((a, b) => sign * compare(key(a), key(b)) || compare(a.metadata.name, b.metadata.name));
}
