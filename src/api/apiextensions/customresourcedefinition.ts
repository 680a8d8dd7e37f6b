// CustomResourceDefinition: a kind made by users (apiextensions-apiserver registry/customresourcedefinition).
import { formatTime, setCondition, type KubeObject } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { nameColumn } from '../tables.ts';
import type { CustomResourceDefinition } from '../types.ts';
import { validateDefinition, validateDefinitionUpdate } from './definition-validation.ts';

/** Holds a definition back until its objects are gone. */
export const customResourceCleanup = 'customresourcecleanup.apiextensions.k8s.io';

function setDefaults({ spec: wanted }: CustomResourceDefinition): void {
  if (!wanted) return;
  wanted.conversion ??= { strategy: 'None' };
  wanted.names.singular ||= (wanted.names.kind ?? '').toLowerCase();
  if (wanted.names.kind) wanted.names.listKind ||= `${wanted.names.kind}List`;
}

const storageVersionOf = ({ spec }: CustomResourceDefinition): string | undefined => spec.versions?.find(({ storage }) => storage)?.name;

function prepareForCreate(object: CustomResourceDefinition): void {
  const storage = storageVersionOf(object);
  // Nobody has looked at it yet: an empty list of conditions is written as null.
  const conditions = null as unknown as [];
  object.status = { conditions, acceptedNames: { plural: '', kind: '' }, storedVersions: storage ? [storage] : [] };
}

function prepareForUpdate(object: CustomResourceDefinition, old: CustomResourceDefinition): void {
  keepOldStatus<KubeObject>(object, old);
  const storage = storageVersionOf(object);
  const stored = object.status?.storedVersions ?? [];
  if (object.status && storage && !stored.includes(storage)) object.status.storedVersions = [...stored, storage];
}

function prepareForDelete(object: CustomResourceDefinition, nowMs: number): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(customResourceCleanup)) object.metadata.finalizers = [...finalizers, customResourceCleanup];
  const terminating = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will be initiated soon',
  };
  object.status = { ...object.status, conditions: setCondition(object.status?.conditions, terminating, formatTime(nowMs)) };
}

const hasRules = (schema: unknown): boolean => JSON.stringify(schema ?? null).includes('"x-kubernetes-validations"');

function warningsOf({ spec: { versions = [], conversion } }: CustomResourceDefinition): string[] {
  const texts = versions.flatMap(({ schema }, index) =>
    hasRules(schema) ? [`spec.versions[${index}].schema: this lab does not evaluate x-kubernetes-validations`] : [],
  );
  if (conversion?.strategy === 'Webhook') texts.push('spec.conversion: this lab calls no conversion webhooks');
  return texts;
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
  storageVersionHash: 'jfWCUB31mvA=',
  subresources: [statusSubresource<CustomResourceDefinition>('CustomResourceDefinition')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate,
    prepareForUpdate,
    prepareForDelete,
    validate: validateDefinition,
    validateUpdate: validateDefinitionUpdate,
    warnings: warningsOf,
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
