// ServiceAccount: the identity of pods (registry/core/serviceaccount).
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { ServiceAccount } from '../types.ts';

/** The kind ServiceAccount. */
export const serviceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  schema: 'io.k8s.api.core.v1.ServiceAccount',
  storageVersionHash: 'pbx9ZvyFpBE=',
  subresources: [{ name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] }],
  columns: [nameColumn(), textColumn('Secrets', 'Number of secrets it names.', (object) => object.secrets?.length ?? 0), ageColumn()],
});
