// Strict decoding: unknown and duplicate fields, and the texts the API server gives for them.
/** `unknown field "spec.foo"`. */
export declare function unknownFieldText(path: string): string;
/** `duplicate field "data.a"`. */
export declare function duplicateFieldText(path: string): string;
/** `strict decoding error: unknown field "spec.foo", …` (at most Kubernetes' number of errors). */
export declare function strictDecodingError(texts: readonly string[]): string;
/** Parses JSON and lists duplicate fields by path. Throws an Error with Go's JSON error text. */
export declare function parseJsonStrict(text: string): { value: unknown; duplicates: string[] };
