// ReplicationController: the older form of a ReplicaSet, with a plain map as selector (registry/core/replicationcontroller).
import { invalid, path, required, selectorFromMap, type FieldError, goValue, formatGoStringMap, notSupported } from '#apimachinery';
import { validateNotNegative, validateTemplate } from '../apps/workload.ts';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, readWriteVerbs, statusSubresource } from '../status-subresource.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '../tables.ts';
import type { PodTemplateSpec, ReplicationController } from '../types.ts';
import { defaultPodSpec } from './pod-defaults.ts';

const spec = path('spec');

function setDefaults(object: ReplicationController): void {
  const target = object.spec;
  if (!target) return;
  const labels = target.template?.metadata?.labels;
  if (labels && Object.keys(target.selector ?? {}).length === 0) target.selector = { ...labels };
  if (labels && Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels };
  target.replicas ??= 1;
  if (target.template?.spec) defaultPodSpec(target.template.spec);
}

function validate(object: ReplicationController): FieldError[] {
  const { replicas, minReadySeconds, selector = {}, template } = object.spec ?? {};
  const errors = [...validateNotNegative(minReadySeconds, spec.child('minReadySeconds'))];
  if (Object.keys(selector).length === 0) errors.push(required(spec.child('selector')));
  errors.push(...validateNotNegative(replicas, spec.child('replicas')));
  if (!template) return [...errors, required(spec.child('template'))];
  const labels = template.metadata?.labels ?? {};
  if (Object.keys(selector).length > 0 && !selectorFromMap(selector).matches(labels))
    errors.push(
      invalid(
        spec.child('template', 'metadata', 'labels'),
        goValue(formatGoStringMap(labels)),
        '`selector` does not match template `labels`',
      ),
    );
  errors.push(...validateTemplate(template as PodTemplateSpec, spec.child('template')));
  const policy = template.spec?.restartPolicy;
  if (policy && policy !== 'Always') errors.push(notSupported(spec.child('template', 'spec', 'restartPolicy'), policy, ['Always']));
  return errors;
}

const containers = (object: ReplicationController) => object.spec?.template?.spec?.containers ?? [];

/** The kind ReplicationController. */
export const replicationController = defineKind<ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  schema: 'io.k8s.api.core.v1.ReplicationController',
  storagePrefix: '/registry/controllers',
  storageVersionHash: 'Jond2If31h0=',
  cachedOnDemand: true,
  subresources: [
    {
      name: 'scale',
      kind: 'Scale',
      group: 'autoscaling',
      version: 'v1',
      verbs: readWriteVerbs,
      scale: {
        specReplicas: (object) => object.spec?.replicas ?? 1,
        setSpecReplicas(object, replicas) {
          object.spec = { ...object.spec, replicas };
        },
        statusReplicas: (object) => object.status?.replicas ?? 0,
        selector: (object) => selectorFromMap(object.spec?.selector ?? {}).toString(),
      },
    },
    statusSubresource<ReplicationController>('ReplicationController'),
  ],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate(object) {
      object.status = { replicas: 0 };
    },
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    integerColumn('Desired', 'Pods wanted.', (object) => object.spec?.replicas ?? 0),
    integerColumn('Current', 'Pods there are.', (object) => object.status?.replicas ?? 0),
    integerColumn('Ready', 'Pods that are ready.', (object) => object.status?.readyReplicas ?? 0),
    ageColumn(),
    textColumn(
      'Containers',
      'Names of the containers.',
      (object) =>
        containers(object)
          .map(({ name }) => name)
          .join(','),
      1,
    ),
    textColumn(
      'Images',
      'Images of the containers.',
      (object) =>
        containers(object)
          .map(({ image }) => image ?? '')
          .join(','),
      1,
    ),
    textColumn('Selector', 'Labels of its pods.', (object) => selectorFromMap(object.spec?.selector ?? {}).toString(), 1),
  ],
  selectableFields: [{ name: 'status.replicas', value: (object) => String(object.status?.replicas ?? 0) }],
});
