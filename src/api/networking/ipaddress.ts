// IPAddress: one service address in use; its name is the address (registry/networking/ipaddress).
import { invalid, isValidIp, path, required, semanticEqual, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { nameColumn, textColumn } from '../tables.ts';
import type { IPAddress } from '../types.ts';

function validate(object: IPAddress): FieldError[] {
  const at = path('spec', 'parentRef');
  const { parentRef } = object.spec ?? {};
  if (!parentRef) return [required(at)];
  const errors: FieldError[] = [];
  if (!parentRef.resource) errors.push(required(at.child('resource')));
  if (!parentRef.name) errors.push(required(at.child('name')));
  return errors;
}

function parentCell(object: IPAddress): string {
  const { group = '', resource = '', namespace = '', name = '' } = object.spec?.parentRef ?? {};
  const start = group ? `${resource}.${group}` : resource;
  return namespace ? `${start}/${namespace}/${name}` : `${start}/${name}`;
}

/** The kind IPAddress. */
export const ipAddress = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  scope: 'Cluster',
  schema: 'io.k8s.api.networking.v1.IPAddress',
  storageVersionHash: 'O4H8VxQhW5Y=',
  strategy: {
    validateName: isValidIp,
    validate,
    validateUpdate(object, old) {
      const errors = validate(object);
      if (!semanticEqual(object.spec?.parentRef, old.spec?.parentRef))
        errors.push(invalid(path('spec', 'parentRef'), object.spec?.parentRef ?? null, 'field is immutable'));
      return errors;
    },
  },
  columns: [nameColumn(), textColumn('ParentRef', 'What uses the address.', parentCell)],
  selectableFields: [],
});
