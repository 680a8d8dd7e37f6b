/**
 * Service account tokens: JSON Web Tokens signed with ES256, bound to a service account and optionally to a pod, secret or
 * node. A token dies with its expiry or with the object it is bound to; both are looked up in the watch caches.
 */
import { kindByGroupKind, storageKey } from '#api';
import type { Crypto, PrivateKey } from '#host';
import type { User } from '../core.ts';
import type { WatchCaches } from '../watch-cache/caches.ts';
import { fromBase64Url, toBase64Url } from './encoding.ts';

/** What a bound reference says. */
export interface BoundReference {
  readonly name: string;
  readonly uid: string;
}
/** The claims of a token. Times are seconds since 1970. */
export interface ServiceAccountClaims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly node?: BoundReference;
    readonly pod?: BoundReference;
    readonly secret?: BoundReference;
    readonly serviceaccount: BoundReference;
  };
  readonly nbf: number;
  readonly sub: string;
}

/** The key id of a public key: base64url of its SHA-256, as kube-apiserver derives it. */
export function keyIdOf(crypto: Crypto, publicKey: Uint8Array): string {
  return toBase64Url(crypto.sha256(publicKey));
}

/** Signs claims. */
export function signToken(crypto: Crypto, key: PrivateKey, claims: ServiceAccountClaims): string {
  const head = toBase64Url(JSON.stringify({ alg: 'ES256', kid: keyIdOf(crypto, key.publicKey) }));
  const signed = `${head}.${toBase64Url(JSON.stringify(claims))}`;
  return `${signed}.${toBase64Url(crypto.sign(key, new TextEncoder().encode(signed)))}`;
}

/** The claims of a token with a right signature; undefined for anything else. Expiry is not looked at. */
export function verifyToken(crypto: Crypto, keys: readonly Uint8Array[], token: string): ServiceAccountClaims | undefined {
  const [head, payload, signature, more] = token.split('.');
  if (!head || !payload || !signature || more !== undefined) return undefined;
  const bytes = fromBase64Url(signature);
  if (bytes?.length !== 64) return undefined;
  const message = new TextEncoder().encode(`${head}.${payload}`);
  if (!keys.some((key) => crypto.verify(key, bytes, message))) return undefined;
  const decoded = fromBase64Url(payload);
  return decoded && (JSON.parse(new TextDecoder().decode(decoded)) as ServiceAccountClaims);
}

/** Signatures remembered, so that a client's every request does not cost a verification. */
const VERIFIED_TOKENS_MAX = 1024;

/** Answers the claims of a token with a right signature. */
export type TokenVerifier = (token: string) => ServiceAccountClaims | undefined;

/** A verifier that remembers the signatures it has seen. */
export function createTokenVerifier(crypto: Crypto, keys: readonly Uint8Array[]): TokenVerifier {
  const verified = new Map<string, ServiceAccountClaims>();
  return (token) => {
    const known = verified.get(token);
    if (known) return known;
    const claims = verifyToken(crypto, keys, token);
    if (!claims) return undefined;
    if (verified.size >= VERIFIED_TOKENS_MAX) verified.clear();
    verified.set(token, claims);
    return claims;
  };
}

/** What checking a token needs. */
export interface TokenContext {
  readonly verify: TokenVerifier;
  readonly issuers: readonly string[];
  readonly caches: WatchCaches;
  readonly nowMs: number;
}

function isAlive(caches: WatchCaches, kindName: string, namespace: string, reference: BoundReference): boolean {
  const kind = kindByGroupKind('', kindName);
  const version = kind && caches.of(kind).get(storageKey(kind, reference.name, namespace));
  return version !== undefined && version.object.metadata.uid === reference.uid;
}

/** The claims of a token that holds now for one of the audiences; undefined otherwise. */
export function checkToken(context: TokenContext, token: string, audiences: readonly string[]): ServiceAccountClaims | undefined {
  const claims = context.verify(token);
  if (!claims || !context.issuers.includes(claims.iss)) return undefined;
  const seconds = context.nowMs / 1000;
  if (seconds >= claims.exp || seconds < claims.nbf) return undefined;
  if (!audiences.some((audience) => claims.aud.includes(audience))) return undefined;
  const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
  if (!isAlive(context.caches, 'ServiceAccount', namespace, serviceaccount)) return undefined;
  if (pod && !isAlive(context.caches, 'Pod', namespace, pod)) return undefined;
  if (secret && !isAlive(context.caches, 'Secret', namespace, secret)) return undefined;
  if (node && !pod && !isAlive(context.caches, 'Node', '', node)) return undefined;
  return claims;
}

/** The user a service account is. */
export function serviceAccountUser(claims: ServiceAccountClaims): User {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] };
  if (node) {
    extra['authentication.kubernetes.io/node-name'] = [node.name];
    extra['authentication.kubernetes.io/node-uid'] = [node.uid];
  }
  if (pod) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
  }
  return {
    name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra,
  };
}
