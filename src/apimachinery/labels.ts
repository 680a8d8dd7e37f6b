// Label selectors (k8s.io/apimachinery labels): the text form of kubectl -l and the LabelSelector form of specs.
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
/** Reads the text form. Throws an Error with Kubernetes' text ("unable to parse requirement: …"). */
export declare function parseSelector(text: string): Selector;
/** Selector of a LabelSelector; undefined selects nothing, {} everything. Throws an Error for a bad operator. */
export declare function selectorFromLabelSelector(selector: LabelSelector | undefined | null): Selector;
/** Selector of exact pairs (Service spec.selector, matchLabels). */
export declare function selectorFromMap(labels: Readonly<Record<string, string>>): Selector;
/** The LabelSelector as kubectl prints it ("app=web,env in (a,b)", "<none>" when empty). */
export declare function formatLabelSelector(selector: LabelSelector | undefined | null): string;
/** Selects everything. */
export declare function everything(): Selector;
/** Selects nothing. */
export declare function nothing(): Selector;
