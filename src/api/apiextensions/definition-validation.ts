// What a CustomResourceDefinition may say (apiextensions validation): names, versions, columns, subresources; its schemas have rules of their own.
import {
  immutableFieldMessage,
  invalid,
  isDns1035Label,
  isDns1123Subdomain,
  notSupported,
  path,
  required,
  findCondition,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import type { CustomResourceDefinition } from '../types.ts';
import type { JsonSchema } from './json-schema.ts';
import { validateSchema } from './schema-rules.ts';

type Spec = CustomResourceDefinition['spec'];
type Version = Spec['versions'][number];
type Names = Spec['names'];

const scopes = ['Cluster', 'Namespaced'];
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const approvalAnnotation = 'api-approved.kubernetes.io';
const spec = path('spec');

function validateGroup(group: string): FieldError[] {
  if (!group) return [required(spec.child('group'))];
  const messages = isDns1123Subdomain(group);
  if (messages.length > 0) return [invalid(spec.child('group'), group, messages.join(','))];
  return group.includes('.') ? [] : [invalid(spec.child('group'), group, 'should be a domain with at least one dot')];
}

function validateColumns(version: Version, at: FieldPath): FieldError[] {
  return (version.additionalPrinterColumns ?? []).flatMap(({ name, type, format, jsonPath }, index) => {
    const place = at.child('additionalPrinterColumns').index(index);
    const errors: FieldError[] = [];
    if (!name) errors.push(required(place.child('name')));
    const oneOf = `must be one of ${columnTypes.join(',')}`;
    if (!type) errors.push(required(place.child('type'), oneOf));
    else if (!columnTypes.includes(type)) errors.push(invalid(place.child('type'), type, oneOf));
    if (format && !columnFormats.includes(format))
      errors.push(invalid(place.child('format'), format, `must be one of ${columnFormats.join(',')}`));
    if (!jsonPath) errors.push(required(place.child('jsonPath')));
    else if (!jsonPath.startsWith('.'))
      errors.push(invalid(place.child('jsonPath'), jsonPath, 'must be a simple json path starting with .'));
    return errors;
  });
}

function validateSubresources({ subresources }: Version, at: FieldPath): FieldError[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const place = at.child('subresources', 'scale');
  const errors: FieldError[] = [];
  const under = (field: 'specReplicasPath' | 'statusReplicasPath', root: string): void => {
    const value = scale[field];
    if (!value) errors.push(required(place.child(field)));
    else if (!value.startsWith(root)) errors.push(invalid(place.child(field), value, `should be a json path under ${root.slice(0, -1)}`));
  };
  under('specReplicasPath', '.spec.');
  under('statusReplicasPath', '.status.');
  const { labelSelectorPath } = scale;
  if (labelSelectorPath && !labelSelectorPath.startsWith('.status.') && !labelSelectorPath.startsWith('.spec.'))
    errors.push(invalid(place.child('labelSelectorPath'), labelSelectorPath, 'should be a json path under either .status or .spec'));
  return errors;
}

function validateSchemas(versions: readonly Version[]): FieldError[] {
  return versions.flatMap(({ schema }, index) => {
    const at = spec.child('versions').index(index).child('schema', 'openAPIV3Schema');
    return schema?.openAPIV3Schema ? validateSchema(schema.openAPIV3Schema as JsonSchema, at) : [required(at, 'schemas are required')];
  });
}

function validateVersions(versions: readonly Version[]): FieldError[] {
  const at = spec.child('versions');
  const errors = versions.flatMap((version, index) => {
    const messages = isDns1035Label(version.name);
    const place = at.index(index);
    return [
      ...(messages.length > 0 ? [invalid(place.child('name'), version.name, messages.join(','))] : []),
      ...validateSubresources(version, place),
      ...validateColumns(version, place),
    ];
  });
  if (new Set(versions.map(({ name }) => name)).size !== versions.length)
    errors.push(invalid(at, versions, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalid(at, versions, 'must have exactly one version marked as storage version'));
  return errors;
}

function validateNames(names: Names): FieldError[] {
  const at = spec.child('names');
  const errors: FieldError[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) if (!names[field]) errors.push(required(at.child(field)));
  const label = (place: FieldPath, value: string, prefix = ''): void => {
    const messages = value ? isDns1035Label(prefix ? value.toLowerCase() : value) : [];
    if (messages.length > 0) errors.push(invalid(place, value, prefix + messages.join(',')));
  };
  const mixedCase = 'may have mixed case, but should otherwise match: ';
  label(at.child('plural'), names.plural);
  label(at.child('singular'), names.singular ?? '');
  label(at.child('kind'), names.kind, mixedCase);
  label(at.child('listKind'), names.listKind ?? '', mixedCase);
  (names.shortNames ?? []).forEach((name, index) => label(at.child('shortNames').index(index), name));
  (names.categories ?? []).forEach((name, index) => label(at.child('categories').index(index), name));
  if (names.kind && names.kind === names.listKind)
    errors.push(invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
  return errors;
}

function validateStoredVersions({ spec: { versions }, status }: CustomResourceDefinition): FieldError[] {
  const at = path('status', 'storedVersions');
  const stored = status?.storedVersions ?? [];
  const storage = versions.find((version) => version.storage)?.name;
  const errors = stored.flatMap((name, index) =>
    versions.some((version) => version.name === name) ? [] : [invalid(at.index(index), name, 'must appear in spec.versions')],
  );
  if (storage && !stored.includes(storage)) errors.push(invalid(at, stored, `must have the storage version ${storage}`));
  return errors;
}

/** Whether a group belongs to Kubernetes itself. */
export const isProtectedGroup = (group: string): boolean => /(^|\.)(k8s\.io|kubernetes\.io)$/.test(group);

/** What the approval annotation of a definition in a protected group says; '' without one. */
export const approvalOf = ({ metadata }: CustomResourceDefinition): string => metadata.annotations?.[approvalAnnotation] ?? '';

/** Whether an approval says that there is one, or that there is none on purpose. */
export const isApprovalValid = (approval: string): boolean => /^https?:\/\/[^/]+/.test(approval) || approval.startsWith('unapproved');

function validateApproval(crd: CustomResourceDefinition): FieldError[] {
  if (!isProtectedGroup(crd.spec.group)) return [];
  const at = path('metadata', 'annotations').key(approvalAnnotation);
  const approval = approvalOf(crd);
  if (!approval)
    return [
      required(
        at,
        `protected groups must have approval annotation "${approvalAnnotation}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    ];
  return isApprovalValid(approval)
    ? []
    : [
        invalid(
          at,
          approval,
          `protected groups must have approval annotation "${approvalAnnotation}" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
        ),
      ];
}

/** Everything wrong with a definition, ObjectMeta aside. */
export function validateDefinition(crd: CustomResourceDefinition): FieldError[] {
  const { metadata, spec: wanted } = crd;
  const { group, names, scope, versions = [] } = wanted;
  const errors: FieldError[] = [];
  if (metadata.name !== `${names.plural}.${group}`)
    errors.push(invalid(path('metadata', 'name'), metadata.name, 'must be spec.names.plural+"."+spec.group'));
  errors.push(...validateGroup(group));
  if (!scope) errors.push(required(spec.child('scope')));
  else if (!scopes.includes(scope)) errors.push(notSupported(spec.child('scope'), scope, scopes));
  errors.push(...validateSchemas(versions), ...validateVersions(versions), ...validateNames(names));
  const { strategy } = wanted.conversion ?? {};
  if (strategy && strategy !== 'None' && strategy !== 'Webhook')
    errors.push(notSupported(spec.child('conversion', 'strategy'), strategy, ['None', 'Webhook']));
  if (wanted.preserveUnknownFields)
    errors.push(
      invalid(
        spec.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return [...errors, ...validateStoredVersions(crd), ...validateApproval(crd)];
}

/** Everything wrong with a change: what an established definition serves under keeps its group, scope, kind and plural. */
export function validateDefinitionUpdate(crd: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const errors = validateDefinition(crd);
  if (findCondition(old.status?.conditions, 'Established')?.status !== 'True') return errors;
  const same = (place: FieldPath, now: string, before: string): void => {
    if (now !== before) errors.push(invalid(place, now, immutableFieldMessage));
  };
  same(spec.child('group'), crd.spec.group, old.spec.group);
  same(spec.child('scope'), crd.spec.scope, old.spec.scope);
  same(spec.child('names', 'kind'), crd.spec.names.kind, old.spec.names.kind);
  same(spec.child('names', 'plural'), crd.spec.names.plural, old.spec.names.plural);
  return errors;
}
