// Ingress: which HTTP requests from outside go to which Service (registry/networking/ingress). An ingress controller does the work.
import {
  invalid,
  isDns1123Subdomain,
  isWildcardDns1123Subdomain,
  notSupported,
  path,
  required,
  isValidIp,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Ingress, IngressBackend } from '../types.ts';

const spec = path('spec');
const classAnnotation = 'kubernetes.io/ingress.class';
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

function validateHost(host: string, at: FieldPath): FieldError[] {
  if (isValidIp(host).length === 0) return [invalid(at, host, 'must be a DNS name, not an IP address')];
  return (host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host)).map((message) => invalid(at, host, message));
}

function validateBackend(backend: IngressBackend, at: FieldPath): FieldError[] {
  const { service, resource } = backend;
  if (service && resource) return [invalid(at, '', 'cannot set both resource and service backends')];
  if (resource) return [];
  if (!service) return [required(at, 'either service or resource is required')];
  const errors: FieldError[] = [];
  if (!service.name) errors.push(required(at.child('service', 'name')));
  const { name, number } = service.port ?? {};
  if (name && number) errors.push(invalid(at, '', 'cannot set both port name & port number'));
  else if (!name && !number) errors.push(required(at, 'port name or number is required'));
  else if (number !== undefined && number !== 0 && (number < 1 || number > 65_535))
    errors.push(invalid(at.child('service', 'port', 'number'), number, 'must be between 1 and 65535, inclusive'));
  return errors;
}

function validate(object: Ingress): FieldError[] {
  const { rules = [], defaultBackend, tls = [] } = object.spec ?? {};
  const errors: FieldError[] = [];
  if (rules.length === 0 && !defaultBackend) errors.push(invalid(spec, [], 'either `defaultBackend` or `rules` must be specified'));
  if (defaultBackend) errors.push(...validateBackend(defaultBackend, spec.child('defaultBackend')));
  rules.forEach((rule, index) => {
    const at = spec.child('rules').index(index);
    if (rule.host) errors.push(...validateHost(rule.host, at.child('host')));
    if (rule.http && rule.http.paths.length === 0) errors.push(required(at.child('http', 'paths')));
    rule.http?.paths.forEach((each, pathIndex) => {
      const field = at.child('http', 'paths').index(pathIndex);
      if (!each.pathType) errors.push(required(field.child('pathType'), 'pathType must be specified'));
      else if (!pathTypes.includes(each.pathType)) errors.push(notSupported(field.child('pathType'), each.pathType, pathTypes));
      if (each.pathType !== 'ImplementationSpecific' && !each.path?.startsWith('/'))
        errors.push(invalid(field.child('path'), each.path ?? '', 'must be an absolute path'));
      errors.push(...validateBackend(each.backend, field.child('backend')));
    });
  });
  tls.forEach(({ hosts = [] }, index) =>
    hosts.forEach((host, at) => errors.push(...validateHost(host, spec.child('tls').index(index).child('hosts').index(at)))),
  );
  return errors;
}

const LONGEST_ADDRESS = 16;
const MOST_HOSTS = 3;

function hostsCell(object: Ingress): string {
  const hosts = [...new Set((object.spec?.rules ?? []).map(({ host }) => host ?? '').filter(Boolean))];
  if (hosts.length === 0) return '*';
  return hosts.length > MOST_HOSTS ? `${hosts.slice(0, MOST_HOSTS).join(',')} + ${hosts.length - MOST_HOSTS} more...` : hosts.join(',');
}

function addressCell(object: Ingress): string {
  const text = (object.status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '').join(',');
  return text.length > LONGEST_ADDRESS && !text.includes('.') ? `${text.slice(0, LONGEST_ADDRESS - 3)}...` : text;
}

/** The kind Ingress. */
export const ingress = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  schema: 'io.k8s.api.networking.v1.Ingress',
  storagePrefix: '/registry/ingress',
  storageVersionHash: '39NQlfNR+bo=',
  cachedOnDemand: true,
  subresources: [statusSubresource<Ingress>('Ingress')],
  strategy: { tracksGeneration: true, prepareForCreate: clearStatus, prepareForUpdate: keepOldStatus, validate, validateUpdate: validate },
  columns: [
    nameColumn(),
    textColumn(
      'Class',
      'The class of its controller.',
      (object) => object.spec?.ingressClassName ?? object.metadata.annotations?.[classAnnotation] ?? '<none>',
    ),
    textColumn('Hosts', 'Hosts it answers for.', hostsCell),
    textColumn('Address', 'Where it can be reached.', addressCell),
    textColumn('Ports', '80, and 443 with TLS.', (object) => (object.spec?.tls?.length ? '80, 443' : '80')),
    ageColumn(),
  ],
});
