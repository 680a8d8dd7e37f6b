/** Bootstrap tokens: how they are read from secrets, and the signatures of cluster-info. */
import { describe, expect, it } from 'vitest';
import type { Secret } from '#api';
import { createCrypto, seededRandom } from '#host';
import { detachedSignature, signedData } from '../../../src/controllers/bootstrap-signer.ts';
import { bootstrapTokenOf } from '../../../src/controllers/bootstrap-token.ts';

describe('bootstrap tokens', () => {
  const secret = (fields: Record<string, string>, name = 'bootstrap-token-abcdef') =>
    ({
      type: 'bootstrap.kubernetes.io/token',
      metadata: { name, namespace: 'kube-system' },
      data: Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, btoa(value)])),
    }) as unknown as Secret;
  const whole = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true' };

  it('are read only where id, name and secret fit', () => {
    expect(bootstrapTokenOf(secret({ ...whole, expiration: '2025-01-01T00:00:00Z' }))).toEqual({
      id: 'abcdef',
      secret: '0123456789abcdef',
      expiresMs: Date.parse('2025-01-01T00:00:00Z'),
      signs: true,
    });
    expect(bootstrapTokenOf(secret(whole, 'bootstrap-token-other1'))).toBeUndefined();
    expect(bootstrapTokenOf(secret({ ...whole, 'token-secret': 'short' }))).toBeUndefined();
  });

  it('sign the kubeconfig of cluster-info without carrying it, and old signatures go', () => {
    const crypto = createCrypto(seededRandom('signer'));
    const token = bootstrapTokenOf(secret(whole))!;
    const signature = detachedSignature(crypto, 'content', token);
    expect(signature).toMatch(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]{43}$/);
    expect(JSON.parse(atob(signature.split('.')[0]!))).toEqual({ alg: 'HS256', kid: 'abcdef' });
    expect(signedData({ kubeconfig: 'content', 'jws-kubeconfig-gone12': 'x' }, [token], crypto)).toEqual({
      kubeconfig: 'content',
      'jws-kubeconfig-abcdef': signature,
    });
  });
});
