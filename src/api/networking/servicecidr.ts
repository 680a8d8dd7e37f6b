// ServiceCIDR: a range of addresses for Services (registry/networking/servicecidr).
import { forbiddenField, invalid, isValidCidr, path, required, semanticEqual, tooMany, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { ServiceCIDR } from '../types.ts';

/** One range for each address family. */
const maxCidrs = 2;

function validate(object: ServiceCIDR): FieldError[] {
  const at = path('spec', 'cidrs');
  const cidrs = object.spec?.cidrs ?? [];
  if (!cidrs.length) return [required(at, 'at least one CIDR required')];
  if (cidrs.length > maxCidrs) return [tooMany(at, cidrs.length, maxCidrs)];
  return cidrs.flatMap((cidr, index) => isValidCidr(cidr).map((message) => invalid(at.index(index), cidr, message)));
}

/** The kind ServiceCIDR. */
export const serviceCidr = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  scope: 'Cluster',
  schema: 'io.k8s.api.networking.v1.ServiceCIDR',
  storageVersionHash: '8ufAXOnr3Yg=',
  subresources: [statusSubresource<ServiceCIDR>('ServiceCIDR')],
  strategy: {
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate(object, old) {
      const errors = validate(object);
      if (!semanticEqual(object.spec?.cidrs, old.spec?.cidrs)) errors.push(forbiddenField(path('spec', 'cidrs'), 'field is immutable'));
      return errors;
    },
  },
  columns: [nameColumn(), textColumn('CIDRs', 'The ranges.', (object) => (object.spec?.cidrs ?? []).join(',')), ageColumn()],
});
