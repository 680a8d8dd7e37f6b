/** The text an editor works on: lines, a cursor, and what undo goes back to. */

/** A text and the place in it. */
export interface Snapshot {
  readonly lines: readonly string[];
  readonly row: number;
  readonly column: number;
}

const MAX_UNDO = 500;

/** One open file. */
export class Buffer {
  lines: readonly string[];
  row = 0;
  column = 0;
  /** Whether the text differs from the file. */
  changed = false;
  private readonly undone: Snapshot[] = [];
  private readonly done: Snapshot[] = [];

  constructor(text: string) {
    this.lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  }

  /** The text as it is written to the file. */
  get text(): string {
    return this.lines.length === 1 && this.lines[0] === '' ? '' : `${this.lines.join('\n')}\n`;
  }

  get line(): string {
    return this.lines[this.row] ?? '';
  }

  /** Remembers this moment for undo; called before a change. */
  remember(): void {
    this.done.push({ lines: this.lines, row: this.row, column: this.column });
    if (this.done.length > MAX_UNDO) this.done.shift();
    this.undone.length = 0;
    this.changed = true;
  }

  /** Goes one change back (or forth); false where there is none. */
  undo(forward: boolean): boolean {
    const [from, to] = forward ? [this.undone, this.done] : [this.done, this.undone];
    const snapshot = from.pop();
    if (!snapshot) return false;
    to.push({ lines: this.lines, row: this.row, column: this.column });
    ({ lines: this.lines, row: this.row, column: this.column } = snapshot);
    this.changed = true;
    return true;
  }

  /** Replaces `count` lines at `row`. */
  splice(row: number, count: number, ...lines: readonly string[]): void {
    const next = [...this.lines.slice(0, row), ...lines, ...this.lines.slice(row + count)];
    this.lines = next.length ? next : [''];
  }

  setLine(text: string): void {
    this.splice(this.row, 1, text);
  }

  /** Puts text (newlines split lines) at the cursor and goes behind it. */
  insert(text: string): void {
    const before = this.line.slice(0, this.column);
    const after = this.line.slice(this.column);
    const parts = `${before}${text}`.split('\n');
    const last = parts.at(-1)!;
    this.splice(this.row, 1, ...parts.slice(0, -1), last + after);
    this.row += parts.length - 1;
    this.column = last.length;
  }

  /** Takes the character before the cursor, joining lines at a line's beginning. */
  backspace(): void {
    if (this.column > 0) {
      this.setLine(this.line.slice(0, this.column - 1) + this.line.slice(this.column));
      this.column--;
    } else if (this.row > 0) {
      const above = this.lines[this.row - 1]!;
      this.splice(this.row - 1, 2, above + this.line);
      this.row--;
      this.column = above.length;
    }
  }

  /** The text between two places of which `from` is not behind `to`. */
  between(from: Pick<Snapshot, 'row' | 'column'>, to: Pick<Snapshot, 'row' | 'column'>): string {
    const inside = this.lines.slice(from.row, to.row + 1);
    return [...inside.slice(0, -1), inside.at(-1)!.slice(0, to.column)].join('\n').slice(from.column);
  }

  /** Takes that text away. */
  cut(from: Pick<Snapshot, 'row' | 'column'>, to: Pick<Snapshot, 'row' | 'column'>): void {
    const head = this.lines[from.row]!.slice(0, from.column);
    const tail = this.lines[to.row]!.slice(to.column);
    this.splice(from.row, to.row - from.row + 1, head + tail);
    this.row = from.row;
    this.column = from.column;
  }

  /** Keeps the cursor inside the text; `past` allows the place behind the last character. */
  clamp(past: boolean): void {
    this.row = Math.max(0, Math.min(this.lines.length - 1, this.row));
    this.column = Math.max(0, Math.min(this.line.length - (past ? 0 : 1), this.column));
    if (this.column < 0) this.column = 0;
  }
}
