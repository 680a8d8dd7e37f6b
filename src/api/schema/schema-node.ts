// One node of a kind's schema: what a value may be, compiled once from the published facts.
import type { FieldSchema } from '#apimachinery';

/** What a scalar or special value is on the wire. */
export type ScalarType =
  'string' | 'int32' | 'int64' | 'number' | 'boolean' | 'bytes' | 'quantity' | 'int-or-string' | 'time' | 'micro-time' | '';

/** A FieldSchema that also knows names, formats and defaults. */
export interface SchemaNode extends FieldSchema {
  readonly scalar: ScalarType;
  /** Name of the struct in the facts ("core.v1.Container"); '' for anything else. */
  readonly structName: string;
  /** The type as Go prints it in decoding errors ("[]v1.Container", "int32"). */
  readonly goType: string;
  readonly isRequired: boolean;
  readonly enumValues: readonly string[];
  field(name: string): SchemaNode | undefined;
  /** Declared fields of a struct, by name; empty otherwise. */
  readonly fields: ReadonlyMap<string, SchemaNode>;
  readonly items: SchemaNode | undefined;
  /** Values of a map. */
  readonly values: SchemaNode | undefined;
}
