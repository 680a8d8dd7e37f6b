/** The line editor at the prompt: shows the line, moves the cursor, walks and searches the history, completes with Tab. */
/* eslint-disable no-control-regex -- control characters are the language of a terminal */
import { readKeys, type Key } from './keys.ts';
import { editLine, emptyLine, insertText, type LineBuffer } from './line-buffer.ts';
import type { Tty } from './tty.ts';

/** What Tab offers for a line up to the cursor: the text to put in, and the choices to list. */
export interface Completion {
  readonly insert: string;
  readonly choices: readonly string[];
}

/** What an editor needs around it. */
export interface EditorParts {
  readonly tty: Tty;
  readonly history: readonly string[];
  complete(before: string): Promise<Completion>;
}

/** How reading a line ended. */
export type LineResult = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'interrupt' } | { readonly kind: 'end' };

const visibleWidth = (text: string): number => [...text.replace(/\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|[\x01\x02]/g, '')].length;

/** Reads lines from a terminal. Input typed ahead of a prompt is kept. */
export class LineEditor {
  private line: LineBuffer = emptyLine;
  private prompt = '';
  private shownRow = 0;
  private historyAt = 0;
  private draft = '';
  private pending: Key[] = [];
  private rest = '';
  private search: { text: string; at: number } | undefined;
  private tabs = 0;

  constructor(private readonly parts: EditorParts) {}

  private write(text: string): Promise<void> {
    return this.parts.tty.output.write(text);
  }

  /** Draws prompt and line anew, wherever the cursor was. */
  private async draw(): Promise<void> {
    const { columns } = this.parts.tty.terminal;
    const prompt = this.search ? `(reverse-i-search)\`${this.search.text}': ` : this.prompt;
    const promptWidth = visibleWidth(prompt.slice(prompt.lastIndexOf('\n') + 1));
    const position = (text: string): { row: number; column: number } => {
      let row = 0;
      let column = promptWidth;
      for (const char of text) {
        if (char === '\n' || column === columns) {
          row++;
          column = char === '\n' ? 0 : 1;
        } else column++;
      }
      return { row, column };
    };
    const end = position(this.line.text);
    const cursor = position(this.line.text.slice(0, this.line.cursor));
    const up = this.shownRow > 0 ? `\x1b[${this.shownRow}A` : '';
    const back = end.row > cursor.row ? `\x1b[${end.row - cursor.row}A` : '';
    await this.write(
      `${up}\r\x1b[J${prompt.slice(prompt.lastIndexOf('\n') + 1)}${this.line.text}${back}\r${cursor.column > 0 ? `\x1b[${cursor.column}C` : ''}`,
    );
    this.shownRow = cursor.row;
  }

  private async finishLine(): Promise<void> {
    this.line = { ...this.line, cursor: this.line.text.length };
    this.search = undefined;
    await this.draw();
    await this.write('\n');
    this.shownRow = 0;
  }

  private setText(text: string): void {
    this.line = { ...this.line, text, cursor: text.length };
  }

  private walkHistory(by: number): void {
    const { history } = this.parts;
    const next = this.historyAt + by;
    if (next < 0 || next > history.length) return;
    if (this.historyAt === history.length) this.draft = this.line.text;
    this.historyAt = next;
    this.setText(next === history.length ? this.draft : history[next]!);
  }

  /** One key of a Ctrl-R search; true when the key was used up by it. */
  private searchKey(key: Key): boolean {
    const { search } = this;
    if (!search) return false;
    const { history } = this.parts;
    const find = (text: string, from: number): void => {
      for (let at = Math.min(from, history.length - 1); at >= 0; at--) {
        if (!history[at]!.includes(text)) continue;
        this.search = { text, at };
        this.setText(history[at]!);
        this.historyAt = at;
        return;
      }
      this.search = { text, at: search.at };
    };
    if (key.name === 'text') find(search.text + key.text!, search.at);
    else if (key.name === 'ctrl-r') find(search.text, search.at - 1);
    else if (key.name === 'backspace') find(search.text.slice(0, -1), history.length - 1);
    else if (key.name === 'ctrl-g') {
      this.search = undefined;
      this.setText(this.draft);
    } else {
      this.search = undefined;
      return key.name === 'escape';
    }
    return true;
  }

  private async completeLine(): Promise<void> {
    const { insert, choices } = await this.parts.complete(this.line.text.slice(0, this.line.cursor));
    if (insert) {
      this.line = insertText(this.line, insert);
      this.tabs = 0;
      return;
    }
    this.tabs++;
    if (choices.length < 2 || this.tabs < 2) return;
    const width = Math.max(...choices.map((choice) => choice.length)) + 2;
    const perRow = Math.max(1, Math.floor(this.parts.tty.terminal.columns / width));
    const rows = Math.ceil(choices.length / perRow);
    const lines = Array.from({ length: rows }, (_, row) =>
      choices
        .filter((_choice, at) => at % rows === row)
        .map((choice) => choice.padEnd(width))
        .join('')
        .trimEnd(),
    );
    const { cursor } = this.line;
    await this.finishLine();
    this.line = { ...this.line, cursor };
    await this.write(`${lines.join('\n')}\n`);
  }

  private async handle(key: Key): Promise<LineResult | undefined> {
    if (key.name !== 'tab') this.tabs = 0;
    if (this.searchKey(key)) return undefined;
    const edited = key.name === 'ctrl-d' && this.line.text !== '' ? editLine(this.line, { name: 'delete' }) : editLine(this.line, key);
    if (edited) {
      this.line = edited;
      return undefined;
    }
    switch (key.name) {
      case 'enter':
        await this.finishLine();
        return { kind: 'line', text: this.line.text };
      case 'ctrl-c':
        this.search = undefined;
        this.line = { ...this.line, cursor: this.line.text.length };
        await this.draw();
        await this.write('^C\n');
        this.shownRow = 0;
        return { kind: 'interrupt' };
      case 'ctrl-d':
        return { kind: 'end' };
      case 'up':
      case 'ctrl-p':
        this.walkHistory(-1);
        break;
      case 'down':
      case 'ctrl-n':
        this.walkHistory(1);
        break;
      case 'ctrl-r':
        this.draft = this.line.text;
        this.search = { text: '', at: this.parts.history.length - 1 };
        break;
      case 'alt-.':
        this.line = insertText(this.line, this.parts.history.at(-1)?.trim().split(/\s+/).at(-1) ?? '');
        break;
      case 'ctrl-l':
        await this.write('\x1b[H\x1b[2J');
        this.shownRow = 0;
        break;
      case 'tab':
        await this.completeLine();
        break;
    }
    return undefined;
  }

  /** Shows the prompt and reads one line. */
  async read(prompt: string): Promise<LineResult> {
    this.prompt = prompt;
    this.line = { ...emptyLine, cut: this.line.cut };
    this.historyAt = this.parts.history.length;
    this.draft = '';
    this.shownRow = 0;
    const above = prompt.lastIndexOf('\n');
    await this.write(`\x1b[?2004h${above >= 0 ? prompt.slice(0, above + 1) : ''}`);
    await this.draw();
    for (;;) {
      while (this.pending.length > 0) {
        const result = await this.handle(this.pending.shift()!);
        if (result) {
          await this.write('\x1b[?2004l');
          return result;
        }
        if (this.pending.length === 0) await this.draw();
      }
      const input = await this.parts.tty.readInput();
      if (input === undefined) return { kind: 'end' };
      const { keys, rest } = readKeys(this.rest + input);
      this.pending = keys;
      this.rest = rest;
    }
  }
}
