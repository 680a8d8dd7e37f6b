// Fills the parts of a kind's definition that follow from its name.
import type { KubeObject } from '#apimachinery';
import { allVerbs, type Kind } from './kind.ts';

/** What a kind's file must say; the rest follows from the kind's name or is empty. */
export type KindDefinition<T extends KubeObject> = Pick<Kind<T>, 'group' | 'version' | 'kind' | 'plural' | 'schema' | 'columns'> &
  Partial<Kind<T>>;

/** The whole definition: list kind, singular, verbs and storage prefix unless they are given. */
export function defineKind<T extends KubeObject>(definition: KindDefinition<T>): Kind<T> {
  return Object.freeze({
    listKind: `${definition.kind}List`,
    singular: definition.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    scope: 'Namespaced',
    storagePrefix: `/registry/${definition.plural}`,
    verbs: allVerbs,
    storageVersionHash: '',
    subresources: [],
    strategy: {},
    selectableFields: [],
    ...definition,
  });
}
