// EndpointSlice: the addresses behind a Service, at most 1000 to a slice (registry/discovery/endpointslice).
import {
  duplicate,
  immutableFieldMessage,
  invalid,
  isDns1123Label,
  isIpv6Address,
  isValidIp,
  isValidPortNumber,
  notSupported,
  path,
  required,
  semanticEqual,
  tooMany,
  type FieldError,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { EndpointSlice } from '../types.ts';

const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;
const addressTypes = ['FQDN', 'IPv4', 'IPv6'];

function validateAddress(address: string, type: string): string[] {
  if (type === 'FQDN') return [];
  const problems = isValidIp(address);
  if (problems.length) return problems;
  return isIpv6Address(address) === (type === 'IPv6') ? [] : [`must be a valid ${type} address`];
}

function validateSlice(object: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  const { addressType } = object;
  if (!addressType) errors.push(required(path('addressType')));
  else if (!addressTypes.includes(addressType)) errors.push(notSupported(path('addressType'), addressType, addressTypes));
  const endpoints = object.endpoints ?? [];
  if (endpoints.length > maxEndpoints) errors.push(tooMany(path('endpoints'), endpoints.length, maxEndpoints));
  endpoints.forEach((endpoint, index) => {
    const at = path('endpoints').index(index).child('addresses');
    const addresses = endpoint.addresses ?? [];
    if (!addresses.length) errors.push(required(at, 'must contain at least 1 address'));
    if (addresses.length > maxAddresses) errors.push(tooMany(at, addresses.length, maxAddresses));
    addresses.forEach((address, position) => {
      for (const message of validateAddress(address, addressType)) errors.push(invalid(at.index(position), address, message));
    });
  });
  const ports = object.ports ?? [];
  if (ports.length > maxPorts) errors.push(tooMany(path('ports'), ports.length, maxPorts));
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = path('ports').index(index);
    const name = port.name ?? '';
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    if (name) for (const message of isDns1123Label(name)) errors.push(invalid(at.child('name'), name, message));
    if (port.port !== undefined)
      for (const message of isValidPortNumber(port.port)) errors.push(invalid(at.child('port'), port.port, message));
    if (port.protocol && !['TCP', 'UDP', 'SCTP'].includes(port.protocol))
      errors.push(notSupported(at.child('protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']));
  });
  return errors;
}

/** At most this many items stand in a cell, then "+ n more...". */
const maxShown = 3;

function shortList(items: readonly string[]): string {
  if (!items.length) return '<unset>';
  return items.length > maxShown ? `${items.slice(0, maxShown).join(',')} + ${items.length - maxShown} more...` : items.join(',');
}

/** The kind EndpointSlice. */
export const endpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  schema: 'io.k8s.api.discovery.v1.EndpointSlice',
  storageVersionHash: 'qgS0xkrxYAI=',
  strategy: {
    tracksGeneration: true,
    setDefaults(object) {
      for (const port of object.ports ?? []) {
        port.name ??= '';
        port.protocol ??= 'TCP';
      }
    },
    validate: validateSlice,
    validateUpdate(object, old) {
      const errors = validateSlice(object);
      if (!semanticEqual(object.addressType, old.addressType))
        errors.push(invalid(path('addressType'), object.addressType, immutableFieldMessage));
      return errors;
    },
  },
  columns: [
    nameColumn(),
    textColumn('AddressType', 'IPv4, IPv6 or FQDN.', (object) => object.addressType),
    textColumn('Ports', 'Ports of the endpoints.', (object) =>
      shortList((object.ports ?? []).map((port) => (port.port === undefined ? port.name || '*' : String(port.port)))),
    ),
    textColumn('Endpoints', 'Addresses of the endpoints.', (object) =>
      shortList((object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)),
    ),
    ageColumn(),
  ],
});
