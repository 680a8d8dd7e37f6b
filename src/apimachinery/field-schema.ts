// What patching and field ownership need to know of a type's structure; #api makes these from the published schema.

/** How a list is merged by server-side apply. */
export type ListType = 'atomic' | 'set' | 'map';

/** The structure of one value: a struct with declared fields, a map, a list, a scalar, or anything ('any': treated as one value). */
export interface FieldSchema {
  readonly type: 'struct' | 'map' | 'list' | 'scalar' | 'any';
  /** The schema of a declared field (struct) or of any value (map); undefined for a field that does not exist. */
  field(name: string): FieldSchema | undefined;
  /** Elements of a list. */
  readonly items: FieldSchema | undefined;
  /** Lists: how server-side apply merges them; atomic unless declared. */
  readonly listType: ListType;
  /** Lists of type map: the fields that identify an element, in order. */
  readonly mapKeys: readonly string[];
  /** Structs and maps that are owned as a whole. */
  readonly isAtomic: boolean;
  /** Lists: the field that identifies an element in a strategic merge patch; '' for lists of scalars. */
  readonly mergeKey: string;
  /** Strategic patch strategies declared on the field: 'merge', 'retainKeys', 'replace'. */
  readonly patchStrategies: readonly string[];
  /** Default of the value, undefined if none. Map keys take part in element identity with it (protocol TCP). */
  readonly defaultValue: unknown;
  /** The field is always written, even empty. */
  readonly isRequired: boolean;
  /** Declared fields of a struct; empty for anything else. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** Scalars: what is expected ('string', 'integer', 'number', 'boolean', 'quantity', 'int-or-string'). */
  readonly scalar: string;
}

/** The schema of values nothing is known about: maps and lists of anything, lists atomic (what apply does without a schema: `deduced`). */
export const untypedSchema: FieldSchema = Object.freeze({
  type: 'any',
  field: () => undefined,
  items: undefined,
  listType: 'atomic',
  mapKeys: Object.freeze([]),
  isAtomic: false,
  mergeKey: '',
  patchStrategies: Object.freeze([]),
  defaultValue: undefined,
  isRequired: false,
  fields: new Map(),
  scalar: '',
} satisfies FieldSchema);
