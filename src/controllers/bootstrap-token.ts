/** Bootstrap tokens: secrets of type bootstrap.kubernetes.io/token in kube-system, by which new machines first trust and are trusted. */
import type { Secret } from '#api';
import { maybeParseTime } from '#apimachinery';

/** A token as its secret holds it. */
export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  /** Undefined: never expires. */
  readonly expiresMs: number | undefined;
  readonly signs: boolean;
}

const SECRET_TYPE = 'bootstrap.kubernetes.io/token';
const NAME = /^bootstrap-token-([a-z0-9]{6})$/;

const decoded = (secret: Secret, field: string): string => {
  const value = (secret.data as Record<string, string> | undefined)?.[field];
  return value ? atob(value) : '';
};

/** Whether a secret is a bootstrap token's. */
export function isBootstrapToken(secret: Secret): boolean {
  return secret.type === SECRET_TYPE && secret.metadata.namespace === 'kube-system';
}

/** The token of a secret; undefined where it is not one, or not a whole one. */
export function bootstrapTokenOf(secret: Secret): BootstrapToken | undefined {
  const id = decoded(secret, 'token-id');
  const value = decoded(secret, 'token-secret');
  if (!isBootstrapToken(secret) || NAME.exec(secret.metadata.name)?.[1] !== id || !/^[a-z0-9]{16}$/.test(value)) return undefined;
  return {
    id,
    secret: value,
    expiresMs: maybeParseTime(decoded(secret, 'expiration') || undefined),
    signs: decoded(secret, 'usage-bootstrap-signing') === 'true',
  };
}
