// Sets of field paths (structured-merge-diff fieldpath.Set) and their FieldsV1 form:
// f:NAME a field, k:{…} a list element by its keys, v:VALUE an element of a set, i:N by position, "." the place itself.

/** A tree of path elements in encoded form; `isMember` says that the path up to here is in the set. */
export interface FieldSet {
  isMember: boolean;
  /** By encoded element: "f:spec", 'k:{"name":"c"}', 'v:"a"'. */
  children: Map<string, FieldSet>;
}

/** A set with nothing in it. */
export function emptySet(): FieldSet {
  return { isMember: false, children: new Map() };
}

/** Whether nothing is in a set. */
export function isEmptySet(set: FieldSet): boolean {
  return !set.isMember && [...set.children.values()].every(isEmptySet);
}

/** Adds a path, in place. */
export function insertPath(set: FieldSet, elements: readonly string[]): void {
  let at = set;
  for (const element of elements) {
    let next = at.children.get(element);
    if (!next) {
      next = emptySet();
      at.children.set(element, next);
    }
    at = next;
  }
  at.isMember = true;
}

/** Whether a path is in a set. */
export function hasPath(set: FieldSet, elements: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of elements) at = at?.children.get(element);
  return at?.isMember ?? false;
}

/** What is in a or in b. */
export function unionOf(a: FieldSet, b: FieldSet): FieldSet {
  const result: FieldSet = { isMember: a.isMember || b.isMember, children: new Map(a.children) };
  for (const [element, child] of b.children) {
    const mine = a.children.get(element);
    result.children.set(element, mine ? unionOf(mine, child) : child);
  }
  return result;
}

/** What is in a and not in b. */
export function differenceOf(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, b, (mine, theirs) => mine && !theirs);
}

/** What is in a and in b. */
export function intersectionOf(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, b, (mine, theirs) => mine && theirs);
}

/** What is in a and neither in b nor below a path of b. */
export function recursiveDifferenceOf(a: FieldSet, b: FieldSet): FieldSet {
  if (b.isMember) return emptySet();
  const result: FieldSet = { isMember: a.isMember, children: new Map() };
  for (const [element, child] of a.children) {
    const theirs = b.children.get(element);
    const left = theirs ? recursiveDifferenceOf(child, theirs) : child;
    if (!isEmptySet(left)) result.children.set(element, left);
  }
  return result;
}

function combined(a: FieldSet, b: FieldSet, keep: (mine: boolean, theirs: boolean) => boolean): FieldSet {
  const result: FieldSet = { isMember: keep(a.isMember, b.isMember), children: new Map() };
  for (const [element, child] of a.children) {
    const left = combined(child, b.children.get(element) ?? emptySet(), keep);
    if (!isEmptySet(left)) result.children.set(element, left);
  }
  return result;
}

/** Whether two sets hold the same paths. */
export function equalSets(a: FieldSet, b: FieldSet): boolean {
  return isEmptySet(differenceOf(a, b)) && isEmptySet(differenceOf(b, a));
}

/** The paths of a set, each as its elements. */
export function pathsOf(set: FieldSet, prefix: readonly string[] = []): string[][] {
  const paths: string[][] = set.isMember ? [[...prefix]] : [];
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element);
    if (child) paths.push(...pathsOf(child, [...prefix, element]));
  }
  return paths;
}

/** A path as messages print it: .spec.containers[name="c"].image. */
export function formatPath(elements: readonly string[]): string {
  return elements.map(formatElement).join('');
}

function formatElement(element: string): string {
  const kind = element.slice(0, 2);
  const rest = element.slice(2);
  if (kind === 'f:') return `.${rest}`;
  if (kind === 'i:') return `[${rest}]`;
  if (kind === 'v:') return `[=${rest}]`;
  const keys = JSON.parse(rest) as Record<string, unknown>;
  return `[${Object.entries(keys)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
}

type Encoded = { [element: string]: Encoded };

/** The FieldsV1 form, keys sorted. */
export function encodeFieldsV1(set: FieldSet): object {
  const encoded: Encoded = {};
  if (set.isMember) encoded['.'] = {};
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element);
    if (!child || isEmptySet(child)) continue;
    encoded[element] = child.isMember && [...child.children.values()].every(isEmptySet) ? {} : (encodeFieldsV1(child) as Encoded);
  }
  return encoded;
}

/** Reads a FieldsV1 form; a path with nothing below it is a member. */
export function decodeFieldsV1(encoded: object | undefined | null): FieldSet {
  const set = decodeNode((encoded ?? {}) as Encoded);
  if (!Object.keys(encoded ?? {}).length) set.isMember = false;
  return set;
}

function decodeNode(encoded: Encoded): FieldSet {
  const entries = Object.entries(encoded);
  const set: FieldSet = { isMember: entries.length === 0 || '.' in encoded, children: new Map() };
  for (const [element, child] of entries) if (element !== '.') set.children.set(element, decodeNode(child));
  return set;
}
