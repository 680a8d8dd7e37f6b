// StatefulSet: pods with lasting names and claims, made one after the other (registry/apps/statefulset).
import { deepCopy, forbiddenField, invalid, notSupported, path, semanticEqual, type FieldError, type LabelSelector } from '#apimachinery';
import { defaultClaimSpec } from '../core/persistentvolumeclaim.ts';
import { defaultPodSpec } from '../core/pod-defaults.ts';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { StatefulSet } from '../types.ts';
import { scaleSubresource, validateNotNegative, validateSelectorAndTemplate, workloadColumns, type Workload } from './workload.ts';

const spec = path('spec');
/** What an update may change, in the words and order of the message. */
const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

function setDefaults(object: StatefulSet): void {
  const target = object.spec;
  if (!target) return;
  target.podManagementPolicy ||= 'OrderedReady';
  target.updateStrategy ??= {};
  target.updateStrategy.type ||= 'RollingUpdate';
  if (target.updateStrategy.type === 'RollingUpdate') {
    target.updateStrategy.rollingUpdate ??= {};
    target.updateStrategy.rollingUpdate.partition ??= 0;
  }
  target.persistentVolumeClaimRetentionPolicy ??= {};
  target.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  target.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  target.replicas ??= 1;
  target.revisionHistoryLimit ??= 10;
  if (target.template?.spec) defaultPodSpec(target.template.spec);
  for (const claim of target.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= 'v1';
    claim.kind ??= 'PersistentVolumeClaim';
    defaultClaimSpec(claim.spec);
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
  }
}

/** The template with the volumes its pods get of their claims: mounts may name those. */
function withClaims(object: StatefulSet): Workload {
  const { template, volumeClaimTemplates = [] } = object.spec ?? {};
  if (!template?.spec || volumeClaimTemplates.length === 0) return object as Workload;
  const names = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '');
  const volumes = [
    ...names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...(template.spec.volumes ?? []).filter(({ name }) => !names.includes(name)),
  ];
  return { ...object, spec: { ...object.spec, template: { ...template, spec: { ...template.spec, volumes } } } } as Workload;
}

function validate(object: StatefulSet): FieldError[] {
  const {
    podManagementPolicy,
    updateStrategy,
    replicas,
    minReadySeconds,
    ordinals,
    persistentVolumeClaimRetentionPolicy: retention,
  } = object.spec ?? {};
  const errors: FieldError[] = [];
  const oneOf = (value: string | undefined, at: ReturnType<typeof path>, known: readonly string[], text: string): void => {
    if (value === undefined || !known.includes(value)) errors.push(invalid(at, value ?? '', text));
  };
  oneOf(podManagementPolicy, spec.child('podManagementPolicy'), ['OrderedReady', 'Parallel'], "must be 'OrderedReady' or 'Parallel'");
  oneOf(updateStrategy?.type, spec.child('updateStrategy'), ['RollingUpdate', 'OnDelete'], "must be 'RollingUpdate' or 'OnDelete'");
  if (updateStrategy?.type === 'OnDelete' && updateStrategy.rollingUpdate)
    errors.push(
      invalid(
        spec.child('updateStrategy').child('rollingUpdate'),
        updateStrategy.rollingUpdate,
        "only allowed for updateStrategy 'RollingUpdate'",
      ),
    );
  errors.push(
    ...validateNotNegative(
      updateStrategy?.rollingUpdate?.partition,
      spec.child('updateStrategy').child('rollingUpdate').child('partition'),
    ),
  );
  for (const name of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[name];
    if (value !== 'Retain' && value !== 'Delete')
      errors.push(notSupported(spec.child('persistentVolumeClaimRetentionPolicy', name), value ?? '', ['Delete', 'Retain']));
  }
  errors.push(
    ...validateNotNegative(replicas, spec.child('replicas')),
    ...validateNotNegative(minReadySeconds, spec.child('minReadySeconds')),
    ...validateNotNegative(ordinals?.start, spec.child('ordinals', 'start')),
    ...validateSelectorAndTemplate(withClaims(object), 'statefulset'),
  );
  return errors;
}

function validateUpdate(object: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = validate(object);
  const allowed = deepCopy(object.spec ?? {}) as Record<string, unknown>;
  for (const field of mutable) {
    const value = old.spec?.[field];
    if (value === undefined) delete allowed[field];
    else allowed[field] = value;
  }
  if (!semanticEqual(allowed, old.spec ?? {})) {
    const names = mutable.map((name) => `'${name}'`);
    const listed = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
    errors.push(forbiddenField(spec, `updates to statefulset spec for fields other than ${listed} are forbidden`));
  }
  return errors;
}

/** The kind StatefulSet. */
export const statefulSet = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  schema: 'io.k8s.api.apps.v1.StatefulSet',
  storageVersionHash: 'H+vl74LkKdo=',
  cachedOnDemand: true,
  subresources: [scaleSubresource<StatefulSet & { spec?: { selector?: LabelSelector } }>(), statusSubresource<StatefulSet>('StatefulSet')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate(object) {
      object.status = { replicas: 0, availableReplicas: 0 };
    },
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate,
  },
  columns: [
    nameColumn(),
    textColumn('Ready', 'Ready pods, of those wanted.', (object) => `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`),
    ageColumn(),
    ...workloadColumns<StatefulSet & Workload>().filter(({ name }) => name !== 'Selector'),
  ],
});
