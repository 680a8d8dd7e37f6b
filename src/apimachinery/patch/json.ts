// JSON Patch (RFC 6902), application/json-patch+json.
/** One operation. */
export interface JsonPatchOperation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}
/** Checks a decoded body. Throws badRequest with the API server's text for anything but a list of operations. */
export declare function decodeJsonPatch(body: unknown): JsonPatchOperation[];
/** The document after all operations (the given one is untouched). Throws StatusError 422 when an operation cannot be done. */
export declare function applyJsonPatch(document: unknown, operations: readonly JsonPatchOperation[]): unknown;
