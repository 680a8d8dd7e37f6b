// Endpoints: the older list of addresses behind a Service (registry/core/endpoint).
import { invalid, isValidIp, isValidPortNumber, path, required, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Endpoints } from '../types.ts';

/** At most this many addresses stand in a cell. */
const maxShown = 3;

function endpointsOf(object: Endpoints): string {
  const all = (object.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length
      ? ports.flatMap((port) => addresses.map((address) => `${address.ip}:${port.port}`))
      : addresses.map((address) => address.ip),
  );
  if (!all.length) return '<none>';
  const shown = all.slice(0, maxShown).join(',');
  return all.length > maxShown ? `${shown} + ${all.length - maxShown} more...` : shown;
}

function validate(object: Endpoints): FieldError[] {
  return (object.subsets ?? []).flatMap((subset, index) => {
    const at = path('subsets').index(index);
    const errors: FieldError[] = [];
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length)
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
    (subset.addresses ?? []).forEach((address, position) => {
      for (const message of isValidIp(address.ip))
        errors.push(invalid(at.child('addresses').index(position).child('ip'), address.ip, message));
    });
    (subset.ports ?? []).forEach((port, position) => {
      const field = at.child('ports').index(position);
      if ((subset.ports ?? []).length > 1 && !port.name) errors.push(required(field.child('name')));
      for (const message of isValidPortNumber(port.port)) errors.push(invalid(field.child('port'), port.port, message));
    });
    return errors;
  });
}

/** The kind Endpoints. */
export const endpoints = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  listKind: 'EndpointsList',
  plural: 'endpoints',
  shortNames: ['ep'],
  schema: 'io.k8s.api.core.v1.Endpoints',
  storagePrefix: '/registry/services/endpoints',
  storageVersionHash: 'fWeeMqaN/OA=',
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  strategy: {
    setDefaults(object) {
      for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
    },
    validate,
    validateUpdate: validate,
  },
  columns: [nameColumn(), textColumn('Endpoints', 'Addresses and ports behind the service.', endpointsOf), ageColumn()],
});
