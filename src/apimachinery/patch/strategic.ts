// Strategic merge patch, application/strategic-merge-patch+json: lists merge by key, with $patch, $setElementOrder,
// $deleteFromPrimitiveList and $retainKeys directives. Kept apart from storage: it reads the type only through FieldSchema.
import type { FieldSchema } from '../field-schema.ts';
import type { JsonObject } from '../meta.ts';
/** The object after the patch (the given ones are untouched). Throws an Error with Kubernetes' text for a malformed patch. */
export declare function applyStrategicMergePatch(original: JsonObject, patch: JsonObject, schema: FieldSchema): JsonObject;
/** A patch that makes `original` into `modified`. */
export declare function createTwoWayMergePatch(original: JsonObject, modified: JsonObject, schema: FieldSchema): JsonObject;
/** kubectl apply's patch: deletions from last-applied to the manifest, additions and changes from the live object to the manifest. */
export declare function createThreeWayStrategicPatch(original: JsonObject, modified: JsonObject, current: JsonObject, schema: FieldSchema): JsonObject;
