/**
 * Stage 1, authentication: who asks. Client certificate, front proxy, static token, service account token, bootstrap token,
 * in this order; with none of them the request is anonymous, with a wrong token or certificate it is refused (401).
 */
import { unauthorized } from '#apimachinery';
import { header, type HeaderPairs, type Peer } from '#host';
import { bootstrapTokenUser } from '../authentication/bootstrap-token.ts';
import { userOfCertificate } from '../authentication/client-certificate.ts';
import { checkToken, serviceAccountUser } from '../authentication/service-account-token.ts';
import type { Core, User } from '../core.ts';

/** The user a bearer token stands for, for the audiences; undefined for an unknown one. Shared with TokenReview. */
export function userOfToken(
  core: Core,
  token: string,
  audiences: readonly string[],
  nowMs: number,
): { user: User; audiences: readonly string[] } | undefined {
  const { config, caches } = core;
  const known = config.staticTokens.find((entry) => entry.token === token);
  if (known) return { user: { name: known.user, uid: known.uid, groups: known.groups }, audiences };
  const claims = checkToken({ verify: core.verifyToken, issuers: config.issuers, caches, nowMs }, token, audiences);
  if (claims) return { user: serviceAccountUser(claims), audiences: audiences.filter((audience) => claims.aud.includes(audience)) };
  const bootstrap = config.bootstrapTokens ? bootstrapTokenUser(caches, token, nowMs) : undefined;
  return bootstrap && { user: bootstrap, audiences };
}

function bearerToken(headers: HeaderPairs): string {
  const value = header(headers, 'authorization') ?? '';
  const [scheme = '', token = ''] = value.trim().split(/\s+/);
  return scheme.toLowerCase() === 'bearer' ? token : '';
}

function withGroup(user: User, group: string): User {
  return user.groups.includes(group) ? user : { ...user, groups: [...user.groups, group] };
}

/** Says who sent a request. Throws 401. */
export function authenticate(core: Core, headers: HeaderPairs, peer: Peer | undefined, nowMs: number): User {
  const certified = userOfCertificate(peer?.certificate, core.config, headers, core.crypto);
  if (certified) return withGroup(certified, 'system:authenticated');
  const token = bearerToken(headers);
  if (token) {
    const found = userOfToken(core, token, core.config.audiences, nowMs);
    if (!found) throw unauthorized();
    return withGroup(found.user, 'system:authenticated');
  }
  // Who shows a certificate that does not count (expired, of another authority) is refused, not taken for nobody.
  if (!core.config.anonymous || peer?.certificateProblem !== undefined) throw unauthorized();
  return { name: 'system:anonymous', groups: ['system:unauthenticated'] };
}
