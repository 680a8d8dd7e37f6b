// Lease: a small lock with a holder and a renewal time (registry/coordination/lease).
import { invalid, path, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Lease } from '../types.ts';

function validateLease(object: Lease): FieldError[] {
  const errors: FieldError[] = [];
  const { leaseDurationSeconds, leaseTransitions } = object.spec ?? {};
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0)
    errors.push(invalid(path('spec', 'leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0'));
  if (leaseTransitions !== undefined && leaseTransitions < 0)
    errors.push(invalid(path('spec', 'leaseTransitions'), leaseTransitions, 'must be greater than or equal to 0'));
  return errors;
}

/** The kind Lease. */
export const lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  schema: 'io.k8s.api.coordination.v1.Lease',
  storageVersionHash: 'gqkMMb/YqFM=',
  strategy: { validate: validateLease, validateUpdate: validateLease, allowCreateOnUpdate: true, allowUnconditionalUpdate: false },
  columns: [nameColumn(), textColumn('Holder', 'Who holds the lease.', (object) => object.spec?.holderIdentity ?? ''), ageColumn()],
});
