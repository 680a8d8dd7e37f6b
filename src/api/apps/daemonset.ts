// DaemonSet: one pod on each node that fits (registry/apps/daemonset).
import { forbiddenField, invalid, notSupported, path, required, selectorFromMap, semanticEqual, type FieldError } from '#apimachinery';
import { defaultPodSpec } from '../core/pod-defaults.ts';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '../tables.ts';
import type { DaemonSet } from '../types.ts';
import { validateCountOrPercent } from './deployment.ts';
import { validateNotNegative, validateSelectorAndTemplate, validateSelectorUnchanged, workloadColumns, type Workload } from './workload.ts';

const spec = path('spec');

/** What spec.templateGeneration of older versions has become: counts the templates. */
const templateGeneration = 'deprecated.daemonset.template.generation';
function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  if (generation > 0) metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(generation) };
}

function setDefaults(object: DaemonSet): void {
  if (!object.spec) return;
  const strategy = (object.spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= 1;
    strategy.rollingUpdate.maxSurge ??= 0;
  }
  object.spec.revisionHistoryLimit ??= 10;
  if (object.spec.template?.spec) defaultPodSpec(object.spec.template.spec);
}

function validateStrategy(object: DaemonSet): FieldError[] {
  const at = spec.child('updateStrategy');
  const { type, rollingUpdate } = object.spec?.updateStrategy ?? {};
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(at.child('type'), type ?? '', ['OnDelete', 'RollingUpdate'])];
  if (!rollingUpdate) return [required(at.child('rollingUpdate'))];
  const field = at.child('rollingUpdate');
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const errors = [
    ...validateCountOrPercent(maxUnavailable, field.child('maxUnavailable'), true),
    ...validateCountOrPercent(maxSurge, field.child('maxSurge'), true),
  ];
  const isZero = (value: number | string): boolean => value === 0 || value === '0%';
  if (isZero(maxUnavailable) && isZero(maxSurge)) errors.push(required(field.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  if (!isZero(maxUnavailable) && !isZero(maxSurge))
    errors.push(invalid(field.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  return errors;
}

function validate(object: DaemonSet): FieldError[] {
  const errors = [...validateSelectorAndTemplate(object as Workload, 'daemonset'), ...validateStrategy(object)];
  errors.push(...validateNotNegative(object.spec?.minReadySeconds, spec.child('minReadySeconds')));
  if (object.spec?.template?.spec?.ephemeralContainers?.length)
    errors.push(forbiddenField(spec.child('template', 'spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
  return errors;
}

const status = (object: DaemonSet) =>
  object.status ?? { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };

/** The kind DaemonSet. */
export const daemonSet = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  schema: 'io.k8s.api.apps.v1.DaemonSet',
  storageVersionHash: 'dd7pWHUlMKQ=',
  subresources: [statusSubresource<DaemonSet>('DaemonSet')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate(object) {
      object.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
      setTemplateGeneration(object, 1);
    },
    prepareForUpdate(object, old) {
      keepOldStatus(object, old);
      const generation = Number(old.metadata.annotations?.[templateGeneration] ?? 0);
      setTemplateGeneration(object, generation + (semanticEqual(object.spec?.template, old.spec?.template) ? 0 : 1));
    },
    validate,
    validateUpdate: (object, old) => [...validate(object), ...validateSelectorUnchanged(object as Workload, old as Workload)],
  },
  columns: [
    nameColumn(),
    integerColumn('Desired', 'Nodes that should run a pod.', (object) => status(object).desiredNumberScheduled),
    integerColumn('Current', 'Nodes that run one.', (object) => status(object).currentNumberScheduled),
    integerColumn('Ready', 'Nodes whose pod is ready.', (object) => status(object).numberReady),
    integerColumn('Up-to-date', 'Nodes whose pod has the current template.', (object) => status(object).updatedNumberScheduled ?? 0),
    integerColumn('Available', 'Nodes whose pod is ready long enough.', (object) => status(object).numberAvailable ?? 0),
    textColumn(
      'Node Selector',
      'Labels of the nodes.',
      (object) => selectorFromMap(object.spec?.template?.spec?.nodeSelector ?? {}).toString() || '<none>',
    ),
    ageColumn(),
    ...workloadColumns<DaemonSet & Workload>(),
  ],
});
