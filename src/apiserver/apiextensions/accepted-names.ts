/**
 * Which names a CustomResourceDefinition gets (apiextensions-apiserver's naming controller): each that no other definition of its group
 * has; a name once accepted is kept. Pure.
 */
import type { CustomResourceDefinition } from '#api';
import { findCondition, isConditionTrue, setCondition, quoteGo, type Condition } from '#apimachinery';

type Status = NonNullable<CustomResourceDefinition['status']>;
type Names = CustomResourceDefinition['spec']['names'];

interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenBy(others: readonly CustomResourceDefinition[]): Taken {
  const names = others.map(({ status }) => status?.acceptedNames).filter((each): each is Names => each !== undefined);
  const present = (texts: readonly (string | undefined)[]): Set<string> => new Set(texts.filter((text): text is string => Boolean(text)));
  return {
    resources: present(names.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames])),
    kinds: present(names.flatMap(({ kind, listKind }) => [kind, listKind])),
  };
}

const reasons = { plural: 'PluralConflict', singular: 'SingularConflict', kind: 'KindConflict', listKind: 'ListKindConflict' } as const;
const inUse = (name: string): string => `${quoteGo(name)} is already in use`;

/** The names accepted now, and the condition that says why not all of them are. */
function judge(wanted: Names, before: Partial<Names>, taken: Taken): { names: Names; condition: Condition } {
  const names: Names = { plural: '', kind: '', ...before };
  let problem: { reason: string; message: string } | undefined;
  for (const field of ['plural', 'singular'] as const) {
    const name = wanted[field] ?? '';
    if (name !== before[field] && taken.resources.has(name)) problem ??= { reason: reasons[field], message: inUse(name) };
    else names[field] = name;
  }
  const wantedShort = wanted.shortNames ?? [];
  const refused = wantedShort.filter((name) => !before.shortNames?.includes(name) && taken.resources.has(name));
  if (refused.length > 0) {
    const texts = refused.map(inUse);
    problem ??= { reason: 'ShortNamesConflict', message: texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]` };
  } else if (wantedShort.length > 0) names.shortNames = [...wantedShort];
  else delete names.shortNames;
  for (const field of ['kind', 'listKind'] as const) {
    const name = wanted[field] ?? '';
    if (name !== before[field] && taken.kinds.has(name)) problem ??= { reason: reasons[field], message: inUse(name) };
    else names[field] = name;
  }
  if (wanted.categories?.length) names.categories = [...wanted.categories];
  else delete names.categories;
  const verdict = problem ? { status: 'False', ...problem } : { status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  return { names, condition: { type: 'NamesAccepted', ...verdict } };
}

/** The status of a definition whose names have been judged against the others of its group. */
export function withAcceptedNames(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[], now: string): Status {
  const status: Partial<Status> = crd.status ?? {};
  const { names, condition } = judge(crd.spec.names, status.acceptedNames ?? {}, takenBy(others));
  const established = findCondition(status.conditions, 'Established') as Condition | undefined;
  let next: Condition = established ?? {
    type: 'Established',
    status: 'False',
    reason: 'NotAccepted',
    message: 'not all names are accepted',
  };
  if (next.status !== 'True' && condition.status === 'True')
    next = { type: 'Established', status: 'False', reason: 'Installing', message: 'the initial names have been accepted' };
  const conditions = setCondition(setCondition((status.conditions ?? []) as Condition[], condition, now), next, now);
  return { ...status, conditions, acceptedNames: names, storedVersions: status.storedVersions ?? [] } as Status;
}

/** The status of a definition that is served from now on; the given one unless its names are accepted and it is not served yet. */
export function withEstablished(status: Status, now: string): Status {
  const conditions = (status.conditions ?? []) as Condition[];
  if (!isConditionTrue(conditions, 'NamesAccepted') || isConditionTrue(conditions, 'Established')) return status;
  const established = {
    type: 'Established',
    status: 'True',
    reason: 'InitialNamesAccepted',
    message: 'the initial names have been accepted',
  };
  return { ...status, conditions: setCondition(conditions, established, now) as Status['conditions'] };
}
