// Field errors: what validation returns (k8s.io/apimachinery field.Error), one per field, with Kubernetes' texts.
// Values are formatted as the API server prints them: text quoted, numbers plain, maps and lists in Go's notation.

/** The reason a cause of a Status carries (StatusDetails.causes[].reason). */
export type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

/** One mistake in one field. `message` is the text after the path ("Required value", "Invalid value: 0: must be …"). */
export interface FieldError {
  reason: FieldErrorReason;
  /** Path in Kubernetes' notation: spec.containers[0].image, metadata.labels[app]. */
  field: string;
  message: string;
}

/** A path to a field; immutable, printed by toString. */
export class FieldPath {
  private readonly text: string;
  constructor(text = '') {
    this.text = text;
  }
  /** A named child: path.child('spec', 'containers'). */
  child(...names: string[]): FieldPath {
    let text = this.text;
    for (const name of names) text = text ? `${text}.${name}` : name;
    return new FieldPath(text);
  }
  /** A list element. */
  index(index: number): FieldPath {
    return new FieldPath(`${this.text}[${index}]`);
  }
  /** A map entry. */
  key(key: string): FieldPath {
    return new FieldPath(`${this.text}[${key}]`);
  }
  toString(): string {
    return this.text === '' ? '<nil>' : this.text;
  }
}

/** Starts a path: path('spec', 'containers').index(0).child('image'). */
export function path(...names: string[]): FieldPath {
  return new FieldPath().child(...names);
}

/** A value that Kubernetes prints in Go's notation, given ready-made: goValue('[]string{"a"}'). */
export interface GoValue {
  readonly go: string;
}
/** Wraps text that is to appear unquoted as the bad value in a message. */
export function goValue(go: string): GoValue {
  return { go };
}

/** How the API server prints a bad value in an error message. */
export function formatBadValue(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quoteGo(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'object' && 'go' in value && typeof (value as GoValue).go === 'string') return (value as GoValue).go;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return `[]string{${value.map((item) => quoteGo(item as string)).join(', ')}}`;
  }
  const entries = Object.entries(value as object);
  if (entries.every(([, item]) => typeof item === 'string')) return formatGoStringMap(value as Record<string, string>);
  return JSON.stringify(value);
}

/** map[string]string{"a":"b"} with sorted keys, as Go's %#v prints it. */
export function formatGoStringMap(map: Record<string, string>): string {
  const keys = Object.keys(map).sort();
  return `map[string]string{${keys.map((key) => `${quoteGo(key)}:${quoteGo(map[key] ?? '')}`).join(', ')}}`;
}

/** Text in double quotes with Go's escapes (%q). */
export function quoteGo(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (code === 7) out += '\\a';
    else if (code === 8) out += '\\b';
    else if (code === 11) out += '\\v';
    else if (code === 12) out += '\\f';
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if ((code >= 0x80 && code < 0xa0) || code === 0xad || code === 0x2028 || code === 0x2029)
      out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += char;
  }
  return `${out}"`;
}

type Path = FieldPath | string;
const withDetail = (base: string, detail: string): string => (detail ? `${base}: ${detail}` : base);

/** "Required value[: detail]". */
export function required(field: Path, detail = ''): FieldError {
  return { reason: 'FieldValueRequired', field: String(field), message: withDetail('Required value', detail) };
}
/** "Invalid value: VALUE: detail". */
export function invalid(field: Path, value: unknown, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field: String(field), message: withDetail(`Invalid value: ${formatBadValue(value)}`, detail) };
}
/** 'Unsupported value: "X": supported values: "A", "B"'; the values are printed in the order given (Kubernetes sorts most of its sets). */
export function notSupported(field: Path, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length ? `supported values: ${supported.map(quoteGo).join(', ')}` : '';
  return {
    reason: 'FieldValueNotSupported',
    field: String(field),
    message: withDetail(`Unsupported value: ${formatBadValue(value)}`, detail),
  };
}
/** "Duplicate value: VALUE". */
export function duplicate(field: Path, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field: String(field), message: `Duplicate value: ${formatBadValue(value)}` };
}
/** "Forbidden: detail". */
export function forbiddenField(field: Path, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field: String(field), message: withDetail('Forbidden', detail) };
}
/** "Not found: VALUE". */
export function notFoundField(field: Path, value: unknown): FieldError {
  return { reason: 'FieldValueNotFound', field: String(field), message: `Not found: ${formatBadValue(value)}` };
}
/** "Too long: may not be more than N bytes". */
export function tooLong(field: Path, maxBytes: number): FieldError {
  const detail = maxBytes < 0 ? 'value is too long' : `may not be more than ${maxBytes} bytes`;
  return { reason: 'FieldValueTooLong', field: String(field), message: `Too long: ${detail}` };
}
/** "Too many: ACTUAL: must have at most N items". */
export function tooMany(field: Path, actual: number, max: number): FieldError {
  const detail = max < 0 ? 'has too many items' : `must have at most ${max} ${max === 1 ? 'item' : 'items'}`;
  const value = actual < 0 ? '' : `: ${actual}`;
  return { reason: 'FieldValueTooMany', field: String(field), message: `Too many${value}: ${detail}` };
}
/** "Invalid value: VALUE: detail" with the reason of a wrong type. */
export function typeInvalid(field: Path, value: unknown, detail: string): FieldError {
  return { reason: 'FieldValueTypeInvalid', field: String(field), message: withDetail(`Invalid value: ${formatBadValue(value)}`, detail) };
}
/** "Internal error: detail". */
export function internalField(field: Path, detail: string): FieldError {
  return { reason: 'InternalError', field: String(field), message: `Internal error: ${detail}` };
}

/** "spec.x: Required value": one error as it stands in a Status message. */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${error.message}`;
}

/** The text of several errors in one Status message: "[a, b]", or "a" alone; equal texts are said once. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(formatFieldError))];
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

/** "field is immutable". */
export const immutableFieldMessage = 'field is immutable';
