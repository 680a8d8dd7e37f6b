// FlowSchema: which requests belong to which priority level (registry/flowcontrol/flowschema).
import { invalid, isConditionTrue, notSupported, path, required, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { FlowSchema } from '../types.ts';

const spec = path('spec');
const MOST_PRECEDENCE = 10_000;
const DEFAULT_PRECEDENCE = 1_000;

function validate({ spec: wanted }: FlowSchema): FieldError[] {
  const {
    matchingPrecedence = DEFAULT_PRECEDENCE,
    distinguisherMethod,
    priorityLevelConfiguration,
  } = wanted ?? { priorityLevelConfiguration: { name: '' } };
  const errors: FieldError[] = [];
  if (matchingPrecedence <= 0) errors.push(invalid(spec.child('matchingPrecedence'), matchingPrecedence, 'must be a positive value'));
  if (matchingPrecedence > MOST_PRECEDENCE)
    errors.push(invalid(spec.child('matchingPrecedence'), matchingPrecedence, `must not be greater than ${MOST_PRECEDENCE}`));
  const type = distinguisherMethod?.type;
  if (distinguisherMethod && !['ByNamespace', 'ByUser'].includes(type ?? ''))
    errors.push(notSupported(spec.child('distinguisherMethod'), type ?? '', ['ByNamespace', 'ByUser']));
  if (!priorityLevelConfiguration.name)
    errors.push(required(spec.child('priorityLevelConfiguration').child('name'), 'must reference a priority level'));
  return errors;
}

/** The kind FlowSchema. */
export const flowSchema = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  scope: 'Cluster',
  schema: 'io.k8s.api.flowcontrol.v1.FlowSchema',
  storageVersionHash: 'GJVAJZSZBIw=',
  cachedOnDemand: true,
  subresources: [statusSubresource<FlowSchema>('FlowSchema')],
  strategy: {
    tracksGeneration: true,
    setDefaults({ spec: wanted }) {
      if (wanted) wanted.matchingPrecedence ??= DEFAULT_PRECEDENCE;
    },
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    textColumn('PriorityLevel', 'The level of its requests.', ({ spec: wanted }) => wanted?.priorityLevelConfiguration.name ?? ''),
    textColumn('MatchingPrecedence', 'Lower is asked first.', ({ spec: wanted }) => wanted?.matchingPrecedence ?? DEFAULT_PRECEDENCE),
    textColumn(
      'DistinguisherMethod',
      'What tells one flow from another.',
      ({ spec: wanted }) => wanted?.distinguisherMethod?.type ?? '<none>',
    ),
    ageColumn(),
    textColumn('MissingPL', 'Whether its level does not exist.', ({ status }) => {
      const dangling = status?.conditions?.find(({ type }) => type === 'Dangling');
      if (!dangling) return '?';
      return isConditionTrue(status?.conditions as Parameters<typeof isConditionTrue>[0], 'Dangling') ? 'True' : 'False';
    }),
  ],
});
