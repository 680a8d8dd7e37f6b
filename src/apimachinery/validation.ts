// Names, labels and annotations (k8s.io/apimachinery util/validation): each check answers a list of messages, empty if right.
import type { FieldError, FieldPath } from './field-errors.ts';
import type { ObjectMeta } from './meta.ts';
/** my-name (at most 63). */
export declare function isDns1123Label(value: string): string[];
/** example.com (at most 253). */
export declare function isDns1123Subdomain(value: string): string[];
/** my-name, starting with a letter (at most 63). */
export declare function isDns1035Label(value: string): string[];
/** *.example.com. */
export declare function isWildcardDns1123Subdomain(value: string): string[];
/** [prefix/]Name of labels, annotations, resources. */
export declare function isQualifiedName(value: string): string[];
/** Values of labels. */
export declare function isValidLabelValue(value: string): string[];
/** Names of environment variables. */
export declare function isEnvVarName(value: string): string[];
/** Names of environment variables as 1.33 relaxes them: any printable ASCII but "=". */
export declare function isRelaxedEnvVarName(value: string): string[];
/** Keys of ConfigMaps and Secrets. */
export declare function isConfigMapKey(value: string): string[];
/** Names of ports (at most 15, a letter, no "--"). */
export declare function isValidPortName(value: string): string[];
/** 1–65535. */
export declare function isValidPortNumber(value: number): string[];
/** Between min and max. */
export declare function isInRange(value: number, min: number, max: number): string[];
/** An IPv4 or IPv6 address. */
export declare function isValidIp(value: string): string[];
/** An address with prefix length. */
export declare function isValidCidr(value: string): string[];
/** Names that are part of a path: no "/", "%", ".", "..". */
export declare function isPathSegmentName(value: string): string[];
/** Names of C identifiers. */
export declare function isCIdentifier(value: string): string[];
/** HTTP header names. */
export declare function isHttpHeaderName(value: string): string[];
/** Percentages. */
export declare function isValidPercent(value: string): string[];
/** metadata.labels. */
export declare function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: FieldPath): FieldError[];
/** metadata.annotations (keys, total size 256 KiB). */
export declare function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, field: FieldPath): FieldError[];
/** A LabelSelector in a spec. */
export declare function validateLabelSelector(selector: unknown, field: FieldPath): FieldError[];
/** ObjectMeta of an object to be created. */
export declare function validateObjectMeta(meta: ObjectMeta, namespaced: boolean, validateName: (name: string, prefix: boolean) => string[], field: FieldPath): FieldError[];
/** ObjectMeta of an update. */
export declare function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta, field: FieldPath): FieldError[];
