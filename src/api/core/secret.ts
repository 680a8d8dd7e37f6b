// Secret: small confidential data, base64 on the wire (registry/core/secret).
import {
  forbiddenField,
  immutableFieldMessage,
  invalid,
  isConfigMapKey,
  path,
  required,
  semanticEqual,
  tooLong,
  type FieldError,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { Secret } from '../types.ts';
import { decodedLength, maxDataBytes } from './configmap.ts';

const serviceAccountNameAnnotation = 'kubernetes.io/service-account.name';
/** Keys each well-known type must hold. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
};

function base64OfUtf8(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes = new TextEncoder().encode(text);
  let out = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const word = (first << 16) | (second << 8) | third;
    const left = bytes.length - at;
    out += alphabet.charAt(word >> 18) + alphabet.charAt((word >> 12) & 63);
    out += (left > 1 ? alphabet.charAt((word >> 6) & 63) : '=') + (left > 2 ? alphabet.charAt(word & 63) : '=');
  }
  return out;
}

function validateSecret(object: Secret): FieldError[] {
  const errors: FieldError[] = [];
  const data = object.data ?? {};
  let total = 0;
  for (const [key, value] of Object.entries(data)) {
    for (const message of isConfigMapKey(key)) errors.push(invalid(path('data').key(key), key, message));
    total += decodedLength(value);
  }
  if (total > maxDataBytes) errors.push(tooLong('data', maxDataBytes));
  if (object.type === 'kubernetes.io/service-account-token' && !object.metadata.annotations?.[serviceAccountNameAnnotation]) {
    errors.push(required(path('metadata', 'annotations').key(serviceAccountNameAnnotation)));
  }
  if (object.type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
    errors.push(required(path('data').key('username')), required(path('data').key('password')));
  }
  for (const key of requiredKeys[object.type ?? ''] ?? []) if (data[key] === undefined) errors.push(required(path('data').key(key)));
  return errors;
}

function validateSecretUpdate(object: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = [];
  if (object.type !== old.type) errors.push(invalid(path('type'), object.type, immutableFieldMessage));
  if (old.immutable) {
    if (!object.immutable) errors.push(forbiddenField(path('immutable'), 'field is immutable when `immutable` is set'));
    if (!semanticEqual(object.data, old.data)) errors.push(forbiddenField(path('data'), 'field is immutable when `immutable` is set'));
  }
  return [...errors, ...validateSecret(object)];
}

/** The kind Secret. */
export const secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  schema: 'io.k8s.api.core.v1.Secret',
  storageVersionHash: 'S6u1pOWzb84=',
  strategy: {
    setDefaults(object) {
      object.type ||= 'Opaque';
      if (!object.stringData) return;
      object.data ??= {};
      for (const [key, value] of Object.entries(object.stringData)) object.data[key] = base64OfUtf8(value);
      delete object.stringData;
    },
    prepareForUpdate(object, old) {
      object.type ||= old.type;
    },
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
  },
  columns: [
    nameColumn(),
    textColumn('Type', 'What the secret is for.', (object) => object.type ?? ''),
    textColumn('Data', 'Number of keys.', (object) => Object.keys(object.data ?? {}).length),
    ageColumn(),
  ],
  selectableFields: [{ name: 'type', value: (object) => object.type ?? '' }],
});
