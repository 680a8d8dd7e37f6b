// Validation of a pod's volumes (validation.ValidateVolumes), for the sources the lab knows; any other is only counted.
import {
  duplicate,
  forbiddenField,
  invalid,
  isConfigMapKey,
  isDns1123Label,
  maybeParseQuantity,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import type { Volume } from '../types.ts';
import { validateFieldRef, validateLocalPath } from './container-validation.ts';

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
const volumeFieldPaths = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
const maxMode = 0o777;

function validateMode(mode: number | undefined, at: FieldPath): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= maxMode)) return [];
  return [invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

function validateItems(items: readonly { key: string; path: string; mode?: number }[] | undefined, at: FieldPath): FieldError[] {
  return (items ?? []).flatMap((item, index) => {
    const field = at.child('items').index(index);
    const errors: FieldError[] = [];
    if (!item.key) errors.push(required(field.child('key')));
    else for (const message of isConfigMapKey(item.key)) errors.push(invalid(field.child('key'), item.key, message));
    if (!item.path) errors.push(required(field.child('path')));
    else errors.push(...validateLocalPath(item.path, field.child('path')));
    return [...errors, ...validateMode(item.mode, field.child('mode'))];
  });
}

function validateDownward(
  items: readonly { path: string; fieldRef?: { fieldPath: string }; resourceFieldRef?: object }[] | undefined,
  at: FieldPath,
): FieldError[] {
  return (items ?? []).flatMap((item, index) => {
    const field = at.child('items').index(index);
    const errors = item.path ? validateLocalPath(item.path, field.child('path')) : [required(field.child('path'))];
    if (item.fieldRef) {
      errors.push(...validateFieldRef(item.fieldRef.fieldPath, field.child('fieldRef'), volumeFieldPaths));
      if (item.resourceFieldRef)
        errors.push(invalid(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    } else if (!item.resourceFieldRef) errors.push(required(field.child('fieldRef'), 'one of fieldRef and resourceFieldRef is required'));
    return errors;
  });
}

function validateProjected(volume: Volume, at: FieldPath): FieldError[] {
  const errors = validateMode(volume.projected?.defaultMode, at.child('defaultMode'));
  (volume.projected?.sources ?? []).forEach((source, index) => {
    const field = at.child('sources').index(index);
    if (source.secret) {
      if (!source.secret.name) errors.push(required(field.child('secret', 'name')));
      errors.push(...validateItems(source.secret.items, field.child('secret')));
    }
    if (source.configMap) {
      if (!source.configMap.name) errors.push(required(field.child('configMap', 'name')));
      errors.push(...validateItems(source.configMap.items, field.child('configMap')));
    }
    if (source.downwardAPI) errors.push(...validateDownward(source.downwardAPI.items, field.child('downwardAPI')));
    const token = source.serviceAccountToken;
    if (!token) return;
    const seconds = token.expirationSeconds ?? 3600;
    if (seconds < 600)
      errors.push(
        invalid(field.child('serviceAccountToken', 'expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'),
      );
    if (!token.path) errors.push(required(field.child('serviceAccountToken', 'path')));
  });
  return errors;
}

function validateSource(volume: Volume, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const sources = Object.entries(volume)
    .filter(([field, value]) => field !== 'name' && value !== undefined && value !== null)
    .map(([field]) => field);
  if (!sources.length) errors.push(required(at, 'must specify a volume type'));
  for (const extra of sources.slice(1)) errors.push(forbiddenField(at.child(extra), 'may not specify more than 1 volume type'));
  const { emptyDir, hostPath, secret, configMap, persistentVolumeClaim, downwardAPI, projected } = volume;
  if (emptyDir?.sizeLimit !== undefined && (maybeParseQuantity(emptyDir.sizeLimit)?.nanos ?? 0n) < 0n) {
    errors.push(forbiddenField(at.child('emptyDir', 'sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
  }
  if (hostPath) {
    if (!hostPath.path) errors.push(required(at.child('hostPath', 'path')));
    else if (hostPath.path.split('/').includes('..'))
      errors.push(invalid(at.child('hostPath', 'path'), hostPath.path, "must not contain '..'"));
    if (!hostPathTypes.includes(hostPath.type ?? ''))
      errors.push(notSupported(at.child('hostPath', 'type'), hostPath.type ?? '', hostPathTypes));
  }
  if (secret) {
    if (!secret.secretName) errors.push(required(at.child('secret', 'secretName')));
    errors.push(...validateMode(secret.defaultMode, at.child('secret', 'defaultMode')), ...validateItems(secret.items, at.child('secret')));
  }
  if (configMap) {
    if (!configMap.name) errors.push(required(at.child('configMap', 'name')));
    errors.push(
      ...validateMode(configMap.defaultMode, at.child('configMap', 'defaultMode')),
      ...validateItems(configMap.items, at.child('configMap')),
    );
  }
  if (persistentVolumeClaim && !persistentVolumeClaim.claimName) errors.push(required(at.child('persistentVolumeClaim', 'claimName')));
  if (downwardAPI) errors.push(...validateDownward(downwardAPI.items, at.child('downwardAPI')));
  if (projected) errors.push(...validateProjected(volume, at.child('projected')));
  return errors;
}

/** All volumes of a pod: names and sources. */
export function validateVolumes(volumes: readonly Volume[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  volumes.forEach((volume, index) => {
    const field = at.index(index);
    errors.push(...validateSource(volume, field));
    if (!volume.name) errors.push(required(field.child('name')));
    else {
      for (const message of isDns1123Label(volume.name)) errors.push(invalid(field.child('name'), volume.name, message));
      if (names.has(volume.name)) errors.push(duplicate(field.child('name'), volume.name));
    }
    names.add(volume.name);
  });
  return errors;
}
