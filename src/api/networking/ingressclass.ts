// IngressClass: which controller implements an Ingress (registry/networking/ingressclass).
import { immutableFieldMessage, invalid, path, required, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { IngressClass } from '../types.ts';

const at = path('spec', 'controller');

function validate(object: IngressClass): FieldError[] {
  const controller = object.spec?.controller ?? '';
  if (!controller) return [required(at)];
  return controller.includes('/') ? [] : [invalid(at, controller, 'must be a domain-prefixed path (such as "acme.io/foo")')];
}

/** The kind IngressClass. */
export const ingressClass = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  scope: 'Cluster',
  schema: 'io.k8s.api.networking.v1.IngressClass',
  storageVersionHash: 'l/iqIbDgFyQ=',
  cachedOnDemand: true,
  strategy: {
    tracksGeneration: true,
    validate,
    validateUpdate: (object, old) =>
      object.spec?.controller === old.spec?.controller
        ? validate(object)
        : [invalid(at, object.spec?.controller ?? '', immutableFieldMessage)],
  },
  columns: [
    nameColumn(),
    textColumn('Controller', 'The controller of this class.', (object) => object.spec?.controller ?? ''),
    textColumn('Parameters', 'Configuration of the controller.', ({ spec }) => {
      const parameters = spec?.parameters;
      if (!parameters) return '<none>';
      return `${parameters.kind}${parameters.apiGroup ? `.${parameters.apiGroup}` : ''}/${parameters.name}`;
    }),
    ageColumn(),
  ],
});
