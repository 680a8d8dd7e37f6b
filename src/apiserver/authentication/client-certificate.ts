/** Client certificates: the common name is the user, the organizations are the groups. The handshake has checked chain and expiry. */
import type { Certificate, Crypto, HeaderPairs } from '#host';
import { header } from '#host';
import type { ApiServerConfig } from '../config.ts';
import type { User } from '../core.ts';
import { toHex } from './encoding.ts';

function isSignedByOnly(certificate: Certificate, cas: readonly Certificate[], others: readonly Certificate[]): boolean {
  const names = (list: readonly Certificate[]): boolean => list.some((ca) => ca.subject.commonName === certificate.issuer.commonName);
  return names(cas) && !names(others);
}

/** The front proxy's word about its caller (--requestheader-*), if the certificate is the front proxy's. */
function proxiedUser(certificate: Certificate, config: ApiServerConfig, headers: HeaderPairs): User | undefined {
  if (!isSignedByOnly(certificate, config.requestHeaderCas, config.clientCas)) return undefined;
  const allowed = config.requestHeaderNames;
  if (allowed.length > 0 && !allowed.includes(certificate.subject.commonName)) return undefined;
  const name = header(headers, 'x-remote-user');
  if (!name) return undefined;
  return { name, groups: headers.filter(([key]) => key === 'x-remote-group').map(([, value]) => value) };
}

/** The user a connection's certificate proves; undefined when it proves none. */
export function userOfCertificate(
  certificate: Certificate | undefined,
  config: ApiServerConfig,
  headers: HeaderPairs,
  crypto: Crypto,
): User | undefined {
  if (!certificate) return undefined;
  if (isSignedByOnly(certificate, config.requestHeaderCas, config.clientCas)) return proxiedUser(certificate, config, headers);
  if (certificate.subject.commonName === '') return undefined;
  const digest = toHex(crypto.sha256(certificate.der));
  return {
    name: certificate.subject.commonName,
    groups: certificate.subject.organizations,
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] },
  };
}
