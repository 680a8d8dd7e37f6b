// Label selectors (k8s.io/apimachinery labels): the text form of kubectl -l and the LabelSelector form of specs.
import { parseSelectorText } from './selector-text.ts';

/** The LabelSelector of specs. */
export interface LabelSelector {
  matchLabels?: { [key: string]: string };
  matchExpressions?: LabelSelectorRequirement[];
}
/** One expression of a LabelSelector. */
export interface LabelSelectorRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | (string & {});
  values?: string[];
}
/** Operators of the text form. */
export type SelectorOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';
/** One requirement of a parsed selector. */
export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  /** Sorted. */
  readonly values: readonly string[];
}
/** A parsed selector. */
export interface Selector {
  readonly requirements: readonly Requirement[];
  /** Whether labels satisfy every requirement. */
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
  /** True when it selects everything. */
  readonly isEmpty: boolean;
  /** Canonical text form: "app=web,tier in (a,b)". */
  toString(): string;
}

const integerPattern = /^[+-]?\d+$/;

function satisfies(requirement: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && requirement.values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const bound = requirement.values[0];
      if (value === undefined || bound === undefined || !integerPattern.test(value)) return false;
      return requirement.operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
  }
}

function formatRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'gt':
      return `${key}>${values[0] ?? ''}`;
    case 'lt':
      return `${key}<${values[0] ?? ''}`;
    default:
      return `${key}${operator}${values[0] ?? ''}`;
  }
}

function selectorOf(list: readonly Requirement[]): Selector {
  const requirements = [...list].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return {
    requirements,
    isEmpty: requirements.length === 0,
    matches: (labels) => requirements.every((requirement) => satisfies(requirement, labels ?? {})),
    toString: () => requirements.map(formatRequirement).join(','),
  };
}

/** Reads the text form. Throws an Error with Kubernetes' text ("unable to parse requirement: …"). */
export function parseSelector(text: string): Selector {
  return selectorOf(parseSelectorText(text));
}

/** Selector of a LabelSelector; undefined selects nothing, {} everything. Throws an Error for a bad operator. */
export function selectorFromLabelSelector(selector: LabelSelector | undefined | null): Selector {
  if (!selector) return nothing();
  const list: Requirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const found = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' }[operator as 'In'] as SelectorOperator | undefined;
    if (!found) throw new Error(`"${operator}" is not a valid label selector operator`);
    list.push({ key, operator: found, values: [...(values ?? [])].sort() });
  }
  return selectorOf(list);
}

/** Selector of exact pairs (Service spec.selector, matchLabels). */
export function selectorFromMap(labels: Readonly<Record<string, string>>): Selector {
  return selectorOf(Object.entries(labels).map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

/** The LabelSelector as kubectl prints it ("app=web,env in (a,b)", "<none>" when empty). */
export function formatLabelSelector(selector: LabelSelector | undefined | null): string {
  if (!selector) return '<none>';
  return selectorFromLabelSelector(selector).toString() || '<none>';
}

/** Selects everything. */
export function everything(): Selector {
  return selectorOf([]);
}

/** Selects nothing. */
export function nothing(): Selector {
  return { requirements: [], isEmpty: false, matches: () => false, toString: () => '' };
}
