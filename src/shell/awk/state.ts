/** The variables, arrays and fields of a running awk program. */
import { formatWithoutEscapes } from '../printf.ts';
import { posixRegExp } from '../regular-expression.ts';
import { InputText, numberOf, textOf, type Value } from './values.ts';

type Slot = Value | Map<string, Value>;

/** All that an awk program remembers. */
export class AwkState {
  private readonly globals = new Map<string, Slot>([
    ['FS', ' '],
    ['OFS', ' '],
    ['ORS', '\n'],
    ['RS', '\n'],
    ['NR', 0],
    ['FNR', 0],
    ['NF', 0],
    ['SUBSEP', '\x1c'],
    ['RSTART', 0],
    ['RLENGTH', -1],
    ['FILENAME', ''],
  ]);
  private readonly frames: Map<string, Slot>[] = [];
  private readonly expressions = new Map<string, RegExp>();
  private record = '';
  private fields: string[] = [];

  private scopeOf(name: string): Map<string, Slot> {
    const frame = this.frames.at(-1);
    return frame?.has(name) ? frame : this.globals;
  }

  enter(frame: Map<string, Slot>): void {
    this.frames.push(frame);
  }

  leave(): void {
    this.frames.pop();
  }

  get(name: string): Value {
    const slot = this.scopeOf(name).get(name);
    return slot instanceof Map ? undefined : slot;
  }

  set(name: string, value: Value): void {
    this.scopeOf(name).set(name, value);
    if (name === 'NF') this.rebuild(numberOf(value));
  }

  /** The array of a name; made when first used. */
  array(name: string): Map<string, Value> {
    const scope = this.scopeOf(name);
    const slot = scope.get(name);
    if (slot instanceof Map) return slot;
    const made = new Map<string, Value>();
    scope.set(name, made);
    return made;
  }

  /** The array of a name if it is one, or may become one because nothing was put there. */
  arrayOf(name: string): Map<string, Value> | undefined {
    const slot = this.scopeOf(name).get(name);
    if (slot instanceof Map) return slot;
    return slot === undefined ? this.array(name) : undefined;
  }

  inputText(text: string): Value {
    return new InputText(text);
  }

  regExp(source: string): RegExp {
    const known = this.expressions.get(source);
    if (known) return known;
    const made = new RegExp(posixRegExp(source, 'extended'));
    this.expressions.set(source, made);
    return made;
  }

  /** Splits as FS (or a separator of split) says. */
  split(text: string, separator: string): string[] {
    if (text === '') return [];
    if (separator === ' ')
      return text
        .trim()
        .split(/\s+/)
        .filter((word) => word !== '');
    if (separator === '') return [...text];
    if (separator.length === 1) return text.split(separator === '\\' ? '\\' : separator);
    return text.split(new RegExp(posixRegExp(separator, 'extended').replace(/\((?!\?)/g, '(?:')));
  }

  setRecord(text: string): void {
    this.record = text;
    this.fields = this.split(text, textOf(this.get('FS')));
    this.globals.set('NF', this.fields.length);
  }

  private rebuild(count: number): void {
    this.fields = Array.from({ length: count }, (_, at) => this.fields[at] ?? '');
    this.record = this.fields.join(textOf(this.get('OFS')));
    this.globals.set('NF', count);
  }

  field(index: number): Value {
    if (index === 0) return new InputText(this.record);
    const text = this.fields[index - 1];
    return text === undefined ? undefined : new InputText(text);
  }

  setField(index: number, text: string): void {
    if (index === 0) return this.setRecord(text);
    while (this.fields.length < index) this.fields.push('');
    this.fields[index - 1] = text;
    this.rebuild(this.fields.length);
  }

  sprintf(format: string, args: readonly Value[]): string {
    const words = args.map((value) =>
      typeof value === 'number' ? (Number.isInteger(value) ? textOf(value) : String(value)) : textOf(value),
    );
    // A text that is no number counts as what it begins with.
    const conversions = [...format.matchAll(/%[-+ 0#]*(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z%])/g)].filter(([, , , letter]) => letter !== '%');
    let at = 0;
    for (const [, width, precision, letter] of conversions) {
      if (width === '*') at++;
      if (precision === '*') at++;
      if (/[diouxXeEfFgG]/.test(letter!) && at < words.length) words[at] = String(numberOf(args[at]));
      else if (letter === 'c' && typeof args[at] === 'number') words[at] = String.fromCodePoint(args[at] as number);
      at++;
    }
    return formatWithoutEscapes(format, words);
  }
}
