// ResourceQuota: how much a namespace may use and has used (registry/core/resourcequota).
import {
  invalid,
  isQualifiedName,
  maybeParseQuantity,
  notSupported,
  path,
  semanticEqual,
  type FieldError,
  immutableFieldMessage,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { clearStatus, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { ResourceQuota } from '../types.ts';

const spec = path('spec');
/** Names without a domain that a quota may hold. */
const standard: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'services.nodeports',
  'services.loadbalancers',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
]);
const scopes = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
];

function validate(object: ResourceQuota): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, amount] of Object.entries(object.spec?.hard ?? {})) {
    const at = spec.child('hard').key(name);
    errors.push(...isQualifiedName(name).map((message) => invalid(at, name, message)));
    if (!name.includes('/') && !standard.has(name) && !/^(requests|limits)\./.test(name) && !name.startsWith('hugepages-'))
      errors.push(
        invalid(at, name, 'must be a standard resource type or fully qualified'),
        invalid(at, name, 'must be a standard resource for quota'),
      );
    if ((maybeParseQuantity(amount)?.nanos ?? 0n) < 0n) errors.push(invalid(at, String(amount), 'must be greater than or equal to 0'));
  }
  for (const [at, scope] of (object.spec?.scopes ?? []).entries())
    if (!scopes.includes(scope)) errors.push(notSupported(spec.child('scopes').index(at), scope, scopes));
  return errors;
}

const isLimit = (name: string): boolean => name.startsWith('limits.');

/** `cpu: 1/2, pods: 1/4`: used of hard, sorted by name. */
function usage(object: ResourceQuota, isWanted: (name: string) => boolean): string {
  const { hard = {}, used = {} } = object.status ?? {};
  return Object.keys(hard)
    .filter(isWanted)
    .sort()
    .map((name) => `${name}: ${used[name] ?? 0}/${hard[name]}`)
    .join(', ');
}

/** The kind ResourceQuota. */
export const resourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  schema: 'io.k8s.api.core.v1.ResourceQuota',
  storageVersionHash: '8uhSgffRX6w=',
  subresources: [statusSubresource<ResourceQuota>('ResourceQuota')],
  strategy: {
    prepareForCreate: clearStatus,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate(object, old) {
      const errors = validate(object);
      if (!semanticEqual([...(object.spec?.scopes ?? [])].sort(), [...(old.spec?.scopes ?? [])].sort()))
        errors.push(invalid(spec.child('scopes'), object.spec?.scopes ?? [], immutableFieldMessage));
      return errors;
    },
  },
  columns: [
    nameColumn(),
    textColumn('Request', 'Requests and counts, used of allowed.', (object) => usage(object, (name) => !isLimit(name))),
    textColumn('Limit', 'Limits, used of allowed.', (object) => usage(object, isLimit)),
    ageColumn(),
  ],
});
