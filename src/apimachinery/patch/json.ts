// JSON Patch (RFC 6902), application/json-patch+json, with the answers of the API server's patch handler.
import { deepCopy, deepEqual } from '../equality.ts';
import { badRequest, failure } from '../status.ts';

/** One operation. */
export interface JsonPatchOperation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}

/** The API server refuses longer patches. */
const maxOperations = 10_000;

/** Checks a decoded body. Throws badRequest with the API server's text for anything but a list of operations. */
export function decodeJsonPatch(body: unknown): JsonPatchOperation[] {
  if (!Array.isArray(body)) {
    const found = typeof body === 'object' ? 'object' : typeof body === 'boolean' ? 'bool' : typeof body;
    throw badRequest(`error decoding patch: json: cannot unmarshal ${found} into Go value of type []handlers.jsonPatchOp`);
  }
  if (body.length > maxOperations) {
    const message = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${body.length}`;
    throw failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
  }
  return body as JsonPatchOperation[];
}

/** The one answer the API server gives to an operation that cannot be done. */
function cannotApply(): Error {
  return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function tokensOf(pointer: unknown): string[] {
  if (pointer === '') return [];
  if (typeof pointer !== 'string' || !pointer.startsWith('/')) throw cannotApply();
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function indexOf(token: string, length: number): number {
  if (!/^-?\d+$/.test(token)) throw cannotApply();
  // Kubernetes' patch library counts negative indexes from the end.
  const index = token.startsWith('-') ? length + Number(token) : Number(token);
  if (index < 0 || index >= length) throw cannotApply();
  return index;
}

function childOf(container: unknown, token: string): unknown {
  if (Array.isArray(container)) return container[indexOf(token, container.length)];
  if (typeof container !== 'object' || container === null || !Object.hasOwn(container, token)) throw cannotApply();
  return (container as Record<string, unknown>)[token];
}

function valueAt(document: unknown, tokens: readonly string[]): unknown {
  return tokens.reduce(childOf, document);
}

/** The document with the value added at a path; lists grow, fields are set. */
function added(document: unknown, tokens: readonly string[], value: unknown): unknown {
  const last = tokens[tokens.length - 1];
  if (last === undefined) return value;
  const container = valueAt(document, tokens.slice(0, -1));
  if (Array.isArray(container)) {
    if (last === '-') container.push(value);
    else if (last === String(container.length)) container.push(value);
    else container.splice(indexOf(last, container.length), 0, value);
  } else if (typeof container === 'object' && container !== null) (container as Record<string, unknown>)[last] = value;
  else throw cannotApply();
  return document;
}

function removed(document: unknown, tokens: readonly string[]): unknown {
  const last = tokens[tokens.length - 1];
  if (last === undefined) throw cannotApply();
  const container = valueAt(document, tokens.slice(0, -1));
  childOf(container, last);
  if (Array.isArray(container)) container.splice(indexOf(last, container.length), 1);
  else delete (container as Record<string, unknown>)[last];
  return document;
}

function applied(document: unknown, operation: JsonPatchOperation): unknown {
  const tokens = tokensOf(operation.path);
  switch (operation.op) {
    case 'add':
      return added(document, tokens, deepCopy(operation.value ?? null));
    case 'remove':
      return removed(document, tokens);
    case 'replace':
      if (!tokens.length) return deepCopy(operation.value ?? null);
      return replaced(document, tokens, deepCopy(operation.value ?? null));
    case 'move': {
      const from = tokensOf(operation.from);
      const value = valueAt(document, from);
      return added(removed(document, from), tokens, value);
    }
    case 'copy':
      return added(document, tokens, deepCopy(valueAt(document, tokensOf(operation.from))));
    case 'test':
      if (!deepEqual(maybeValueAt(document, tokens), operation.value ?? null)) throw cannotApply();
      return document;
    default:
      throw cannotApply();
  }
}

/** A missing field tests equal to null, as in Kubernetes' patch library. */
function maybeValueAt(document: unknown, tokens: readonly string[]): unknown {
  const parent = valueAt(document, tokens.slice(0, -1));
  const last = tokens[tokens.length - 1];
  if (last === undefined) return document;
  if (typeof parent === 'object' && parent !== null && !Array.isArray(parent)) return (parent as Record<string, unknown>)[last] ?? null;
  return childOf(parent, last);
}

function replaced(document: unknown, tokens: readonly string[], value: unknown): unknown {
  const last = tokens[tokens.length - 1] ?? '';
  const container = valueAt(document, tokens.slice(0, -1));
  childOf(container, last);
  if (Array.isArray(container)) container[indexOf(last, container.length)] = value;
  else (container as Record<string, unknown>)[last] = value;
  return document;
}

/** The document after all operations (the given one is untouched). Throws StatusError 422 when an operation cannot be done. */
export function applyJsonPatch(document: unknown, operations: readonly JsonPatchOperation[]): unknown {
  return operations.reduce(applied, deepCopy(document));
}
