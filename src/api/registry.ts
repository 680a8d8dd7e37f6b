// The explicit list of kinds and the lookups over it.
import type { Kind } from './kind.ts';
/** Every kind that has REST paths of its own, in the order a teacher would choose. */
export declare const kinds: readonly Kind[];
/** The kind served at /apis/GROUP/VERSION/PLURAL. */
export declare function kindByResource(group: string, version: string, plural: string): Kind | undefined;
/** The kind of an object's apiVersion and kind (stored kinds and those only subresources serve). */
export declare function kindOf(apiVersion: string, kind: string): Kind | undefined;
/** The kind of a command-line word: plural, singular, short name or Kind, any case, optionally .group or .version.group. */
export declare function kindByWord(word: string): Kind | undefined;
/** The preferred kind of a group and kind. */
export declare function kindByGroupKind(group: string, kind: string): Kind | undefined;
