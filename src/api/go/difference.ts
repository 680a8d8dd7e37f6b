// A difference of two values as go-cmp's Diff prints it: changed fields with their neighbours, the number of those left out, and of what is
// not shown in full as much as its place allows.
import { parseQuantity, quantityValue, quoteGo } from '#apimachinery';
import { compare, fieldValue, isZero, type Comparison } from './comparison.ts';
import { ellipsis, line, textOf, type Sign, type TextNode, type TextRecord } from './text.ts';
import { goFields, goTypeName } from './types.ts';

/** Unchanged neighbours that are shown on each side of a change. */
const CONTEXT = 2;
/** How much is shown: of what did not change, and of what was removed or inserted. */
const IDENTICAL_VERBOSITY = 1;
const CHANGED_VERBOSITY = 3;

/** What a text is about: both values being the same, one of them, or the difference. */
type Mode = 'same' | 'removed' | 'inserted' | 'difference';

const wrap = (list: readonly TextRecord[]): TextNode => ({ prefix: '{', inner: { list }, suffix: '}' });
const record = (key: string, value: TextNode, sign: Sign = ' '): TextRecord => ({ sign, key, value });
const leftOut: TextRecord = { sign: ' ', key: '', value: ellipsis, hasNoComma: true };
/** Entries of a list or struct that are shown at a verbosity. */
const entriesMax = (verbosity: number): number => ((1 << Math.max(0, verbosity)) >> 1) << 2;

function quoted(text: string, verbosity: number): TextNode {
  const most = (1 << Math.max(0, verbosity)) << 5;
  const shown = text.length > most + 3 ? text.slice(0, most) : text;
  const plain = quoteGo(shown);
  const isRaw = plain.length > shown.length + 2 && !/[`\n\r\t]/.test(shown);
  return line(`${isRaw ? `\`${shown}\`` : plain}${shown === text ? '' : '...'}`);
}

/** Go's names of types stand before structs, slices and maps, unless the place says them or nothing changed. */
function typed(type: string, node: TextNode, mode: Mode, isElided: boolean): TextNode {
  const isComposite = !['s', 'b', 'i'].includes(type) && !type.startsWith('*') && !type.startsWith('s!');
  if (isElided || mode === 'same' || !isComposite || ('line' in node && node.line === 'nil')) return node;
  return { prefix: goTypeName(type), inner: node, suffix: '' };
}

function quantityText(value: unknown, verbosity: number): TextNode {
  const text = String(value ?? '0');
  const format = /[KMGTPE]i$/.test(text) ? 'BinarySI' : /e/i.test(text) ? 'DecimalExponent' : 'DecimalSI';
  const inner = entriesMax(verbosity - 1) === 0 ? [leftOut] : [record('value', line(String(quantityValue(parseQuantity(text)))))];
  return wrap([record('i', wrap(inner)), record('s', quoted(text, verbosity)), record('Format', quoted(format, verbosity))]);
}

/** One value, with as many entries as its verbosity allows; zero fields are left out. */
function valueText(type: string, value: unknown, mode: Mode, verbosity: number, isElided: boolean): TextNode {
  if (type.startsWith('*')) {
    if (value === undefined || value === null) return line('nil');
    return { prefix: '&', inner: valueText(type.slice(1), value, mode, verbosity, isElided), suffix: '' };
  }
  if (type === 's' || type.startsWith('s!')) return quoted(typeof value === 'string' ? value : '', verbosity);
  if (type === 'b') return line(String(value === true));
  if (type === 'i') return line(String(value ?? 0));
  if (type === 'q') return typed(type, quantityText(value, verbosity), mode, isElided);
  if (type === 'I') {
    const isText = typeof value === 'string';
    const fields = isText
      ? [record('Type', line('1')), record('StrVal', quoted(value, verbosity))]
      : [record('IntVal', line(String(value ?? 0)))];
    return typed(type, wrap(fields), mode, isElided);
  }
  if (value === undefined || value === null) {
    const isReference = type.startsWith('[]') || type === 'm' || type === 'R';
    if (isReference) return line('nil');
  }
  const most = entriesMax(verbosity);
  const all = partsOf(type, value);
  const list = all
    .slice(0, most)
    .map(({ key, of, item, isElided: inside }) => record(key, valueText(of, item, mode, verbosity - 1, inside)));
  return typed(type, wrap(all.length > most ? [...list, leftOut] : list), mode, isElided);
}

function partsOf(type: string, value: unknown): { key: string; of: string; item: unknown; isElided: boolean }[] {
  if (type.startsWith('[]')) return (value as unknown[]).map((item) => ({ key: '', of: type.slice(2), item, isElided: true }));
  if (type === 'm' || type === 'R')
    return Object.entries(value as object)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => ({ key: `${type === 'R' ? 's' : ''}${quoteGo(key)}`, of: type === 'R' ? 'q' : 's', item, isElided: true }));
  return goFields(type)
    .map(({ name, type: of, json }) => ({ key: name, of, item: fieldValue(value, json), isElided: false }))
    .filter(({ of, item }) => !isZero(of, item));
}

const entryName = (type: string): string => (type.startsWith('[]') ? 'element' : type === 'm' || type === 'R' ? 'entry' : 'field');

function counted(type: string, count: number): TextRecord {
  const name = entryName(type);
  const many = name === 'entry' ? 'entries' : `${name}s`;
  return { ...leftOut, comment: `${count} identical ${count === 1 ? name : many}` };
}

/** A run of unchanged entries: some at each end that borders on a change, the rest counted. */
function unchanged(
  type: string,
  run: Comparison['parts'],
  isFirst: boolean,
  isLast: boolean,
  show: (part: Comparison) => TextNode,
): TextRecord[] {
  let [front, back] = [0, 0];
  while (front < CONTEXT && front + back < run.length && !isFirst) front++;
  while (back < CONTEXT && front + back < run.length && !isLast) back++;
  if (run.length - front - back === 1) back++;
  const shown = (parts: Comparison['parts']): TextRecord[] => parts.map(({ key, part }) => record(key, show(part)));
  const hidden = run.length - front - back;
  return [...shown(run.slice(0, front)), ...(hidden > 0 ? [counted(type, hidden)] : []), ...shown(run.slice(run.length - back))];
}

/** A changed entry: its own difference, or both values where nothing smaller would say more. */
function changed(key: string, part: Comparison, isElided: boolean): TextRecord[] {
  if (part.children !== part.depth) return [record(key, differenceText(part, 'difference', isElided))];
  return [
    ...(part.side === 'after' ? [] : [record(key, differenceText(part, 'removed', isElided), '-')]),
    ...(part.side === 'before' ? [] : [record(key, differenceText(part, 'inserted', isElided), '+')]),
  ];
}

/** The runs of entries that are alike, and of those that differ. */
function runsOf(parts: Comparison['parts']): { isSame: boolean; run: Comparison['parts'] }[] {
  const runs: { isSame: boolean; run: { key: string; part: Comparison }[] }[] = [];
  for (const entry of parts) {
    const isSame = entry.part.differences === 0;
    const last = runs.at(-1);
    if (last?.isSame === isSame) last.run.push(entry);
    else runs.push({ isSame, run: [entry] });
  }
  return runs;
}

function listText(found: Comparison, mode: Mode): TextNode {
  const isElided = entryName(found.type) !== 'field';
  if (mode !== 'difference') {
    const most = mode === 'same' ? entriesMax(IDENTICAL_VERBOSITY) : 1 << (CHANGED_VERBOSITY + 1);
    const value = (part: Comparison): unknown => (mode === 'inserted' ? part.after : part.before);
    const shown = found.parts.filter(({ part }) => isElided || !isZero(part.type, value(part)));
    const list = shown.slice(0, most).map(({ key, part }) => record(key, differenceText(part, mode, isElided)));
    return wrap(shown.length > most ? [...list, leftOut] : list);
  }
  const runs = runsOf(found.parts);
  return wrap(
    runs.flatMap(({ isSame, run }, at) =>
      isSame
        ? unchanged(found.type, run, at === 0, at === runs.length - 1, (part) => differenceText(part, 'same', isElided))
        : run.flatMap(({ key, part }) => changed(key, part, isElided)),
    ),
  );
}

function differenceText(found: Comparison, mode: Mode, isElided: boolean): TextNode {
  if (found.depth === 0) {
    const verbosity = mode === 'same' ? IDENTICAL_VERBOSITY : CHANGED_VERBOSITY;
    return valueText(found.type, mode === 'inserted' ? found.after : found.before, mode, verbosity, isElided);
  }
  if (found.type.startsWith('*')) return { prefix: '&', inner: differenceText(found.parts[0]!.part, mode, isElided), suffix: '' };
  return typed(found.type, listText(found, mode), mode, isElided);
}

/** The difference of two values of a type of the table, each line behind a sign; ends with a line break. */
export function goDifference(type: string, before: unknown, after: unknown): string {
  return textOf(differenceText(compare(type, before, after), 'difference', false));
}
