// Decoding bodies: types checked, unknown fields found, defaults filled, quantities and field order made canonical.
import type { FieldSchema, KubeObject } from '#apimachinery';
import type { Kind } from './kind.ts';
/** What decoding found. */
export interface DecodeResult<T extends KubeObject = KubeObject> {
  /** Unknown fields dropped, defaults not yet filled. */
  object: T;
  /** `unknown field "spec.foo"` texts, in order of path. */
  unknownFields: string[];
}
/** Takes a parsed body as an object of the kind. Throws badRequest with the API server's text for values of wrong type ('Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal …'). The body is untouched. */
export declare function decodeObject<T extends KubeObject>(kind: Kind<T>, body: unknown): DecodeResult<T>;
/** Fills schema and kind defaults, in place. */
export declare function applyDefaults<T extends KubeObject>(kind: Kind<T>, object: T): T;
/** The structure of a kind's objects, for strategic patches and field ownership. */
export declare function fieldSchemaOf(kind: Pick<Kind, 'schema'>): FieldSchema;
