// Field ownership (field managers, KEP-555): metadata.managedFields after updates and server-side applies.
// One entry per manager, operation, apiVersion and subresource. Sets that do not change keep their encoding.
import { quoteGo } from './field-errors.ts';
import type { FieldSchema } from './field-schema.ts';
import {
  decodeFieldsV1,
  differenceOf,
  emptySet,
  encodeFieldsV1,
  equalSets,
  formatPath,
  insertPath,
  intersectionOf,
  isEmptySet,
  pathsOf,
  recursiveDifferenceOf,
  unionOf,
  type FieldSet,
} from './field-set.ts';
import { groupVersionKindOf, formatGroupVersionKind, parseGroupVersion, formatGroupVersion } from './group-version.ts';
import { fieldsOfLastApplied, updateLastApplied } from './last-applied.ts';
import type { KubeObject, ManagedFieldsEntry } from './meta.ts';
import { applyConflict, badRequest, failure, type StatusCause } from './status.ts';
import { formatTime } from './time.ts';
import { compareTyped, mergeTyped, touchedSet, typedErrors, withoutPaths, zeroValue, type Comparison } from './typed-values.ts';

/** Who writes, and how. */
export interface FieldWrite {
  /** fieldManager of the request, or the client's name before the first "/" of its User-Agent. */
  manager: string;
  /** apiVersion of the request's objects. */
  apiVersion: string;
  /** '' on the main resource. */
  subresource: string;
  /** Wall time, milliseconds. */
  nowMs: number;
  /** Fields this endpoint resets (["status"] on the main resource of a kind with status, ["spec"] on status); they are not owned. */
  resetFields?: readonly (readonly string[])[];
}

/** More entries of updates than this are merged, oldest first, into one of this manager. */
const maxUpdateManagers = 10;
const ancientChangesManager = 'ancient-changes';

const systemOwned: readonly (readonly string[])[] = [
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'managedFields', 'resourceVersion', 'clusterName'].map(
    (name) => ['f:metadata', `f:${name}`],
  ),
];

function setOf(paths: readonly (readonly string[])[]): FieldSet {
  const set = emptySet();
  for (const path of paths) insertPath(set, path);
  return set;
}

/** An entry with its decoded set; `entry` is what stands in the object until the set changes. */
interface Owner {
  entry: ManagedFieldsEntry;
  set: FieldSet;
  changed: boolean;
}

function ownersOf(live: KubeObject | undefined): Owner[] {
  return (live?.metadata.managedFields ?? []).map((entry) => ({ entry, set: decodeFieldsV1(entry.fieldsV1), changed: false }));
}

function changeSet(owner: Owner, set: FieldSet): void {
  if (equalSets(owner.set, set)) return;
  owner.set = set;
  owner.changed = true;
}

function encoded(owners: readonly Owner[]): ManagedFieldsEntry[] {
  const entries = owners
    .filter((owner) => !isEmptySet(owner.set))
    .map((owner): ManagedFieldsEntry => {
      if (!owner.changed) return owner.entry;
      const { manager, operation, apiVersion, time, subresource } = owner.entry;
      const entry: ManagedFieldsEntry = {
        manager,
        operation,
        apiVersion,
        time,
        fieldsType: 'FieldsV1',
        fieldsV1: encodeFieldsV1(owner.set),
      };
      if (subresource) entry.subresource = subresource;
      return entry;
    });
  const order = (entry: ManagedFieldsEntry): string[] => [
    entry.operation ?? '',
    entry.time ?? '',
    entry.manager ?? '',
    entry.apiVersion ?? '',
    entry.subresource ?? '',
  ];
  return entries.sort((a, b) => {
    const [left, right] = [order(a), order(b)];
    const at = left.findIndex((text, index) => text !== right[index]);
    return at < 0 ? 0 : (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
  });
}

function findOwner(owners: readonly Owner[], write: FieldWrite, operation: 'Apply' | 'Update'): Owner | undefined {
  return owners.find(
    ({ entry }) =>
      entry.manager === write.manager &&
      entry.operation === operation &&
      (entry.subresource ?? '') === write.subresource &&
      (operation === 'Apply' || entry.apiVersion === write.apiVersion),
  );
}

function newOwner(write: FieldWrite, operation: 'Apply' | 'Update'): Owner {
  const entry: ManagedFieldsEntry = { manager: write.manager, operation, apiVersion: write.apiVersion, time: formatTime(write.nowMs) };
  if (write.subresource) entry.subresource = write.subresource;
  return { entry, set: emptySet(), changed: true };
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Takes from every other owner what was changed or removed under it. */
function releaseFields(owners: readonly Owner[], comparison: Comparison, except: Owner | undefined): void {
  const lost = unionOf(unionOf(comparison.modified, comparison.added), comparison.removed);
  if (isEmptySet(lost)) return;
  for (const owner of owners) {
    if (owner !== except && !isEmptySet(intersectionOf(owner.set, lost))) changeSet(owner, differenceOf(owner.set, lost));
  }
}

function capUpdates(owners: Owner[]): Owner[] {
  const updates = owners.filter((owner) => owner.entry.operation === 'Update' && !isEmptySet(owner.set));
  if (updates.length <= maxUpdateManagers) return owners;
  const oldest = [...updates]
    .sort((a, b) => ((a.entry.time ?? '') < (b.entry.time ?? '') ? -1 : 1))
    .slice(0, updates.length - maxUpdateManagers + 1);
  const first = oldest[0];
  if (!first) return owners;
  const merged: Owner = {
    entry: { ...first.entry, manager: ancientChangesManager },
    set: oldest.map((owner) => owner.set).reduce(unionOf),
    changed: true,
  };
  delete merged.entry.subresource;
  return [...owners.filter((owner) => !oldest.includes(owner)), merged];
}

function ignoredSet(write: FieldWrite): FieldSet {
  return setOf((write.resetFields ?? []).map((path) => path.map((name) => `f:${name}`)));
}

/** Sets metadata.managedFields of `updated` (in place) after a create (`live` undefined) or an update. Entries whose set does not change keep their encoding. */
export function recordUpdate(live: KubeObject | undefined, updated: KubeObject, schema: FieldSchema, write: FieldWrite): void {
  const isReset =
    updated.metadata.managedFields?.length === 0 ||
    (updated.metadata.managedFields?.length === 1 && !Object.keys(updated.metadata.managedFields[0] ?? {}).length);
  const owners = live && !isReset ? ownersOf(live) : [];
  const before = live ? withoutManagedFields(live) : zeroValue(schema);
  const comparison = compareTyped(before, withoutManagedFields(updated), schema);
  releaseFields(owners, comparison, undefined);
  const touched = recursiveDifferenceOf(
    differenceOf(unionOf(comparison.added, comparison.modified), setOf(systemOwned)),
    ignoredSet(write),
  );
  if (!isEmptySet(touched)) {
    let mine = findOwner(owners, write, 'Update');
    if (!mine) owners.push((mine = newOwner(write, 'Update')));
    mine.set = unionOf(mine.set, touched);
    mine.entry = { ...mine.entry, time: formatTime(write.nowMs) };
    mine.changed = true;
  }
  const entries = encoded(capUpdates(owners));
  if (entries.length) updated.metadata.managedFields = entries;
  else delete updated.metadata.managedFields;
}

function printOwner({ entry }: Owner): string {
  let text = quoteGo(entry.manager ?? '');
  if (entry.subresource) text += ` with subresource ${quoteGo(entry.subresource)}`;
  return entry.operation === 'Update' ? `${text} using ${entry.apiVersion}` : text;
}

function conflictError(conflicts: readonly { owner: Owner; paths: string[] }[]): Error {
  const causes: StatusCause[] = conflicts.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${printOwner(owner)}`, field })),
  );
  const [first] = causes;
  if (causes.length === 1 && first) return applyConflict(causes, `Apply failed with 1 conflict: ${first.message}: ${first.field}`);
  const lines = conflicts.flatMap(({ owner, paths }) => [`conflicts with ${printOwner(owner)}:`, ...paths.map((path) => `- ${path}`)]);
  return applyConflict(causes, `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`);
}

/** What the applier set last time, sets no longer and nobody else holds. */
function abandoned(last: FieldSet, held: FieldSet): FieldSet {
  const result = emptySet();
  for (const [element, child] of last.children) {
    const others = held.children.get(element);
    if (child.isMember && (!others || isEmptySet(others))) insertPath(result, [element]);
    else {
      const below = abandoned(child, others ?? emptySet());
      if (!isEmptySet(below)) result.children.set(element, below);
    }
  }
  return result;
}

function checkApplied(applied: KubeObject, schema: FieldSchema): void {
  const errors = typedErrors(applied, schema);
  if (errors.length) {
    const { namespace = '', name = '' } = applied.metadata;
    const kind = groupVersionKindOf(applied);
    const shownKind = kind.group
      ? `${formatGroupVersion(parseGroupVersion(applied.apiVersion))}, Kind=${kind.kind}`
      : formatGroupVersionKind(kind);
    const text = errors.length === 1 ? errors[0] : `errors:\n${errors.map((error) => `  ${error}`).join('\n')}`;
    throw failure(500, '', `failed to create typed patch object (${namespace}/${name}; ${shownKind}): ${text}`);
  }
  if (applied.metadata.managedFields?.length) throw badRequest('metadata.managedFields must be nil');
}

/** Server-side apply: the merged object with its managedFields; neither argument is touched. Throws StatusError Conflict unless `force`, and failure 500 for a configuration that does not fit the type. */
export function applyConfiguration(
  live: KubeObject | undefined,
  applied: KubeObject,
  schema: FieldSchema,
  write: FieldWrite & { force: boolean },
): KubeObject {
  checkApplied(applied, schema);
  const before = live ? withoutManagedFields(live) : zeroValue(schema);
  const owners = ownersOf(live);
  let mine = findOwner(owners, write, 'Apply');
  const last = mine?.set ?? emptySet();
  const wanted = recursiveDifferenceOf(differenceOf(touchedSet(applied, schema), setOf(systemOwned)), ignoredSet(write));
  if (!mine) owners.push((mine = newOwner(write, 'Apply')));
  const hadSameSet = equalSets(mine.set, wanted);
  changeSet(mine, wanted);
  const held = owners.map((owner) => owner.set).reduce(unionOf, emptySet());
  const merged = live ? mergeTyped(before, applied, schema) : mergeTyped({}, applied, schema);
  const object = withoutPaths(merged, abandoned(last, held), schema) as KubeObject;
  const comparison = compareTyped(before, object, schema);
  // What kubectl applied from the client's side it may go on applying from the server's.
  const own = write.manager === 'kubectl' && live ? fieldsOfLastApplied(live, schema) : undefined;
  const taken = differenceOf(unionOf(comparison.modified, comparison.added), own ?? emptySet());
  const conflicts = owners
    .filter((owner) => owner !== mine)
    .map((owner) => ({ owner, paths: pathsOf(intersectionOf(owner.set, taken)).map(formatPath) }))
    .filter(({ paths }) => paths.length);
  if (conflicts.length && !write.force) throw conflictError(conflicts);
  releaseFields(owners, comparison, mine);
  const changesNothing = [comparison.added, comparison.modified, comparison.removed].every(isEmptySet);
  if (!hadSameSet || !changesNothing || mine.entry.apiVersion !== write.apiVersion) {
    mine.entry = { ...mine.entry, apiVersion: write.apiVersion, time: formatTime(write.nowMs) };
    mine.changed = true;
  }
  const entries = encoded(owners);
  object.metadata = { ...object.metadata, ...(entries.length ? { managedFields: entries } : {}) };
  if (write.manager === 'kubectl') updateLastApplied(object, applied);
  return object;
}
