/** The kinds nobody stores: questions to the server about users and rights (authentication.k8s.io, authorization.k8s.io). */
import { kindByResource, kinds, type Kind, type Scope } from '#api';

/** A kind that is only said, never stored. */
export function question(group: string, kind: string, scope: Scope): Kind {
  const singular = kind.toLowerCase();
  const schemaGroup = group === '' ? 'core' : (group.split('.')[0] ?? group);
  return {
    group,
    version: 'v1',
    kind,
    listKind: `${kind}List`,
    plural: `${singular}s`,
    singular,
    shortNames: [],
    categories: [],
    scope,
    schema: `io.k8s.api.${schemaGroup}.v1.${kind}`,
    storagePrefix: '',
    verbs: ['create'],
    storageVersionHash: '',
    subresources: [],
    strategy: {},
    columns: [],
    selectableFields: [],
  };
}

/** Every kind that is only said. */
export const reviewKinds: readonly Kind[] = Object.freeze([
  question('', 'Binding', 'Namespaced'),
  question('authentication.k8s.io', 'SelfSubjectReview', 'Cluster'),
  question('authentication.k8s.io', 'TokenReview', 'Cluster'),
  question('authorization.k8s.io', 'LocalSubjectAccessReview', 'Namespaced'),
  question('authorization.k8s.io', 'SelfSubjectAccessReview', 'Cluster'),
  question('authorization.k8s.io', 'SelfSubjectRulesReview', 'Cluster'),
  question('authorization.k8s.io', 'SubjectAccessReview', 'Cluster'),
]);

/** Every built-in kind with REST paths, stored or asked. */
export const builtInKinds: readonly Kind[] = Object.freeze([
  ...kinds,
  ...reviewKinds.filter((kind) => !kindByResource(kind.group, kind.version, kind.plural)),
]);
