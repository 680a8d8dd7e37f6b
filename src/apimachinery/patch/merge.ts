// JSON Merge Patch (RFC 7396), application/merge-patch+json.
/** The target after the patch; null deletes. The given values are untouched. */
export declare function applyMergePatch(target: unknown, patch: unknown): unknown;
/** A patch that makes `from` into `to` ({} when equal). */
export declare function createMergePatch(from: unknown, to: unknown): unknown;
/** kubectl apply's patch for kinds without a schema: from last-applied, the new manifest and the live object. */
export declare function createThreeWayMergePatch(original: unknown, modified: unknown, current: unknown): unknown;
