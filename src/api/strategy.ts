// The generic part of creating and updating objects (rest.BeforeCreate, rest.BeforeUpdate) around a kind's own strategy.
import {
  formatTime,
  isDns1123Subdomain,
  path,
  semanticEqual,
  validateKubernetesFinalizers,
  validateObjectMeta,
  validateObjectMetaUpdate,
  type FieldError,
  type KubeObject,
  type ObjectMeta,
} from '#apimachinery';
import { randomNameAlphabet, type Kind, type StrategyContext, type Subresource } from './kind.ts';

/** A generated name is a prefix cut to this and a random suffix, 63 characters at most. */
const maxGeneratedPrefix = 58;
const generatedSuffixLength = 5;

/** generateName's name: prefix cut to 58 characters and five random ones. */
export function generateName(prefix: string, context: Pick<StrategyContext, 'randomSuffix'>): string {
  return prefix.slice(0, maxGeneratedPrefix) + context.randomSuffix(generatedSuffixLength);
}

/** A random suffix from any source of integers below a bound; a ready body for StrategyContext.randomSuffix. */
export function randomSuffixFrom(nextBelow: (bound: number) => number, length: number): string {
  let text = '';
  for (let index = 0; index < length; index++) text += randomNameAlphabet.charAt(nextBelow(randomNameAlphabet.length));
  return text;
}

function nameRuleOf(kind: Pick<Kind, 'strategy'>): (name: string, prefix: boolean) => string[] {
  const rule = kind.strategy.validateName ?? ((name: string) => isDns1123Subdomain(name));
  // A prefix may end in a dash, because the random suffix follows it.
  return (name, prefix) => rule(prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -1)}a` : name, prefix);
}

/** Prepares an object to be stored first: generated name, uid, creationTimestamp, generation, the kind's hooks; in place. Answers what is wrong with it. */
export function beforeCreate<T extends KubeObject>(kind: Kind<T>, object: T, context: StrategyContext): FieldError[] {
  const { metadata } = object;
  if (!metadata.name && metadata.generateName) metadata.name = generateName(metadata.generateName, context);
  metadata.name ??= '';
  metadata.uid = context.newUid();
  metadata.creationTimestamp = formatTime(context.nowMs);
  delete metadata.selfLink;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.generation;
  if (kind.strategy.tracksGeneration) metadata.generation = 1;
  kind.strategy.prepareForCreate?.(object, context);
  object.metadata = inMetaOrder(metadata);
  const errors = validateObjectMeta(object.metadata, kind.scope === 'Namespaced', nameRuleOf(kind), path('metadata'));
  return [...errors, ...finalizerErrors(kind, object.metadata), ...(kind.strategy.validate?.(object) ?? [])];
}

/** Definitions and their objects may have finalizers of any name, Kubernetes' own kinds not. */
function finalizerErrors<T extends KubeObject>(kind: Kind<T>, { finalizers }: ObjectMeta): FieldError[] {
  return kind.schema.startsWith('io.k8s.api.') ? validateKubernetesFinalizers(finalizers, path('metadata', 'finalizers')) : [];
}

/** Everything but metadata and status: what generation counts changes of. */
function desiredState(object: KubeObject): Record<string, unknown> {
  const { metadata, status, apiVersion, kind, ...rest } = object as KubeObject & { status?: unknown };
  return rest;
}

/** Prepares an object to replace `old`: system-owned metadata put back, generation, the kind's (or the subresource's) hooks; in place. Answers what is wrong with the change. */
export function beforeUpdate<T extends KubeObject>(
  kind: Kind<T>,
  object: T,
  old: T,
  context: StrategyContext,
  subresource?: Subresource<T>,
): FieldError[] {
  const { metadata } = object;
  const kept = old.metadata;
  metadata.name ||= kept.name;
  if (!metadata.namespace && kept.namespace) metadata.namespace = kept.namespace;
  metadata.uid ||= kept.uid;
  metadata.creationTimestamp ||= kept.creationTimestamp;
  delete metadata.selfLink;
  for (const key of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation'] as const) putBack(metadata, kept, key);
  if (kept.generateName && !metadata.generateName) metadata.generateName = kept.generateName;
  const { strategy } = subresource ?? {};
  if (strategy) strategy.prepareForUpdate(object, old, context);
  else kind.strategy.prepareForUpdate?.(object, old, context);
  if (kind.strategy.tracksGeneration && !semanticEqual(desiredState(object), desiredState(old))) {
    object.metadata.generation = (kept.generation ?? 0) + 1;
  }
  object.metadata = inMetaOrder(object.metadata);
  const errors = [...validateObjectMetaUpdate(object.metadata, kept, path('metadata')), ...finalizerErrors(kind, object.metadata)];
  const own = strategy ? strategy.validateUpdate?.(object, old) : kind.strategy.validateUpdate?.(object, old);
  return [...errors, ...(own ?? [])];
}

function putBack<K extends keyof ObjectMeta>(metadata: ObjectMeta, kept: ObjectMeta, key: K): void {
  if (kept[key] === undefined) delete metadata[key];
  else metadata[key] = kept[key];
}

const metaOrder: readonly (keyof ObjectMeta)[] = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
];

/** The fields in the order a real server writes them. */
function inMetaOrder(metadata: ObjectMeta): ObjectMeta {
  const ordered: Partial<Record<keyof ObjectMeta, unknown>> = {};
  for (const key of metaOrder) if (metadata[key] !== undefined && metadata[key] !== null) ordered[key] = metadata[key];
  return ordered as ObjectMeta;
}

/** Texts for Warning headers about an object. */
export function warningsFor<T extends KubeObject>(kind: Kind<T>, object: T, old?: T, subresource?: Subresource<T>): string[] {
  if (subresource) return old ? (subresource.strategy?.warnings?.(object, old) ?? []) : [];
  return kind.strategy.warnings?.(object, old) ?? [];
}

/** Value of a selectable field of an object; undefined if the kind does not support it. */
export function selectableFieldOf<T extends KubeObject>(kind: Kind<T>, object: T, field: string): string | undefined {
  if (field === 'metadata.name') return object.metadata.name;
  if (field === 'metadata.namespace' && kind.scope === 'Namespaced') return object.metadata.namespace ?? '';
  return kind.selectableFields.find((selectable) => selectable.name === field)?.value(object);
}

/** Whether a kind supports a field in a field selector; else the API says `field label not supported: …`. */
export function supportsField(kind: Kind, field: string): boolean {
  if (field === 'metadata.name') return true;
  if (field === 'metadata.namespace') return kind.scope === 'Namespaced';
  return kind.selectableFields.some((selectable) => selectable.name === field);
}
