// Field selectors (k8s.io/apimachinery fields): metadata.name=x,spec.nodeName!=y.
/** One term. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '==' | '!=';
  readonly value: string;
}
/** A parsed field selector. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  readonly isEmpty: boolean;
  /** `fields` answers the value of a field ('' if unset). */
  matches(fields: (field: string) => string): boolean;
  /** The value an equality term pins a field to, undefined if none does. */
  requiresExactMatch(field: string): string | undefined;
  toString(): string;
}
/** Reads the text form. Throws an Error with Kubernetes' text ("invalid selector: 'x'; can't understand 'x'"). */
export declare function parseFieldSelector(text: string): FieldSelector;
