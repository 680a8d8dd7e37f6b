/** The difference of two texts as lines: Myers' shortest edit script ("An O(ND) Difference Algorithm", 1986) and its unified form. */

/** One step of an edit script. */
export interface Edit {
  readonly kind: 'same' | 'removed' | 'added';
  readonly line: string;
}

/** Above this many differing lines the script is no longer minimal: everything between the equal ends is replaced. */
const MAX_EDITS = 4_000;

function withoutEnds(a: readonly string[], b: readonly string[]): { head: number; tail: number } {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return { head, tail };
}

/** The furthest points of each round, until both ends are reached; undefined when that takes too many rounds. */
function rounds(a: readonly string[], b: readonly string[]): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = [];
  let furthest = new Map<number, number>([[1, 0]]);
  for (let depth = 0; depth <= Math.min(a.length + b.length, MAX_EDITS); depth++) {
    trace.push(furthest);
    const next = new Map(furthest);
    for (let k = -depth; k <= depth; k += 2) {
      const isDown = k === -depth || (k !== depth && (next.get(k - 1) ?? -1) < (next.get(k + 1) ?? -1));
      let x = isDown ? next.get(k + 1)! : next.get(k - 1)! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
    furthest = next;
  }
  return undefined;
}

function shortestScript(a: readonly string[], b: readonly string[]): Edit[] {
  const trace = rounds(a, b);
  const removed = (line: string): Edit => ({ kind: 'removed', line });
  const added = (line: string): Edit => ({ kind: 'added', line });
  if (!trace) return [...a.map(removed), ...b.map(added)];
  const edits: Edit[] = [];
  let [x, y] = [a.length, b.length];
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const furthest = trace[depth]!;
    const k = x - y;
    const isDown = k === -depth || (k !== depth && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const fromK = isDown ? k + 1 : k - 1;
    const fromX = furthest.get(fromK) ?? 0;
    const fromY = fromX - fromK;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      edits.push({ kind: 'same', line: a[--x]! });
      y--;
    }
    if (depth === 0) break;
    edits.push(isDown ? added(b[--y]!) : removed(a[--x]!));
  }
  return edits.reverse();
}

/** A shortest edit script from `a` to `b`, removals before additions where both are possible. */
export function diffLines(a: readonly string[], b: readonly string[]): Edit[] {
  const { head, tail } = withoutEnds(a, b);
  const same = (line: string): Edit => ({ kind: 'same', line });
  return [
    ...a.slice(0, head).map(same),
    ...shortestScript(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

/** A run of an edit script with its context. */
export interface Hunk {
  /** 1-based first lines (0 for an empty side) and counts. */
  readonly fromLine: number;
  readonly fromCount: number;
  readonly toLine: number;
  readonly toCount: number;
  readonly edits: readonly Edit[];
}

/** Cuts a script into hunks with `context` equal lines around changes. */
export function hunksOf(edits: readonly Edit[], context: number): Hunk[] {
  const changed = edits.flatMap(({ kind }, at) => (kind === 'same' ? [] : [at]));
  const hunks: Hunk[] = [];
  for (let first = 0; first < changed.length;) {
    let last = first;
    while (last + 1 < changed.length && changed[last + 1]! - changed[last]! <= 2 * context + 1) last++;
    const start = Math.max(0, changed[first]! - context);
    const part = edits.slice(start, changed[last]! + context + 1);
    const before = edits.slice(0, start);
    const count = (list: readonly Edit[], not: Edit['kind']): number => list.filter(({ kind }) => kind !== not).length;
    const fromCount = count(part, 'added');
    const toCount = count(part, 'removed');
    hunks.push({
      fromLine: count(before, 'added') + (fromCount > 0 ? 1 : 0),
      fromCount,
      toLine: count(before, 'removed') + (toCount > 0 ? 1 : 0),
      toCount,
      edits: part,
    });
    first = last + 1;
  }
  return hunks;
}

/** The lines of a text; a last line without its newline is marked. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') return lines.slice(0, -1);
  return [...lines.slice(0, -1), `${lines.at(-1)!}\n\\ No newline at end of file`];
}

/** The script between two texts. */
export const diffTexts = (from: string, to: string): Edit[] => diffLines(linesOf(from), linesOf(to));

const MARKS: Readonly<Record<Edit['kind'], string>> = { same: ' ', removed: '-', added: '+' };
const span = (line: number, count: number): string => (count === 1 ? String(line) : `${line},${count}`);

/** The unified difference as `diff -u` prints it; empty where the texts are equal. Labels stand behind `---` and `+++`. */
export function unifiedDiff(from: string, to: string, labels: { readonly from: string; readonly to: string }, context = 3): string {
  const hunks = hunksOf(diffTexts(from, to), context);
  if (hunks.length === 0) return '';
  const body = hunks.map(
    (hunk) =>
      `@@ -${span(hunk.fromLine, hunk.fromCount)} +${span(hunk.toLine, hunk.toCount)} @@\n${hunk.edits.map(({ kind, line }) => `${MARKS[kind]}${line}\n`).join('')}`,
  );
  return `--- ${labels.from}\n+++ ${labels.to}\n${body.join('')}`;
}
