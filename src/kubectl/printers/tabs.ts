/** Elastic tab stops: Go's text/tabwriter, which lays out every table and description kubectl prints. */

/** How columns are laid out. */
export interface TabLayout {
  readonly minWidth: number;
  readonly padding: number;
}

/** Layout of `kubectl get`. */
export const tableLayout: TabLayout = Object.freeze({ minWidth: 6, padding: 3 });
/** Layout of `kubectl describe`. */
export const describeLayout: TabLayout = Object.freeze({ minWidth: 0, padding: 2 });

const widthOf = (text: string): number => [...text].length;

/**
 * Aligns the tab-terminated cells of lines. A column is a run of consecutive lines that have a terminated cell there. `remembered`
 * holds widths of earlier flushes (RememberWidths) and is raised by this one.
 */
export function alignTabs(text: string, layout: TabLayout, remembered?: number[]): string {
  const rows = text.split('\n').map((line) => line.split('\t'));
  const result: string[] = rows.map(() => '');
  const widths: number[] = [];
  const writeLines = (from: number, to: number): void => {
    for (let row = from; row < to; row++) {
      result[row] = rows[row]!.map((cell, column) =>
        column < widths.length ? cell + ' '.repeat(Math.max(0, widths[column]! - widthOf(cell))) : cell,
      ).join('');
    }
  };
  const format = (start: number, end: number): void => {
    const column = widths.length;
    let from = start;
    for (let row = start; row < end; row++) {
      if (column >= rows[row]!.length - 1) continue;
      writeLines(from, row);
      from = row;
      let width = Math.max(layout.minWidth, remembered?.[column] ?? 0);
      for (; row < end && column < rows[row]!.length - 1; row++) width = Math.max(width, widthOf(rows[row]![column]!) + layout.padding);
      if (remembered) remembered[column] = width;
      widths.push(width);
      format(from, row);
      widths.pop();
      from = row;
    }
    writeLines(from, end);
  };
  format(0, rows.length);
  return result.join('\n');
}
