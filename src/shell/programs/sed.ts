/** sed: s, d, p, q, a, i, c, y, =, n; addresses by line, $, /regex/, ranges, !; -n -e -E -i. */
import { readAll, readLines, type Process } from '#host';
import { applet, forEachInput, UsageError, type GivenOptions } from '../applet.ts';
import { openForReading } from '../io.ts';
import { failureText } from '../messages.ts';
import { resolvePath } from '../paths.ts';
import { posixRegExp } from '../regular-expression.ts';

type Address = { readonly line: number | '$' } | { readonly pattern: RegExp };

interface Instruction {
  readonly from?: Address;
  readonly to?: Address;
  readonly negated: boolean;
  readonly letter: string;
  readonly pattern?: RegExp;
  readonly replacement?: string;
  readonly nth?: number;
  readonly print?: boolean;
  readonly text?: string;
  active: boolean;
}

/** Reads to an unescaped delimiter. */
function readDelimited(script: string, from: number, delimiter: string): { text: string; end: number } {
  let text = '';
  let inBracket = false;
  for (let at = from; at < script.length; at++) {
    const char = script[at]!;
    if (char === '\\' && at + 1 < script.length) {
      text += script[at + 1] === delimiter ? delimiter : char + script[at + 1]!;
      at++;
    } else if (char === delimiter && !inBracket) return { text, end: at + 1 };
    else {
      if (char === '[') inBracket = true;
      else if (char === ']') inBracket = false;
      text += char;
    }
  }
  if (inBracket && script.indexOf(delimiter, from) >= 0) {
    const end = script.indexOf(delimiter, from);
    return { text: script.slice(from, end), end: end + 1 };
  }
  throw new UsageError('-e expression #1, char 0: unterminated address regex');
}

/** Reads a script instruction by instruction. */
class ScriptReader {
  private at = 0;

  constructor(
    private readonly script: string,
    private readonly extended: boolean,
  ) {}

  private compile(source: string, flags = ''): RegExp {
    return new RegExp(posixRegExp(source, this.extended ? 'extended' : 'basic'), flags);
  }

  private skip(chars: RegExp): void {
    while (this.at < this.script.length && chars.test(this.script[this.at]!)) this.at++;
  }

  private fail(text: string): never {
    throw new UsageError(`-e expression #1, char ${this.at + 1}: ${text}`);
  }

  private address(): Address | undefined {
    const { script } = this;
    const number = /^\d+/.exec(script.slice(this.at));
    if (number) {
      this.at += number[0].length;
      return { line: Number(number[0]) };
    }
    if (script[this.at] === '$') {
      this.at++;
      return { line: '$' };
    }
    if (script[this.at] !== '/' && script[this.at] !== '\\') return undefined;
    const delimiter = script[this.at] === '\\' ? script[++this.at]! : '/';
    const read = readDelimited(script, this.at + 1, delimiter);
    this.at = read.end;
    const insensitive = script[this.at] === 'I';
    if (insensitive) this.at++;
    return { pattern: this.compile(read.text, insensitive ? 'i' : '') };
  }

  private substitution(): Pick<Instruction, 'pattern' | 'replacement' | 'print' | 'nth'> {
    const delimiter = this.script[this.at]!;
    const source = readDelimited(this.script, this.at + 1, delimiter);
    const target = readDelimited(this.script, source.end, delimiter);
    const flags = /^[gpiI\d]*/.exec(this.script.slice(target.end))![0];
    this.at = target.end + flags.length;
    const nth = /\d+/.exec(flags)?.[0];
    return {
      pattern: this.compile(source.text, `g${/[iI]/.test(flags) ? 'i' : ''}`),
      replacement: target.text,
      print: flags.includes('p'),
      nth: flags.includes('g') ? (nth ? -Number(nth) : 0) : Number(nth ?? 1),
    };
  }

  private details(letter: string): Partial<Instruction> {
    if (letter === 's') return this.substitution();
    if (letter === 'y') {
      const source = readDelimited(this.script, this.at + 1, this.script[this.at]!);
      const target = readDelimited(this.script, source.end, this.script[this.at]!);
      this.at = target.end;
      return { text: source.text, replacement: target.text };
    }
    if ('aic'.includes(letter)) {
      const line = /^\\?\s*\n?([^\n]*)/.exec(this.script.slice(this.at))!;
      this.at += line[0].length;
      return { text: line[1]! };
    }
    if (!'dpqnN=DPhHgGx'.includes(letter)) this.fail(`unknown command: \`${letter}'`);
    return {};
  }

  /** The next instruction; undefined at the end. */
  next(): Instruction | undefined {
    this.skip(/[\s;}]/);
    if (this.at >= this.script.length) return undefined;
    const from = this.address();
    let to: Address | undefined;
    if (from && this.script[this.at] === ',') {
      this.at++;
      to = this.address() ?? this.fail("unexpected `,'");
    }
    this.skip(/\s/);
    const negated = this.script[this.at] === '!';
    if (negated) this.at++;
    this.skip(/\s/);
    const letter = this.script[this.at++] ?? this.fail('missing command');
    return { ...(from ? { from } : {}), ...(to ? { to } : {}), negated, letter, active: false, ...this.details(letter) };
  }
}

function parseScript(script: string, extended: boolean): Instruction[] {
  const reader = new ScriptReader(script, extended);
  const instructions: Instruction[] = [];
  for (let next = reader.next(); next; next = reader.next()) instructions.push(next);
  return instructions;
}

/** The text a substitution puts in: \1, &, \n. */
function expandReplacement(replacement: string, match: readonly (string | undefined)[]): string {
  return replacement.replace(
    /\\([0-9])|\\(n|t|&|\\|\n)|\\(.)|(&)/g,
    (_, group?: string, escape?: string, other?: string, whole?: string) => {
      if (group !== undefined) return match[Number(group)] ?? '';
      if (whole !== undefined) return match[0] ?? '';
      if (escape !== undefined) return escape === 'n' ? '\n' : escape === 't' ? '\t' : escape;
      return other ?? '';
    },
  );
}

function substitute(text: string, { pattern, replacement = '', nth = 1 }: Instruction): { text: string; changed: boolean } {
  let count = 0;
  let changed = false;
  const result = text.replace(pattern!, (...parts: unknown[]) => {
    count++;
    const groups = parts.filter((part): part is string | undefined => typeof part === 'string' || part === undefined).slice(0, -1);
    if (nth > 0 ? count !== nth : count < -nth) return groups[0]!;
    changed = true;
    return expandReplacement(replacement, groups);
  });
  return { text: result, changed };
}

/** Edits lines; `isLast` is known one line late, so a line is held back until the next one came. */
class Editor {
  private lineNumber = 0;
  private stopped = false;
  constructor(
    private readonly instructions: Instruction[],
    private readonly quiet: boolean,
    private readonly write: (text: string) => Promise<void>,
  ) {}

  private fits(address: Address, text: string, isLast: boolean): boolean {
    if ('pattern' in address) return address.pattern.test(text);
    return address.line === '$' ? isLast : address.line === this.lineNumber;
  }

  private selects(instruction: Instruction, text: string, isLast: boolean): boolean {
    const { from, to } = instruction;
    if (!from) return true;
    if (!to) return this.fits(from, text, isLast);
    if (instruction.active) {
      const beyond = 'line' in to && to.line !== '$' && this.lineNumber >= to.line;
      if (beyond || this.fits(to, text, isLast)) instruction.active = false;
      return !('line' in to && to.line !== '$' && this.lineNumber > to.line);
    }
    if (!this.fits(from, text, isLast)) return false;
    instruction.active = !('line' in to && to.line !== '$' && to.line <= this.lineNumber);
    return true;
  }

  /** Edits one line; false when the script is over (q). */
  async edit(line: string, isLast: boolean): Promise<boolean> {
    this.lineNumber++;
    let text = line;
    let deleted = false;
    const after: string[] = [];
    for (const instruction of this.instructions) {
      if (this.selects(instruction, text, isLast) === instruction.negated) continue;
      if (instruction.letter === 's') {
        const result = substitute(text, instruction);
        text = result.text;
        if (result.changed && instruction.print) await this.write(`${text}\n`);
      } else if (instruction.letter === 'y')
        text = [...text].map((char) => instruction.replacement![instruction.text!.indexOf(char)] ?? char).join('');
      else if (instruction.letter === 'p') await this.write(`${text}\n`);
      else if (instruction.letter === '=') await this.write(`${this.lineNumber}\n`);
      else if (instruction.letter === 'i') await this.write(`${instruction.text!}\n`);
      else if (instruction.letter === 'a') after.push(instruction.text!);
      else if (instruction.letter === 'c') {
        await this.write(`${instruction.text!}\n`);
        deleted = true;
      } else if (instruction.letter === 'd') deleted = true;
      else if (instruction.letter === 'q') this.stopped = true;
      if (deleted || this.stopped) break;
    }
    if (!deleted && !this.quiet) await this.write(`${text}\n`);
    for (const added of after) await this.write(`${added}\n`);
    return !this.stopped;
  }
}

async function editLines(lines: AsyncIterable<string>, editor: Editor): Promise<void> {
  let held: string | undefined;
  for await (const line of lines) {
    if (held !== undefined && !(await editor.edit(held, false))) return;
    held = line;
  }
  if (held !== undefined) await editor.edit(held, true);
}

async function run(process: Process, options: GivenOptions): Promise<number> {
  const operands = [...options.operands];
  const scripts = [...options.values('e')];
  for (const file of options.values('f')) scripts.push(await readAll(openForReading(process.files, resolvePath(process.cwd, file))));
  if (scripts.length === 0) {
    const script = operands.shift();
    if (script === undefined)
      throw new UsageError('no script specified\nUsage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...');
    scripts.push(script);
  }
  const make = (write: (text: string) => Promise<void>): Editor =>
    new Editor(parseScript(scripts.join('\n'), options.has('E') || options.has('r')), options.has('n'), write);
  if (!options.has('i')) {
    const editor = make((text) => process.stdout.write(text));
    return forEachInput(process, operands, ({ reader }) => editLines(readLines(reader), editor), 2);
  }
  let status = 0;
  for (const operand of operands) {
    const path = resolvePath(process.cwd, operand);
    try {
      let text = '';
      await editLines(
        readLines(openForReading(process.files, path)),
        make((piece) => Promise.resolve(void (text += piece))),
      );
      process.files.write(path, text, { mode: process.files.stat(path)!.mode });
    } catch (error) {
      if (error instanceof UsageError) throw error;
      await process.stderr.write(`sed: can't read ${operand}: ${failureText(error)}\n`);
      status = 2;
    }
  }
  return status;
}

/** sed */
export const sed = applet(
  { flags: 'nEris', values: 'ef', long: { quiet: 'n', 'regexp-extended': 'E', expression: 'e', 'in-place': 'i' } },
  run,
);
