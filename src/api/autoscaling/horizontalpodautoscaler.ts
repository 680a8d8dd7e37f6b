// HorizontalPodAutoscaler in its versions v2 (stored) and v1 (registry/autoscaling/horizontalpodautoscaler).
import { invalid, path, required, type FieldError, type KubeObject } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerV1, MetricSpec, MetricStatus, MetricTarget } from '../types.ts';

const spec = path('spec');
const cpuDefault: MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } };

function setDefaults(object: HorizontalPodAutoscaler): void {
  const target = object.spec;
  if (!target) return;
  target.minReplicas ??= 1;
  if (!target.metrics?.length) target.metrics = [cpuDefault];
  for (const rules of [target.behavior?.scaleUp, target.behavior?.scaleDown]) if (rules) rules.selectPolicy ??= 'Max';
}

function validateTarget(target: MetricTarget | undefined, at: ReturnType<typeof path>): FieldError[] {
  if (!target) return [required(at)];
  const errors: FieldError[] = [];
  const { type, averageUtilization, averageValue, value } = target;
  if (!type) errors.push(required(at.child('type'), 'must specify a metric target type'));
  else if (!['Utilization', 'Value', 'AverageValue'].includes(type))
    errors.push(invalid(at.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalid(at.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  if (type === 'Utilization' && averageUtilization === undefined && averageValue === undefined && value === undefined)
    errors.push(required(at.child('averageUtilization'), 'must set either a target raw value or a target utilization'));
  return errors;
}

function validateMetric(metric: MetricSpec, at: ReturnType<typeof path>): FieldError[] {
  const kinds = ['object', 'pods', 'resource', 'containerResource', 'external'] as const;
  if (!metric.type) return [required(at.child('type'), 'must specify a metric source type')];
  const field = kinds.find((kind) => kind === metric.type.charAt(0).toLowerCase() + metric.type.slice(1));
  if (!field || !metric[field]) return [required(at.child(field ?? 'type'), 'must populate information for the given metric source')];
  const errors: FieldError[] = [];
  if (metric.resource) {
    if (!metric.resource.name) errors.push(required(at.child('resource', 'name'), 'must specify a resource name'));
    errors.push(...validateTarget(metric.resource.target, at.child('resource', 'target')));
  }
  return errors;
}

function validate(object: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas = 1, maxReplicas = 0, scaleTargetRef, metrics = [] } = object.spec ?? {};
  const errors: FieldError[] = [];
  if (minReplicas < 1) errors.push(invalid(spec.child('minReplicas'), minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalid(spec.child('maxReplicas'), maxReplicas, 'must be greater than 0'));
  if (maxReplicas < minReplicas)
    errors.push(invalid(spec.child('maxReplicas'), maxReplicas, 'must be greater than or equal to `minReplicas`'));
  if (!scaleTargetRef?.kind) errors.push(required(spec.child('scaleTargetRef', 'kind')));
  if (!scaleTargetRef?.name) errors.push(required(spec.child('scaleTargetRef', 'name')));
  return [...errors, ...metrics.flatMap((metric, at) => validateMetric(metric, spec.child('metrics').index(at)))];
}

const unknown = '<unknown>';

/** Current and wanted value of one metric: `cpu: 12%/80%`. */
function targetCell(metric: MetricSpec, status: MetricStatus | undefined): string {
  const { resource, containerResource, pods, object, external } = metric;
  const wanted = resource?.target ?? containerResource?.target ?? pods?.target ?? object?.target ?? external?.target;
  const now = (status?.resource ?? status?.containerResource ?? status?.pods ?? status?.object ?? status?.external)?.current;
  const name = resource?.name ?? containerResource?.name;
  const prefix = name === undefined ? '' : `${name}: `;
  if (wanted?.averageUtilization !== undefined)
    return `${prefix}${now?.averageUtilization === undefined ? unknown : `${now.averageUtilization}%`}/${wanted.averageUtilization}%`;
  if (wanted?.averageValue !== undefined)
    return `${prefix}${now?.averageValue ?? unknown}/${wanted.averageValue}${external || object ? ' (avg)' : ''}`;
  return `${prefix}${now?.value ?? unknown}/${wanted?.value ?? '<auto>'}`;
}

/** At most two metrics are shown, and how many more there are. */
const MOST_SHOWN = 2;
function targetsCell({ spec: wanted, status }: HorizontalPodAutoscaler): string {
  const metrics = wanted?.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const shown = metrics.slice(0, MOST_SHOWN).map((metric, at) => targetCell(metric, status?.currentMetrics?.[at]));
  return shown.join(', ') + (metrics.length > MOST_SHOWN ? ` + ${metrics.length - MOST_SHOWN} more...` : '');
}

const columns = [
  nameColumn<HorizontalPodAutoscaler>(),
  textColumn<HorizontalPodAutoscaler>(
    'Reference',
    'What it scales.',
    ({ spec: wanted }) => `${wanted?.scaleTargetRef.kind ?? ''}/${wanted?.scaleTargetRef.name ?? ''}`,
  ),
  textColumn<HorizontalPodAutoscaler>('Targets', 'Metrics: present and wanted value.', targetsCell),
  textColumn<HorizontalPodAutoscaler>('MinPods', 'Least pods.', ({ spec: wanted }) => String(wanted?.minReplicas ?? '<unset>')),
  textColumn<HorizontalPodAutoscaler>('MaxPods', 'Most pods.', ({ spec: wanted }) => wanted?.maxReplicas ?? 0),
  textColumn<HorizontalPodAutoscaler>('Replicas', 'Pods there are.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn<HorizontalPodAutoscaler>(),
];

/** The kind HorizontalPodAutoscaler of autoscaling/v2. */
export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  schema: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  storageVersionHash: 'qwQve8ut294=',
  cachedOnDemand: true,
  subresources: [statusSubresource<HorizontalPodAutoscaler>('HorizontalPodAutoscaler')],
  strategy: {
    setDefaults,
    prepareForCreate(object) {
      object.status = { desiredReplicas: 0, currentMetrics: null } as unknown as NonNullable<HorizontalPodAutoscaler['status']>;
    },
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: validate,
  },
  columns,
});

const isCpuUtilization = ({ resource }: MetricSpec): boolean =>
  resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;

/** v1 knows one metric, the use of the processor, in fields of its own. */
function fromV1(object: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler {
  const { targetCPUUtilizationPercentage: percentage, ...rest } = object.spec ?? { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } };
  const { currentCPUUtilizationPercentage: current, ...status } = object.status ?? { currentReplicas: 0, desiredReplicas: 0 };
  const metrics =
    percentage === undefined
      ? []
      : [{ ...cpuDefault, resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percentage } } }];
  const currentMetrics =
    current === undefined ? null : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
  return {
    ...(object as unknown as KubeObject),
    apiVersion: 'autoscaling/v2',
    spec: { ...rest, ...(metrics.length > 0 ? { metrics } : {}) },
    status: { ...status, currentMetrics },
  } as unknown as HorizontalPodAutoscaler;
}

/** v2 → v1; metrics that v1 has no field for are left out. */
function toV1(stored: KubeObject): HorizontalPodAutoscalerV1 {
  const { spec: wanted, status, ...rest } = stored as HorizontalPodAutoscaler;
  const { metrics = [], behavior: _behavior, ...kept } = wanted ?? { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } };
  const { currentMetrics, conditions: _conditions, ...told } = status ?? { desiredReplicas: 0 };
  const percentage = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization;
  const current = currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization;
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    spec: { ...kept, ...(percentage === undefined ? {} : { targetCPUUtilizationPercentage: percentage }) },
    status: { currentReplicas: 0, ...told, ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }) },
  } as unknown as HorizontalPodAutoscalerV1;
}

/** The kind HorizontalPodAutoscaler of autoscaling/v1. */
export const horizontalPodAutoscalerV1 = defineKind<HorizontalPodAutoscalerV1>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  schema: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  storageVersionHash: 'qwQve8ut294=',
  cachedOnDemand: true,
  subresources: [statusSubresource<HorizontalPodAutoscalerV1>('HorizontalPodAutoscaler')],
  strategy: {
    setDefaults(object) {
      if (!object.spec) return;
      object.spec.minReplicas ??= 1;
      object.spec.targetCPUUtilizationPercentage ??= 80;
    },
    prepareForCreate(object) {
      object.status = { currentReplicas: 0, desiredReplicas: 0 };
    },
    prepareForUpdate: keepOldStatus,
    validate: (object) => validate(fromV1(object)),
    validateUpdate: (object) => validate(fromV1(object)),
  },
  columns: columns.map((column) => ({ ...column, value: (object, nowMs) => column.value(fromV1(object), nowMs) })),
  storedForm: { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', toStored: fromV1, fromStored: toV1 },
});
