/** vi's state and what keys do to it in normal and insert mode; ex.ts has the commands after the colon. */
import { Buffer } from './buffer.ts';
import { runEx, type ExHost } from './ex.ts';
import { motionOf, type Motion } from './motion.ts';

type Mode = 'normal' | 'insert' | 'command' | 'search';

/** One run of vi; effects (writing the file) go through `host`. */
export class Editor {
  readonly buffer: Buffer;
  mode: Mode = 'normal';
  /** What is typed after `:` or `/`. */
  commandLine = '';
  message = '';
  numbered = false;
  /** Exit code once the editor is to end. */
  over: number | undefined;
  private pending = '';
  private register = { text: '', linewise: false };
  private lastSearch = '';

  constructor(
    text: string,
    private readonly host: ExHost,
  ) {
    this.buffer = new Buffer(text);
  }

  /** Takes one key. */
  key(key: string): void {
    if (this.mode === 'insert') this.insertKey(key);
    else if (this.mode === 'normal') this.normalKey(key);
    else this.lineKey(key);
    this.buffer.clamp(this.mode === 'insert');
  }

  private insertKey(key: string): void {
    const { buffer } = this;
    if (key === 'escape' || key === 'ctrl-c') {
      this.mode = 'normal';
      buffer.column = Math.max(0, buffer.column - 1);
    } else if (key === 'enter') buffer.insert(`\n${/^\s*/.exec(buffer.line)![0]}`);
    else if (key === 'backspace') buffer.backspace();
    else if (key === 'delete') buffer.setLine(buffer.line.slice(0, buffer.column) + buffer.line.slice(buffer.column + 1));
    else if ([...key].length === 1) buffer.insert(key);
    else {
      const motion = motionOf(key, buffer, undefined);
      if (motion) this.go(motion);
    }
  }

  private lineKey(key: string): void {
    if (key === 'escape' || key === 'ctrl-c' || (key === 'backspace' && this.commandLine === '')) this.mode = 'normal';
    else if (key === 'backspace') this.commandLine = this.commandLine.slice(0, -1);
    else if (key === 'enter') {
      const { mode } = this;
      this.mode = 'normal';
      if (mode === 'search') this.search(this.commandLine, 1);
      else this.runCommand(this.commandLine);
    } else if ([...key].length === 1) this.commandLine += key;
  }

  private runCommand(line: string): void {
    const result = runEx(line, this.buffer, this.host);
    if (result.message !== undefined) this.message = result.message;
    if (result.numbered !== undefined) this.numbered = result.numbered;
    if (result.exit !== undefined) this.over = result.exit;
  }

  private go({ row, column }: Motion): void {
    this.buffer.row = row;
    this.buffer.column = column;
  }

  private search(text: string, step: 1 | -1): void {
    if (text) this.lastSearch = text;
    const { buffer } = this;
    const { lines } = buffer;
    for (let distance = 0; distance <= lines.length; distance++) {
      const row = (((buffer.row + step * distance) % lines.length) + lines.length) % lines.length;
      const line = lines[row]!;
      const column =
        step > 0
          ? line.indexOf(this.lastSearch, distance === 0 ? buffer.column + 1 : 0)
          : line.lastIndexOf(this.lastSearch, distance === 0 ? buffer.column - 1 : Infinity);
      if (column < 0 || (distance === 0 && step < 0 && buffer.column === 0)) continue;
      this.go({ row, column });
      return;
    }
    this.message = `E486: Pattern not found: ${this.lastSearch}`;
  }

  /** Collects counts, operators and two-letter commands until they say something. */
  private normalKey(key: string): void {
    this.message = '';
    if (key === 'escape' || key === 'ctrl-c') {
      this.pending = '';
      return;
    }
    this.pending += key.length === 1 ? key : `<${key}>`;
    const [, first, operator, second, command = ''] = /^([1-9]\d*)?([dyc]?)([1-9]\d*)?([^]*)$/.exec(this.pending)!;
    if (command === '' || command === 'g' || command === 'r' || command === 'f' || command === 't' || command === 'Z') return;
    this.pending = '';
    const name = command.replace(/^<(.+)>$/, '$1');
    const count = first || second ? Number(first ?? 1) * Number(second ?? 1) : undefined;
    if (operator) this.operate(operator, name, count);
    else this.command(name, count);
  }

  private operate(operator: string, key: string, count: number | undefined): void {
    const { buffer } = this;
    if (key === operator) return this.operateOnLines(operator, buffer.row, buffer.row + (count ?? 1) - 1);
    // cw changes to the end of the word, as vi has always done.
    const motion = motionOf(operator === 'c' && key === 'w' ? 'e' : key, buffer, count);
    if (!motion) return;
    if (motion.linewise) return this.operateOnLines(operator, Math.min(buffer.row, motion.row), Math.max(buffer.row, motion.row));
    const here = { row: buffer.row, column: buffer.column };
    const isForward = motion.row > here.row || (motion.row === here.row && motion.column >= here.column);
    const from = isForward ? here : motion;
    let to: Pick<Motion, 'row' | 'column'> = isForward ? motion : here;
    if (motion.inclusive) to = { row: to.row, column: to.column + 1 };
    // dw at the last word of a line stays on it.
    if (key === 'w' && to.row > from.row) to = { row: from.row, column: buffer.lines[from.row]!.length };
    this.register = { text: buffer.between(from, to), linewise: false };
    this.go({ row: from.row, column: from.column });
    if (operator === 'y') return;
    buffer.remember();
    buffer.cut(from, to);
    if (operator === 'c') this.mode = 'insert';
  }

  private operateOnLines(operator: string, from: number, to: number): void {
    const { buffer } = this;
    const last = Math.min(to, buffer.lines.length - 1);
    const lines = buffer.lines.slice(from, last + 1);
    this.register = { text: lines.join('\n'), linewise: true };
    if (lines.length > 2) this.message = operator === 'y' ? `${lines.length} lines yanked` : `${lines.length} fewer lines`;
    if (operator === 'y') return;
    buffer.remember();
    if (operator === 'c') {
      buffer.splice(from, lines.length, /^\s*/.exec(lines[0]!)![0]);
      buffer.column = buffer.lines[from]!.length;
      this.mode = 'insert';
    } else {
      buffer.splice(from, lines.length);
      buffer.column = 0;
    }
    buffer.row = from;
  }

  private put(before: boolean, count: number): void {
    const { buffer, register } = this;
    buffer.remember();
    const text = Array.from({ length: count }, () => register.text);
    if (register.linewise) {
      const row = before ? buffer.row : buffer.row + 1;
      buffer.splice(row, 0, ...text.join('\n').split('\n'));
      buffer.row = row;
      buffer.column = Math.max(0, buffer.lines[row]!.search(/\S/));
      return;
    }
    if (!before && buffer.line !== '') buffer.column++;
    buffer.insert(text.join(''));
    buffer.column--;
  }

  private insertAt(column: number): void {
    this.buffer.remember();
    this.buffer.column = column;
    this.mode = 'insert';
  }

  private openLine(below: boolean): void {
    const { buffer } = this;
    buffer.remember();
    const indent = /^\s*/.exec(buffer.line)![0];
    const row = below ? buffer.row + 1 : buffer.row;
    buffer.splice(row, 0, indent);
    buffer.row = row;
    buffer.column = indent.length;
    this.mode = 'insert';
  }

  private joinLines(count: number): void {
    const { buffer } = this;
    buffer.remember();
    for (let times = Math.max(1, count - 1); times > 0 && buffer.row + 1 < buffer.lines.length; times--) {
      const { line } = buffer;
      buffer.column = line.length;
      buffer.splice(buffer.row, 2, `${line} ${buffer.lines[buffer.row + 1]!.trimStart()}`);
    }
  }

  private command(key: string, count: number | undefined): void {
    const { buffer } = this;
    const times = count ?? 1;
    const motion = motionOf(key, buffer, count);
    if (motion) {
      this.go(motion);
      return;
    }
    const actions: Readonly<Record<string, () => void>> = {
      i: () => this.insertAt(buffer.column),
      I: () => this.insertAt(Math.max(0, buffer.line.search(/\S|$/))),
      a: () => this.insertAt(Math.min(buffer.line.length, buffer.column + 1)),
      A: () => this.insertAt(buffer.line.length),
      o: () => this.openLine(true),
      O: () => this.openLine(false),
      x: () => this.operate('d', 'l', times),
      delete: () => this.operate('d', 'l', times),
      X: () => this.operate('d', 'h', times),
      s: () => this.operate('c', 'l', times),
      S: () => this.operate('c', 'c', times),
      D: () => this.operate('d', '$', undefined),
      C: () => this.operate('c', '$', undefined),
      Y: () => this.operate('y', 'y', times),
      p: () => this.put(false, times),
      P: () => this.put(true, times),
      J: () => this.joinLines(times),
      u: () => void (buffer.undo(false) || (this.message = 'Already at oldest change')),
      'ctrl-r': () => void (buffer.undo(true) || (this.message = 'Already at newest change')),
      n: () => this.search('', 1),
      N: () => this.search('', -1),
      '/': () => this.startLine('search'),
      ':': () => this.startLine('command'),
      ZZ: () => this.runCommand('x'),
      ZQ: () => this.runCommand('q!'),
      'ctrl-d': () => void (buffer.row += 12),
      'ctrl-u': () => void (buffer.row -= 12),
      'ctrl-f': () => void (buffer.row += 22),
      'page-down': () => void (buffer.row += 22),
      'ctrl-b': () => void (buffer.row -= 22),
      'page-up': () => void (buffer.row -= 22),
    };
    const replaced = /^r(.)$/.exec(key)?.[1];
    if (replaced !== undefined) {
      buffer.remember();
      buffer.setLine(buffer.line.slice(0, buffer.column) + replaced + buffer.line.slice(buffer.column + 1));
    } else actions[key]?.();
  }

  private startLine(mode: Mode): void {
    this.mode = mode;
    this.commandLine = '';
  }
}
