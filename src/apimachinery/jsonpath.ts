// kubectl's JSONPath templates: {.items[*].metadata.name}, {range}…{end}, filters, recursion, slices, unions.
import { parseTemplate, type Node, type TemplateNode } from './jsonpath-parser.ts';
import type { JsonObject } from './meta.ts';

/** A parsed template. */
export interface JsonPath {
  /** The printed text. Throws an Error with kubectl's text ("x is not found") unless missing keys are allowed. */
  execute(data: unknown, options?: JsonPathOptions): string;
  /** The values each top-level {…} finds, in order; texts between them are values too. */
  find(data: unknown, options?: JsonPathOptions): unknown[][];
}
/** How missing fields are treated. */
export interface JsonPathOptions {
  allowMissingKeys?: boolean;
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

class Evaluator {
  private readonly root: unknown;
  private readonly allowMissing: boolean;
  constructor(root: unknown, allowMissing: boolean) {
    this.root = root;
    this.allowMissing = allowMissing;
  }

  /** One result list per {…} or text; a range repeats what is inside for each value. */
  template(nodes: readonly TemplateNode[], current: unknown): unknown[][] {
    const results: unknown[][] = [];
    for (const node of nodes) {
      if (node.type === 'text') results.push([node.text]);
      else if (node.type === 'range') {
        for (const value of this.path(node.path, [current])) results.push(...this.template(node.body, value));
      } else results.push(this.path(node.path, [current]));
    }
    return results;
  }

  path(nodes: readonly Node[], start: readonly unknown[]): unknown[] {
    let values = [...start];
    for (const node of nodes) values = this.step(node, values);
    return values;
  }

  private step(node: Node, values: readonly unknown[]): unknown[] {
    switch (node.type) {
      case 'root':
        return [this.root];
      case 'current':
        return [...values];
      case 'literal':
        return [node.value];
      case 'field':
        return this.field(node.name, values);
      case 'wildcard':
        return values.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : isObject(value) ? Object.values(value) : []));
      case 'recursive':
        return values.flatMap((value) => descendants(value));
      case 'slice':
        return values.flatMap((value) => this.slice(node, value));
      case 'union':
        return node.members.flatMap((member) => this.path(member, values));
      case 'filter':
        return values.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []).filter((item) => this.isMatch(node, item)));
    }
  }

  private field(name: string, values: readonly unknown[]): unknown[] {
    const found = values.flatMap((value) =>
      isObject(value) && Object.hasOwn(value, name) && value[name] !== undefined ? [value[name]] : [],
    );
    if (!found.length && !this.allowMissing) throw new Error(`${name} is not found`);
    return found;
  }

  private slice(node: Extract<Node, { type: 'slice' }>, value: unknown): unknown[] {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) throw new Error('value is not array or slice');
    const list = value as unknown[];
    const from = node.from === undefined ? 0 : node.from < 0 ? node.from + list.length : node.from;
    if (node.single) {
      if (from < 0 || from >= list.length) throw new Error(`array index out of bounds: index ${node.from ?? 0}, length ${list.length}`);
      return [list[from]];
    }
    const until = node.to === undefined ? list.length : node.to < 0 ? node.to + list.length : node.to;
    if (from > list.length) throw new Error(`array index out of bounds: index ${from}, length ${list.length}`);
    const step = node.step ?? 1;
    return list.slice(Math.max(0, from), until).filter((_, index) => index % step === 0);
  }

  private isMatch(node: Extract<Node, { type: 'filter' }>, item: unknown): boolean {
    const lenient = new Evaluator(this.root, true);
    const left = lenient.path(node.left, [item]);
    if (node.operator === 'exists') return left.length > 0;
    const right = lenient.path(node.right, [item]);
    if (!left.length || !right.length) return false;
    if (left.length > 1) throw new Error('can only compare one element at a time');
    return compare(left[0], right[0], node.operator);
  }
}

function compare(left: unknown, right: unknown, operator: string): boolean {
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  const comparable = (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string');
  if (!comparable) return false;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      return left >= right;
  }
}

/** The value and everything below it that can have fields. */
function descendants(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(descendants)];
}

/** Scalars as they are; objects and lists as JSON with sorted keys. */
function printed(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(sorted(value)) : String(value);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

/** Reads a template. Throws an Error with kubectl's text ("unclosed action" …). */
export function parseJsonPath(template: string): JsonPath {
  const nodes = parseTemplate(template);
  const find = (data: unknown, options: JsonPathOptions = {}): unknown[][] =>
    new Evaluator(data, options.allowMissingKeys ?? false).template(nodes, data);
  return {
    find,
    execute: (data, options) =>
      find(data, options)
        .map((values) => values.map(printed).join(' '))
        .join(''),
  };
}

/** What custom-columns and --sort-by allow: "metadata.name", ".metadata.name", "{.metadata.name}" → "{.metadata.name}". Throws an Error with kubectl's text. */
export function relaxedJsonPath(expression: string): string {
  if (expression === '') return '';
  const match = /^(?:\{\.?([^{}]+)\}|\.?([^{}]+))$/.exec(expression);
  if (!match) throw new Error(`unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`);
  return `{.${match[1] ?? match[2] ?? ''}}`;
}
