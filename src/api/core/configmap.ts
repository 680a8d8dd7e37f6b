// ConfigMap: configuration as text by key (registry/core/configmap).
import { forbiddenField, invalid, isConfigMapKey, path, semanticEqual, tooLong, utf8Length, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { ConfigMap } from '../types.ts';

/** The most all values of a ConfigMap or Secret may weigh together. */
export const maxDataBytes = 1024 * 1024;

function validateConfigMap(object: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let total = 0;
  for (const [key, value] of Object.entries(object.data ?? {})) {
    for (const message of isConfigMapKey(key)) errors.push(invalid(path('data').key(key), key, message));
    if (Object.hasOwn(object.binaryData ?? {}, key)) {
      errors.push(invalid(path('data').key(key), key, 'duplicate of key present in binaryData'));
    }
    total += utf8Length(value);
  }
  for (const [key, value] of Object.entries(object.binaryData ?? {})) {
    for (const message of isConfigMapKey(key)) errors.push(invalid(path('binaryData').key(key), key, message));
    total += decodedLength(value);
  }
  if (total > maxDataBytes) errors.push(tooLong('[]', maxDataBytes));
  return errors;
}

/** Bytes a base64 text stands for. */
export function decodedLength(base64: string): number {
  return Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
}

function validateConfigMapUpdate(object: ConfigMap, old: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  if (old.immutable) {
    if (!object.immutable) errors.push(forbiddenField(path('immutable'), 'field is immutable when `immutable` is set'));
    if (!semanticEqual(object.data, old.data)) errors.push(forbiddenField(path('data'), 'field is immutable when `immutable` is set'));
    if (!semanticEqual(object.binaryData, old.binaryData))
      errors.push(forbiddenField(path('binaryData'), 'field is immutable when `immutable` is set'));
  }
  return [...errors, ...validateConfigMap(object)];
}

/** The kind ConfigMap. */
export const configMap = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  schema: 'io.k8s.api.core.v1.ConfigMap',
  storageVersionHash: 'qFsyl6wFWjQ=',
  strategy: { validate: validateConfigMap, validateUpdate: validateConfigMapUpdate },
  columns: [
    nameColumn(),
    textColumn('Data', 'Number of keys.', (object) => Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length),
    ageColumn(),
  ],
});
