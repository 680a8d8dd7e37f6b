/** awk programs as trees: rules of patterns and actions, statements, expressions, functions. */

/** An expression. */
export type Expression =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'regex'; readonly source: string }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'field'; readonly index: Expression }
  | { readonly type: 'element'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly type: 'assign'; readonly target: Expression; readonly operator: string; readonly value: Expression }
  | { readonly type: 'step'; readonly target: Expression; readonly by: 1 | -1; readonly before: boolean }
  | { readonly type: 'unary'; readonly operator: string; readonly body: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'choice'; readonly condition: Expression; readonly then: Expression; readonly otherwise: Expression }
  | { readonly type: 'in'; readonly keys: readonly Expression[]; readonly name: string }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly type: 'getline'; readonly target?: Expression; readonly file?: Expression };

/** A statement. */
export type Statement =
  | { readonly type: 'expression'; readonly value: Expression }
  | {
      readonly type: 'print' | 'printf';
      readonly args: readonly Expression[];
      readonly redirect?: { readonly mode: '>' | '>>' | '|'; readonly to: Expression };
    }
  | { readonly type: 'if'; readonly condition: Expression; readonly then: Statement; readonly otherwise?: Statement }
  | { readonly type: 'while' | 'do'; readonly condition: Expression; readonly body: Statement }
  | {
      readonly type: 'for';
      readonly first?: Statement;
      readonly condition?: Expression;
      readonly step?: Statement;
      readonly body: Statement;
    }
  | { readonly type: 'forIn'; readonly name: string; readonly array: string; readonly body: Statement }
  | { readonly type: 'block'; readonly statements: readonly Statement[] }
  | { readonly type: 'delete'; readonly name: string; readonly keys?: readonly Expression[] }
  | { readonly type: 'next' | 'break' | 'continue' | 'nextfile' }
  | { readonly type: 'exit' | 'return'; readonly value?: Expression };

/** A pattern with its action; without an action the record is printed. */
export interface Rule {
  readonly kind: 'BEGIN' | 'END' | 'always' | 'when' | 'range';
  readonly from?: Expression;
  readonly to?: Expression;
  readonly action?: Statement;
}

/** A function of the program. */
export interface AwkFunction {
  readonly parameters: readonly string[];
  readonly body: Statement;
}

/** A whole program. */
export interface AwkProgram {
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, AwkFunction>;
}

/** A text that is no awk program. */
export class AwkSyntaxError extends Error {}
