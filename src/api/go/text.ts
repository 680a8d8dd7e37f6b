// How a difference is laid out (go-cmp's text nodes): what fits stands on one line, the rest below each other with aligned values.

/** Removed, inserted, or neither. */
export type Sign = '-' | '+' | ' ';

/** One entry of a list. */
export interface TextRecord {
  readonly sign: Sign;
  readonly key: string;
  readonly value: TextNode;
  /** Behind the value, after //. */
  readonly comment?: string;
  readonly hasNoComma?: true;
}

/** A line, a list, or something between a prefix and a suffix. */
export type TextNode =
  | { readonly line: string }
  | { readonly list: readonly TextRecord[] }
  | { readonly prefix: string; readonly inner: TextNode; readonly suffix: string };

/** Removed and inserted parts that are longer stand on several lines. */
const COLUMNS_MAX = 80;

/** A line of text. */
export const line = (text: string): TextNode => ({ line: text });
/** What was left out. */
export const ellipsis = line('...');

/** The node with everything on one line that may be. */
function compact(node: TextNode, sign: Sign): TextNode {
  if ('line' in node) return node;
  if ('list' in node) {
    const list = node.list.map((record) => ({ ...record, value: compact(record.value, sign === ' ' ? record.sign : sign) }));
    if (list.some((record) => record.sign !== ' ' || !('line' in record.value) || record.comment !== undefined)) return { list };
    const text = list.map(({ key, value }) => `${key ? `${key}: ` : ''}${(value as { line: string }).line}`).join(', ');
    return sign !== ' ' && text.length > COLUMNS_MAX ? { list } : line(text);
  }
  const inner = compact(node.inner, sign);
  return 'line' in inner ? line(node.prefix + inner.line + node.suffix) : { ...node, inner };
}

/** Blanks behind each key, so that the values of neighbouring lines stand below each other. */
function alignments(list: readonly TextRecord[]): number[] {
  const widths = list.map(() => 0);
  let start = 0;
  const close = (end: number): void => {
    const longest = Math.max(0, ...list.slice(start, end).map(({ key }) => key.length));
    for (let at = start; at < end; at++) widths[at] = longest - list[at]!.key.length;
  };
  list.forEach(({ key, value }, at) => {
    if (key !== '' && 'line' in value) return;
    close(at);
    start = at + 1;
  });
  close(list.length);
  return widths;
}

/** A real server draws at its start which blanks it uses, so that nobody reads these texts by program; here they never break lines. */
const BLANK = '\u00a0';
const indent = (depth: number, sign: Sign): string => `${sign === ' ' ? BLANK : sign}${BLANK}${'\t'.repeat(depth)}`;

function expandedList(list: readonly TextRecord[], depth: number, sign: Sign): string {
  const widths = alignments(list);
  const isSimple = list.every(
    ({ sign: own, key, value, comment }) => own === ' ' && key === '' && 'line' in value && comment === undefined,
  );
  if (isSimple) return batches(list, depth, sign);
  const rows = list.map(({ sign: own, key, value, comment, hasNoComma }, at) => {
    const of = sign === ' ' ? own : sign;
    const head = key ? `${key}: ` : '';
    const tail = `${hasNoComma ? '' : ','}${comment === undefined ? '' : ` // ${comment}`}`;
    return `\n${indent(depth + 1, of)}${head}${' '.repeat(widths[at]!)}${expanded(value, depth + 1, of)}${tail}`;
  });
  return `${rows.join('')}\n${indent(depth, sign)}`;
}

/** Plain values, as many on a line as fit. */
function batches(list: readonly TextRecord[], depth: number, sign: Sign): string {
  const rows: string[] = [''];
  for (const { value } of list) {
    const text = `${(value as { line: string }).line}, `;
    if (rows.at(-1) !== '' && rows.at(-1)!.length + text.length > COLUMNS_MAX) rows.push('');
    rows[rows.length - 1] += text;
  }
  return `${rows.map((row) => `\n${indent(depth + 1, sign)}${row.trimEnd()}`).join('')}\n${indent(depth, sign)}`;
}

function expanded(node: TextNode, depth: number, sign: Sign): string {
  if ('line' in node) return node.line;
  if ('list' in node) return expandedList(node.list, depth, sign);
  return `${node.prefix}${expanded(node.inner, depth, sign)}${node.suffix}`;
}

/** The whole text, ending with a line break. */
export function textOf(node: TextNode): string {
  return `${indent(0, ' ')}${expanded(compact(node, ' '), 0, ' ')}\n`;
}
