// Equality and copies of JSON values, as Kubernetes' semantic DeepEqual and DeepCopy do for objects.
/** Equal as JSON values; order of fields does not matter, undefined fields count as absent. */
export declare function deepEqual(a: unknown, b: unknown): boolean;
/** Equal where null, undefined, {} , [] count as the same emptiness (Kubernetes' semantic equality of nil and empty). */
export declare function semanticEqual(a: unknown, b: unknown): boolean;
/** A copy sharing nothing with the original. */
export declare function deepCopy<T>(value: T): T;
