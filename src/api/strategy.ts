// The generic part of creating and updating objects (rest.BeforeCreate, rest.BeforeUpdate) around a kind's own strategy.
import type { FieldError, KubeObject } from '#apimachinery';
import type { Kind, StrategyContext, Subresource } from './kind.ts';
/** Prepares an object to be stored first: generated name, uid, creationTimestamp, generation, the kind's hooks; in place. Answers what is wrong with it. */
export declare function beforeCreate<T extends KubeObject>(kind: Kind<T>, object: T, context: StrategyContext): FieldError[];
/** Prepares an object to replace `old`: system-owned metadata put back, generation, the kind's (or the subresource's) hooks; in place. Answers what is wrong with the change. */
export declare function beforeUpdate<T extends KubeObject>(kind: Kind<T>, object: T, old: T, context: StrategyContext, subresource?: Subresource<T>): FieldError[];
/** Texts for Warning headers about an object. */
export declare function warningsFor<T extends KubeObject>(kind: Kind<T>, object: T, old?: T, subresource?: Subresource<T>): string[];
/** generateName's name: prefix cut to 58 characters and five random ones. */
export declare function generateName(prefix: string, context: Pick<StrategyContext, 'randomSuffix'>): string;
/** Value of a selectable field of an object; undefined if the kind does not support it. */
export declare function selectableFieldOf<T extends KubeObject>(kind: Kind<T>, object: T, field: string): string | undefined;
