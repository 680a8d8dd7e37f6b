// APIService: who serves a group and version of the API (kube-aggregator registry/apiservice).
import { invalid, path, required, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { APIService } from '../types.ts';

function validate(object: APIService): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, service } = object.spec ?? {};
  const wanted = `${version}.${group}`;
  const errors: FieldError[] = [];
  if (object.metadata.name !== wanted)
    errors.push(invalid(path('metadata', 'name'), object.metadata.name, 'must be `spec.version+"."+spec.group`'.replaceAll('`', '')));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000)
    errors.push(invalid(path('spec', 'groupPriorityMinimum'), groupPriorityMinimum, 'must be positive and less than 20000'));
  if (versionPriority <= 0 || versionPriority > 1_000)
    errors.push(invalid(path('spec', 'versionPriority'), versionPriority, 'must be positive and less than 1000'));
  if (service && !service.name) errors.push(required(path('spec', 'service', 'name')));
  if (service && !service.namespace) errors.push(required(path('spec', 'service', 'namespace')));
  return errors;
}

/** The kind APIService. */
export const apiService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  scope: 'Cluster',
  schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  storagePrefix: '/registry/apiregistration.k8s.io/apiservices',
  storageVersionHash: 'InPBPD7+PqM=',
  cachedOnDemand: true,
  subresources: [statusSubresource<APIService>('APIService')],
  strategy: {
    setDefaults({ spec }) {
      if (spec?.service) spec.service.port ??= 443;
    },
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validateName: (name) => (name.includes('/') || name === '' ? ['may not contain "/"'] : []),
    validate,
    validateUpdate: validate,
  },
  columns: [
    nameColumn(),
    textColumn('Service', 'Who serves it.', ({ spec }) =>
      spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local',
    ),
    textColumn('Available', 'Whether it answers.', ({ status }) => {
      const condition = status?.conditions?.find(({ type }) => type === 'Available');
      if (!condition) return 'Unknown';
      return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`;
    }),
    ageColumn(),
  ],
});
