/** Reads scenario files: a small part of YAML (top level `key: value`, `files:` of `|` blocks, `steps:` as a list of mappings), without a parser for all of it. */

/** One step of a scenario. */
export interface Step {
  /** A shell line, recorded. A step without one only waits. */
  readonly run?: string;
  readonly stdin?: string;
  /** A line repeated, unrecorded, until it succeeds: waits for controllers. */
  readonly before?: string;
  /** How long `before` may take to come true, in seconds. */
  readonly patience?: number;
  /** Seconds before the step. */
  readonly sleep?: number;
  /** Seconds after which the line is interrupted. */
  readonly timeout?: number;
  readonly note?: string;
  /** Names of objects are not looked up after it. */
  readonly quick?: boolean;
}

/** A scenario: what stands in its directory, and what a student types there. */
export interface Scenario {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

type Value = string | number | boolean;

function scalarOf(text: string): Value {
  const trimmed = text.trim();
  if (trimmed.startsWith("'") && trimmed.endsWith("'")) return trimmed.slice(1, -1).replaceAll("''", "'");
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  return trimmed === 'true' || trimmed === 'false' ? trimmed === 'true' : trimmed;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;
const isSilent = (line: string): boolean => line.trim() === '' || /^\s*#/.test(line);

class Reader {
  #at = 0;
  constructor(readonly lines: readonly string[]) {}

  /** The next line, if it is indented deeper than `indent`; comments and empty lines are passed over. */
  next(deeperThan: number): string | undefined {
    while (this.#at < this.lines.length && isSilent(this.lines[this.#at]!)) this.#at++;
    const line = this.lines[this.#at];
    if (line === undefined || indentOf(line) <= deeperThan) return undefined;
    this.#at++;
    return line;
  }

  /** The text of a `|` block below a key at `indent`. */
  #block(indent: number): string {
    const body: string[] = [];
    for (
      let line = this.lines[this.#at];
      line !== undefined && (line.trim() === '' || indentOf(line) > indent);
      line = this.lines[++this.#at]
    )
      body.push(line);
    while (body.at(-1)?.trim() === '') body.pop();
    const cut = Math.min(...body.filter((line) => line.trim() !== '').map(indentOf));
    return `${body.map((line) => line.slice(cut)).join('\n')}\n`;
  }

  entry(line: string, indent: number, into: Record<string, Value>): void {
    const match = /^([\w./-]+):(?:\s+(.*))?$/.exec(line);
    if (!match) throw new Error(`not understood: ${line}`);
    const [, key = '', value = ''] = match;
    into[key] = value === '|' ? this.#block(indent) : scalarOf(value);
  }
}

/** The scenario in a text. Throws an Error for a line it does not understand. */
export function parseScenario(text: string): Scenario {
  const reader = new Reader(text.split('\n'));
  const top: Record<string, Value> = {};
  const files: Record<string, Value> = {};
  const steps: Record<string, Value>[] = [];
  for (let line = reader.next(-1); line !== undefined; line = reader.next(-1)) {
    if (line === 'files:') {
      for (let file = reader.next(0); file !== undefined; file = reader.next(0)) reader.entry(file.trim(), indentOf(file), files);
    } else if (line === 'steps:') {
      for (let each = reader.next(0); each !== undefined; each = reader.next(0)) {
        const isFirst = each.trim().startsWith('- ');
        if (isFirst) steps.push({});
        reader.entry(isFirst ? each.trim().slice(2) : each.trim(), indentOf(each) + (isFirst ? 2 : 0), steps.at(-1)!);
      }
    } else reader.entry(line, 0, top);
  }
  return { title: String(top['title'] ?? ''), files: files as Record<string, string>, steps: steps as unknown as Step[] };
}
