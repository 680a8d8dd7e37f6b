/** OpenID discovery of the service account issuer: its configuration and the public keys that verify its tokens. */
import type { HttpAnswer } from '#host';
import { toBase64Url } from '../authentication/encoding.ts';
import { keyIdOf } from '../authentication/service-account-token.ts';
import type { Core } from '../core.ts';

const cacheControl: [string, string] = ['cache-control', 'public, max-age=3600'];

/** Serves the two OpenID paths; undefined for others. */
export function serveOpenId(core: Core, path: string): HttpAnswer | undefined {
  const { config, crypto } = core;
  if (path === '/.well-known/openid-configuration') {
    const document = {
      issuer: config.issuers[0],
      jwks_uri: `https://${config.advertiseAddress}:${config.securePort}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    };
    return { status: 200, headers: [['content-type', 'application/json'], cacheControl], body: JSON.stringify(document) };
  }
  if (path !== '/openid/v1/jwks') return undefined;
  const keys = config.verificationKeys.map((point) => ({
    use: 'sig',
    kty: 'EC',
    kid: keyIdOf(crypto, point),
    crv: 'P-256',
    alg: 'ES256',
    // An uncompressed point is 4, then 32 bytes each of x and y.
    x: toBase64Url(point.slice(1, 33)),
    y: toBase64Url(point.slice(33, 65)),
  }));
  return { status: 200, headers: [['content-type', 'application/jwk-set+json'], cacheControl], body: JSON.stringify({ keys }) };
}
