// PriorityLevelConfiguration: how many requests of a level are served at a time (registry/flowcontrol/prioritylevelconfiguration).
import { forbiddenField, notSupported, path, required, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { PriorityLevelConfiguration } from '../types.ts';

const spec = path('spec');

function setDefaults({ spec: wanted }: PriorityLevelConfiguration): void {
  if (!wanted) return;
  if (wanted.exempt) {
    wanted.exempt.nominalConcurrencyShares ??= 0;
    wanted.exempt.lendablePercent ??= 0;
  }
  if (!wanted.limited) return;
  wanted.limited.nominalConcurrencyShares ??= 30;
  wanted.limited.lendablePercent ??= 0;
  const queuing = wanted.limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.queues ??= 64;
  queuing.handSize ??= 8;
  queuing.queueLengthLimit ??= 50;
}

function validate({ spec: wanted }: PriorityLevelConfiguration): FieldError[] {
  const type = wanted?.type ?? '';
  if (type === 'Exempt') return wanted?.limited ? [forbiddenField(spec.child('limited'), 'must be nil if the type is not Limited')] : [];
  if (type !== 'Limited') return [notSupported(spec.child('type'), type, ['Exempt', 'Limited'])];
  return wanted?.limited ? [] : [required(spec.child('limited'), 'must not be empty when type is Limited')];
}

const queuing = ({ spec: wanted }: PriorityLevelConfiguration) => wanted?.limited?.limitResponse?.queuing;

/** The kind PriorityLevelConfiguration. */
export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  scope: 'Cluster',
  schema: 'io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration',
  storageVersionHash: 'Kir5PVfvNeI=',
  cachedOnDemand: true,
  subresources: [statusSubresource<PriorityLevelConfiguration>('PriorityLevelConfiguration')],
  strategy: {
    tracksGeneration: true,
    setDefaults,
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    textColumn('Type', 'Exempt or Limited.', ({ spec: wanted }) => wanted?.type ?? ''),
    textColumn(
      'NominalConcurrencyShares',
      'Its share of the requests served at a time.',
      ({ spec: wanted }) => wanted?.limited?.nominalConcurrencyShares ?? '<none>',
    ),
    textColumn('Queues', 'How many queues it has.', (object) => queuing(object)?.queues ?? '<none>'),
    textColumn('HandSize', 'Queues a flow is dealt.', (object) => queuing(object)?.handSize ?? '<none>'),
    textColumn('QueueLengthLimit', 'Requests that may wait in a queue.', (object) => queuing(object)?.queueLengthLimit ?? '<none>'),
    ageColumn(),
  ],
});
