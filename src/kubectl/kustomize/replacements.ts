/** replacements: a value of one resource copied into fields of others. */
import { deepCopy } from '#apimachinery';
import type { Process } from '#host';
import { parseDocuments } from '../documents.ts';
import { CommandError } from '../errors.ts';
import { readRootText } from './files.ts';
import type { Kustomization, Replacement, ReplacementOptions, ReplacementTarget, Selector } from './kustomization.ts';
import { identitiesOf, isObject, type Resource } from './resource.ts';
import { isSelected } from './selection.ts';

/** `spec.template.spec.containers.[name=web].image` in parts; `\.` is a dot in a name, brackets hold anything. */
function partsOfDotted(path: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (let at = 0; at < path.length; at++) {
    const char = path[at]!;
    if (char === '\\' && path[at + 1] === '.') {
      part += path[++at]!;
      continue;
    }
    if (char === '[') depth++;
    if (char === ']') depth--;
    if (char === '.' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part].filter((one) => one !== '');
}

type Place = { readonly get: () => unknown; readonly set: (value: unknown) => void };

/** The items of a list that a part means: `[name=web]`, `0`, `*`, `-` (one more). */
function itemsMeant(list: unknown[], part: string): number[] {
  const all = list.map((_, at) => at);
  if (part === '*') return all;
  if (part === '-') return [list.length];
  const match = /^\[([^=]*)=(.*)\]$/.exec(part);
  if (match) {
    const [, key = '', value = ''] = match;
    return all.filter((at) => String(key === '' ? list[at] : isObject(list[at]) ? list[at][key] : undefined) === value);
  }
  return /^\d+$/.test(part) && Number(part) < list.length ? [Number(part)] : [];
}

/** Every place a path leads to. */
function placesOf(holder: Place, parts: readonly string[], create: boolean): Place[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [holder];
  let value = holder.get();
  if ((value === undefined || value === null) && create) {
    value = {};
    holder.set(value);
  }
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    return itemsMeant(list, part).flatMap((at) => placesOf({ get: () => list[at], set: (next) => void (list[at] = next) }, rest, create));
  }
  if (!isObject(value)) return [];
  const record = value;
  if (part === '*')
    return Object.keys(record).flatMap((key) =>
      placesOf({ get: () => record[key], set: (next) => void (record[key] = next) }, rest, create),
    );
  if (!(part in record) && !create) return [];
  return placesOf({ get: () => record[part], set: (next) => void (record[part] = next) }, rest, create);
}

const rootOf = ({ object }: Resource): Place => ({ get: () => object, set: () => undefined });

function partial(options: ReplacementOptions | undefined, text: string): string {
  if (!options?.delimiter) return text;
  const parts = text.split(options.delimiter);
  const index = options.index ?? 0;
  if (index < 0 || index >= parts.length) throw new CommandError(`options.index ${index} is out of bounds for value ${text}`);
  return parts[index]!;
}

function withPart(options: ReplacementOptions | undefined, old: unknown, value: unknown): unknown {
  if (!options?.delimiter) return deepCopy(value);
  const parts = String(old ?? '').split(options.delimiter);
  const index = options.index ?? 0;
  if (index < 0) parts.unshift(String(value));
  else if (index >= parts.length) parts.push(String(value));
  else parts[index] = String(value);
  return parts.join(options.delimiter);
}

function sourceValue(resources: readonly Resource[], source: NonNullable<Replacement['source']>): unknown {
  const { fieldPath = 'metadata.name', options, ...selector } = source;
  const exact = (resource: Resource): boolean =>
    identitiesOf(resource).some(
      (one) => (!selector.name || one.name === selector.name) && (!selector.namespace || one.namespace === selector.namespace),
    );
  const found = resources.filter((one) => isSelected(one, { ...selector, name: '', namespace: '' } as Selector) && exact(one));
  const told = `${selector.kind ?? '[noKind]'}.${selector.version ?? '[noVer]'}.${selector.group ?? '[noGrp]'}/${selector.name ?? '[noName]'}.${selector.namespace ?? '[noNs]'}`;
  if (found.length === 0) throw new CommandError(`nothing selected by ${told}`);
  if (found.length > 1) throw new CommandError(`multiple matches for selector ${told}`);
  const [place] = placesOf(rootOf(found[0]!), partsOfDotted(fieldPath), false);
  const value = place?.get();
  if (value === undefined || value === null) throw new CommandError(`fieldPath \`${fieldPath}\` is missing for replacement source ${told}`);
  return options?.delimiter ? partial(options, String(value)) : value;
}

function replaceIn(resource: Resource, target: ReplacementTarget, value: unknown): void {
  for (const path of target.fieldPaths ?? ['metadata.name']) {
    const places = placesOf(rootOf(resource), partsOfDotted(path), target.options?.create ?? false);
    if (places.length === 0) throw new CommandError(`unable to find field "${path}" in replacement target`);
    for (const place of places) {
      const old = place.get();
      const next = withPart(target.options, old, value);
      // A field that was text stays text.
      place.set(typeof old === 'string' && typeof next !== 'object' ? String(next) : next);
    }
  }
}

function replace(resources: readonly Resource[], { source, targets }: Replacement): void {
  if (!source || !targets) throw new CommandError('replacements must specify a source and at least one target');
  const value = sourceValue(resources, source);
  for (const target of targets) {
    const { select } = target;
    if (!select) throw new CommandError('target must specify resources to select');
    for (const resource of resources) {
      if (!isSelected(resource, select)) continue;
      if (target.reject?.some((one) => Object.keys(one).length > 0 && isSelected(resource, one))) continue;
      replaceIn(resource, target, value);
    }
  }
}

/** Runs the replacements of a kustomization. Throws CommandError in kustomize's words. */
export function runReplacements(
  process: Process,
  root: string,
  { replacements = [] }: Kustomization,
  resources: readonly Resource[],
): void {
  for (const entry of replacements) {
    const all = entry.path === undefined ? [entry] : parseDocuments(readRootText(process, root, entry.path), entry.path).flat();
    for (const one of all) replace(resources, one as Replacement);
  }
}
