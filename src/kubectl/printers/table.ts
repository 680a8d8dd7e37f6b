/** `kubectl get` in columns: the server's Table with label columns, kinds before names, sorting and events of a watch. */
import type { Table, TableRow } from '#apimachinery';
import { alignTabs, tableLayout } from './tabs.ts';

/** What the flags of `get` ask of the columns. */
export interface TableOptions {
  readonly wide: boolean;
  readonly noHeaders: boolean;
  readonly showLabels: boolean;
  readonly labelColumns: readonly string[];
  /** Namespace column. */
  readonly withNamespace: boolean;
  /** `deployment.apps` before names, where several kinds are shown. */
  readonly kindPrefix?: string;
  /** Event column of a watch. */
  readonly withEvents: boolean;
}

/** A cell as it is printed: one line, no control characters. */
function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell as string | number | boolean);
  const end = text.search(/[\f\n\r]/);
  return (end < 0 ? text : `${text.slice(0, end)}...`).replaceAll('\t', ' ');
}

/** `a=1,b=2` of an object's labels. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const names = Object.keys(labels ?? {}).sort();
  return names.length ? names.map((name) => `${name}=${labels![name]!}`).join(',') : '<none>';
}

const labelHeader = (label: string): string => label.slice(label.lastIndexOf('/') + 1).toUpperCase();

/** Prints tables; the widths of what was printed before are kept for a watch. */
export class TablePrinter {
  private readonly widths: number[] = [];
  private columns: Table['columnDefinitions'] = null;
  private headerShown = false;

  constructor(private readonly options: TableOptions) {}

  private headers(): string {
    const { options } = this;
    const shown = (this.columns ?? []).filter(({ priority }) => options.wide || priority === 0).map(({ name }) => name.toUpperCase());
    return [
      ...(options.withEvents ? ['EVENT   '] : []),
      ...(options.withNamespace ? ['NAMESPACE'] : []),
      ...shown,
      ...options.labelColumns.map(labelHeader),
      ...(options.showLabels ? ['LABELS'] : []),
    ].join('\t');
  }

  private line(row: TableRow, event: string | undefined): string {
    const { options } = this;
    const metadata = row.object?.metadata;
    const cells = (this.columns ?? []).flatMap(({ priority, format }, at) => {
      if (!options.wide && priority !== 0) return [];
      const text = cellText(row.cells[at]);
      return [format === 'name' && options.kindPrefix ? `${options.kindPrefix}/${text}` : text];
    });
    return [
      ...(options.withEvents ? [(event ?? '').padEnd(8)] : []),
      ...(options.withNamespace ? [metadata?.namespace ?? ''] : []),
      ...cells,
      ...options.labelColumns.map((label) => metadata?.labels?.[label] ?? ''),
      ...(options.showLabels ? [formatLabels(metadata?.labels)] : []),
    ].join('\t');
  }

  /** The text of a table's rows, with the header the first time. */
  print(table: Table, event?: string): string {
    if (table.columnDefinitions?.length) this.columns = table.columnDefinitions;
    const lines = table.rows.map((row) => this.line(row, event));
    if (!this.headerShown && !this.options.noHeaders && lines.length > 0) {
      lines.unshift(this.headers());
      this.headerShown = true;
    }
    return lines.length === 0 ? '' : `${alignTabs(lines.join('\n'), tableLayout, this.widths)}\n`;
  }
}
