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
  /** True when it selects everything. */
  readonly isEmpty: boolean;
  /** `fields` answers the value of a field ('' if unset). */
  matches(fields: (field: string) => string): boolean;
  /** The value an equality term pins a field to, undefined if none does. */
  requiresExactMatch(field: string): string | undefined;
  /** Canonical text form. */
  toString(): string;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function splitTerm(term: string): FieldRequirement | undefined {
  for (let at = 0; at < term.length; at++) {
    if (term[at] === '\\') {
      at++;
      continue;
    }
    const rest = term.slice(at);
    const operator = rest.startsWith('!=') ? '!=' : rest.startsWith('==') ? '==' : rest.startsWith('=') ? '=' : undefined;
    if (operator) return { field: term.slice(0, at), operator, value: term.slice(at + operator.length) };
  }
  return undefined;
}

function unescape(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\') {
      const next = text.charAt(++at);
      if (next !== '\\' && next !== ',' && next !== '=') throw new Error(`invalid field selector: invalid escape sequence: \\${next}`);
      out += next;
    } else if (char === ',' || char === '=') {
      throw new Error(`invalid field selector: unescaped character in value: ${char}`);
    } else out += char;
  }
  return out;
}

const escape = (value: string): string => value.replace(/[\\,=]/g, '\\$&');

/** Reads the text form. Throws an Error with Kubernetes' text ("invalid selector: 'x'; can't understand 'x'"). */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === '') continue;
    const found = splitTerm(term);
    if (!found) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`);
    requirements.push({ field: found.field, operator: found.operator, value: unescape(found.value) });
  }
  return {
    requirements,
    isEmpty: requirements.length === 0,
    matches: (fields) => requirements.every(({ field, operator, value }) => (fields(field) === value) === (operator !== '!=')),
    requiresExactMatch: (field) => requirements.find((term) => term.field === field && term.operator !== '!=')?.value,
    toString: () =>
      requirements.map(({ field, operator, value }) => `${field}${operator === '==' ? '=' : operator}${escape(value)}`).join(','),
  };
}
