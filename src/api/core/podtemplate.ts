// PodTemplate: a template of pods that stands by itself (registry/core/podtemplate).
import { path, selectorFromMap, type FieldError } from '#apimachinery';
import { validateTemplate } from '../apps/workload.ts';
import { defineKind } from '../define-kind.ts';
import { nameColumn, textColumn } from '../tables.ts';
import type { PodTemplate, PodTemplateSpec } from '../types.ts';
import { defaultPodSpec } from './pod-defaults.ts';

const validate = (object: PodTemplate): FieldError[] => validateTemplate((object.template ?? {}) as PodTemplateSpec, path('template'));
const containers = (object: PodTemplate) => object.template?.spec?.containers ?? [];

/** The kind PodTemplate. */
export const podTemplate = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  schema: 'io.k8s.api.core.v1.PodTemplate',
  storageVersionHash: 'LIXB2x4IFpk=',
  cachedOnDemand: true,
  strategy: {
    tracksGeneration: true,
    setDefaults(object) {
      if (object.template?.spec) defaultPodSpec(object.template.spec);
    },
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    textColumn('Containers', 'Names of the containers.', (object) =>
      containers(object)
        .map(({ name }) => name)
        .join(','),
    ),
    textColumn('Images', 'Images of the containers.', (object) =>
      containers(object)
        .map(({ image }) => image ?? '')
        .join(','),
    ),
    textColumn(
      'Pod Labels',
      'Labels the pods would have.',
      (object) => selectorFromMap(object.template?.metadata?.labels ?? {}).toString() || '<none>',
    ),
  ],
});
