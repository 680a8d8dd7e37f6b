// CustomResourceDefinition: a kind made by users (apiextensions-apiserver registry/customresourcedefinition). Stored and checked; its objects are not served yet.
import {
  forbiddenField,
  invalid,
  isDns1035Label,
  isDns1123Subdomain,
  notSupported,
  path,
  required,
  immutableFieldMessage,
  type FieldError,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { nameColumn } from '../tables.ts';
import type { CustomResourceDefinition } from '../types.ts';

const spec = path('spec');
const scopes = ['Cluster', 'Namespaced'];

function setDefaults({ spec: wanted }: CustomResourceDefinition): void {
  if (!wanted) return;
  wanted.conversion ??= { strategy: 'None' };
  wanted.names.singular ||= wanted.names.kind.toLowerCase();
  wanted.names.listKind ||= `${wanted.names.kind}List`;
}

function validate({ metadata, spec: { group, names, scope, versions = [] } }: CustomResourceDefinition): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name !== `${names.plural}.${group}`)
    errors.push(invalid(path('metadata', 'name'), metadata.name, 'must be spec.names.plural+"."+spec.group'));
  if (!group) errors.push(required(spec.child('group')));
  else {
    errors.push(...isDns1123Subdomain(group).map((message) => invalid(spec.child('group'), group, message)));
    if (!group.includes('.')) errors.push(invalid(spec.child('group'), group, 'should be a domain with at least one dot'));
  }
  if (!scopes.includes(scope)) errors.push(notSupported(spec.child('scope'), scope, scopes));
  const stored = versions.filter(({ storage }) => storage);
  if (stored.length !== 1)
    errors.push(invalid(spec.child('versions'), versions, 'must have exactly one version marked as storage version'));
  versions.forEach(({ name, schema }, index) => {
    const at = spec.child('versions').index(index);
    errors.push(...isDns1035Label(name).map((message) => invalid(at.child('name'), name, message)));
    if (!schema?.openAPIV3Schema) errors.push(required(at.child('schema', 'openAPIV3Schema'), 'schemas are required'));
    else if (schema.openAPIV3Schema.type !== 'object')
      errors.push(
        schema.openAPIV3Schema.type
          ? invalid(at.child('schema', 'openAPIV3Schema', 'type'), schema.openAPIV3Schema.type, 'must be object at the root')
          : required(at.child('schema', 'openAPIV3Schema', 'type'), 'must not be empty at the root'),
      );
  });
  for (const field of ['plural', 'singular'] as const)
    errors.push(...isDns1035Label(names[field] ?? '').map((message) => invalid(spec.child('names', field), names[field] ?? '', message)));
  if (!names.kind) errors.push(required(spec.child('names', 'kind')));
  else errors.push(...isDns1035Label(names.kind.toLowerCase()).map((message) => invalid(spec.child('names', 'kind'), names.kind, message)));
  if (names.kind && names.kind === names.listKind)
    errors.push(invalid(spec.child('names', 'listKind'), names.listKind, 'kind and listKind may not be the same'));
  if (group.endsWith('.k8s.io') && !metadata.annotations?.['api-approved.kubernetes.io'])
    errors.push(
      forbiddenField(
        path('metadata', 'annotations').key('api-approved.kubernetes.io'),
        'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    );
  return errors;
}

/** The kind CustomResourceDefinition. */
export const customResourceDefinition = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  storagePrefix: '/registry/apiextensions.k8s.io/customresourcedefinitions',
  storageVersionHash: 'M5uH+AlWATY=',
  cachedOnDemand: true,
  subresources: [statusSubresource<CustomResourceDefinition>('CustomResourceDefinition')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate(object, old) {
      const errors = validate(object);
      if (object.spec.scope !== old.spec.scope) errors.push(invalid(spec.child('scope'), object.spec.scope, immutableFieldMessage));
      if (object.spec.group !== old.spec.group) errors.push(invalid(spec.child('group'), object.spec.group, immutableFieldMessage));
      return errors;
    },
    warnings: () => ['this lab stores custom resource definitions and does not serve custom resources yet'],
  },
  columns: [
    nameColumn(),
    {
      name: 'Created At',
      type: 'date',
      format: '',
      description: 'When the object was created.',
      priority: 0,
      value: (object) => object.metadata.creationTimestamp ?? '',
    },
  ],
});
