// The kinds a CustomResourceDefinition makes, one per served version (apiextensions-apiserver's crdHandler): read, checked, defaulted and
// shown by the definition's own schema, stored in the storage version, converted by nothing but their apiVersion (strategy None).
import {
  ageOf,
  deepEqual,
  fieldsOf,
  internalError,
  maybeParseTime,
  parseJsonPath,
  type FieldError,
  type FieldSchema,
  type JsonPath,
  type KubeObject,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { Cell, Column, Kind, OwnSchema, ScaleAccess, SelectableField, StoredForm, Strategy, Subresource, Verb } from '../kind.ts';
import { schemaNamed } from '../schema/compile.ts';
import { decodeBySchema } from '../schema/decoding.ts';
import { keepOld, keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn } from '../tables.ts';
import type { CustomResourceDefinition } from '../types.ts';
import type { JsonSchema } from './json-schema.ts';
import { resourceFieldsOf } from './structural-fields.ts';
import { fillSchemaDefaults, pruneBySchema } from './structural-values.ts';
import { validateBySchema, validateListTypes } from './value-validation.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];
/** The order discovery prints the verbs of custom resources in. */
const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** The schema of a version. */
export const schemaOfVersion = (version: Version): JsonSchema => (version.schema?.openAPIV3Schema ?? {}) as JsonSchema;

/** The value at a simple path such as .spec.replicas. */
function valueAt(object: object, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split('.').filter(Boolean)) value = (value as Record<string, unknown> | undefined | null)?.[name];
  return value;
}

function setAt(object: object, path: string, value: unknown): void {
  const names = path.split('.').filter(Boolean);
  const last = names.pop()!;
  let target = object as Record<string, unknown>;
  for (const name of names) target = (target[name] ??= {}) as Record<string, unknown>;
  target[last] = value;
}

/** Reading objects of a schema: what every resource has by the rules of metadata, the rest by the schema. */
function ownSchemaOf(schema: JsonSchema): OwnSchema {
  let fields: FieldSchema | undefined;
  return {
    decode(body) {
      const { apiVersion, kind, metadata, ...rest } = body as Record<string, unknown>;
      const common = decodeBySchema({ apiVersion, kind, metadata }, schemaNamed('io.k8s.api.core.v1.ConfigMap'));
      const { value, unknownFields } = pruneBySchema(rest, schema);
      return { value: { ...(common.value as object), ...value }, unknownFields: [...common.unknownFields, ...unknownFields] };
    },
    fillDefaults: (object) => fillSchemaDefaults(object, schema),
    get fields() {
      return (fields ??= resourceFieldsOf(schema));
    },
    openApi: schema as Readonly<Record<string, unknown>>,
  };
}

function validateResource(schema: JsonSchema, object: KubeObject, old?: KubeObject): FieldError[] {
  // Metadata has rules of its own, which the schema of a definition cannot change.
  const { metadata, ...rest } = fieldsOf(object);
  const before = old && fieldsOf(old);
  const errors = validateBySchema({ ...rest, metadata: {} }, withoutMetadata(schema), before && { ...before, metadata: {} });
  return [...errors, ...validateListTypes(rest, schema)];
}

function withoutMetadata(schema: JsonSchema): JsonSchema {
  if (!schema.properties?.['metadata']) return schema;
  const { metadata, ...properties } = schema.properties;
  return { ...schema, properties };
}

/** Everything but what a change of which leaves the generation as it is. */
function desired(object: KubeObject, hasStatus: boolean): object {
  const { metadata, ...rest } = fieldsOf(object);
  if (hasStatus) delete rest['status'];
  return rest;
}

function strategyOf(schema: JsonSchema, hasStatus: boolean): Strategy {
  return {
    allowUnconditionalUpdate: false,
    prepareForCreate(object) {
      if (hasStatus) delete fieldsOf(object)['status'];
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old) {
      if (hasStatus) keepOldStatus(object, old);
      if (!deepEqual(desired(object, hasStatus), desired(old, hasStatus))) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    },
    validate: (object) => validateResource(schema, object),
    validateUpdate: (object, old) => validateResource(schema, object, old),
  };
}

function statusOf(kind: string, schema: JsonSchema): Subresource {
  const status = statusSubresource(kind, (object: KubeObject, old: KubeObject) => validateResource(schema, object, old));
  const { prepareForUpdate } = status.strategy!;
  return {
    ...status,
    strategy: {
      ...status.strategy!,
      prepareForUpdate(object, old, context) {
        prepareForUpdate(object, old, context);
        // Unlike a built-in kind's, the status endpoint of a custom resource changes no metadata at all.
        const { managedFields, resourceVersion } = object.metadata;
        keepOld(object, old, 'metadata');
        if (managedFields) object.metadata.managedFields = managedFields;
        if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
      },
    },
  };
}

function scaleOf(paths: NonNullable<NonNullable<Version['subresources']>['scale']>): Subresource {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = paths;
  const scale: ScaleAccess = {
    specReplicas(object) {
      const replicas = valueAt(object, specReplicasPath);
      if (typeof replicas !== 'number') throw internalError(`the spec replicas field "${specReplicasPath}" does not exist`);
      return replicas;
    },
    setSpecReplicas: (object, replicas) => setAt(object, specReplicasPath, replicas),
    statusReplicas: (object) => Number(valueAt(object, statusReplicasPath) ?? 0),
    selector: (object) => (labelSelectorPath ? String(valueAt(object, labelSelectorPath) ?? '') : ''),
  };
  return { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'], scale };
}

/** A cell of a column that is no text: a value of another type is shown as none. */
function typedCell(type: string, value: unknown, nowMs: number): Cell {
  if (type === 'integer') return typeof value === 'number' ? Math.trunc(value) : null;
  if (type === 'number') return typeof value === 'number' ? value : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (type !== 'date' || typeof value !== 'string') return null;
  return maybeParseTime(value) === undefined ? '<invalid>' : ageOf(value, nowMs);
}

const textOf = (value: unknown): string => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));

function columnOf(column: NonNullable<Version['additionalPrinterColumns']>[number]): Column {
  const { name, type, format = '', description = '', priority = 0, jsonPath } = column;
  let path: JsonPath | undefined;
  return {
    name,
    type: type as Column['type'],
    format,
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority,
    value(object, nowMs) {
      path ??= parseJsonPath(`{${jsonPath}}`);
      const [results = []] = path.find(object, { allowMissingKeys: true });
      const value = results[0];
      if (value === undefined) return null;
      if (type === 'string') return value === null ? null : textOf(value);
      return typedCell(type, value, nowMs);
    },
  };
}

function columnsOf({ additionalPrinterColumns }: Version): Column[] {
  if (!additionalPrinterColumns?.length)
    return [nameColumn(), ageColumn()].map((column) => (column.name === 'Age' ? { ...column, type: 'date' } : column));
  return [nameColumn(), ...additionalPrinterColumns.map(columnOf)];
}

function selectable({ selectableFields }: Version): SelectableField[] {
  return (selectableFields ?? []).map(({ jsonPath }) => ({
    name: jsonPath.replace(/^\./, ''),
    value: (object) => textOf(valueAt(object, jsonPath) ?? ''),
  }));
}

/** Objects of every version are stored with the apiVersion of one; what is read is pruned and defaulted anew, the schema may have changed. */
function storedFormOf(crd: CustomResourceDefinition, version: Version): StoredForm {
  const { group, names, versions } = crd.spec;
  const schema = schemaOfVersion(version);
  const storage = versions.find((each) => each.storage) ?? version;
  return {
    group,
    version: storage.name,
    kind: names.kind,
    toStored: (object) => ({ ...object, apiVersion: `${group}/${storage.name}` }),
    fromStored(object) {
      const { value } = pruneBySchema(fieldsOf(object), schema);
      fillSchemaDefaults(value, schema);
      return { ...(value as unknown as KubeObject), apiVersion: `${group}/${version.name}` };
    },
  };
}

/** Reverses a group's parts and appends version and kind, as OpenAPI names the types of definitions: com.example.stable.v1.Operator. */
function schemaNameOf(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

function kindOfVersion(crd: CustomResourceDefinition, version: Version, storageVersionHash: string): Kind {
  const { spec, status } = crd;
  const { group, scope } = spec;
  const names = status?.acceptedNames?.kind ? status.acceptedNames : spec.names;
  const schema = schemaOfVersion(version);
  const { subresources } = version;
  const hasStatus = subresources?.status !== undefined;
  const deprecation = version.deprecationWarning ?? `${group}/${version.name} ${names.kind} is deprecated`;
  return defineKind<KubeObject>({
    group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind || `${names.kind}List`,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    scope: scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    schema: schemaNameOf(group, version.name, names.kind),
    ownSchema: ownSchemaOf(schema),
    storagePrefix: `/registry/${group}/${names.plural}`,
    storageVersionHash,
    verbs,
    subresources: [...(hasStatus ? [statusOf(names.kind, schema)] : []), ...(subresources?.scale ? [scaleOf(subresources.scale)] : [])],
    strategy: strategyOf(schema, hasStatus),
    columns: columnsOf(version),
    selectableFields: selectable(version),
    storedForm: storedFormOf(crd, version),
    cachedOnDemand: true,
    ...(version.deprecated ? { deprecation } : {}),
  });
}

/** The kinds a definition serves, one per served version. `storageVersionHash` is discovery's, of its storage version. */
export function kindsOfDefinition(crd: CustomResourceDefinition, storageVersionHash: string): Kind[] {
  return crd.spec.versions.filter(({ served }) => served).map((version) => kindOfVersion(crd, version, storageVersionHash));
}
