/**
 * The TLS handshake as far as the lab has one: chains are presented and keys are proved once per connection; what follows is not
 * encrypted. Texts of failures are Go's crypto/tls and crypto/x509.
 */
import type { Certificate, Crypto, Identity } from './crypto.ts';
import type { ClientHello, ServerHello } from './packets.ts';
import { createNewest } from './newest.ts';

const NONCE_BYTES = 16;

const join = (...parts: Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

/** Goes up from the leaf to one of `roots`; a sentence of crypto/x509 if it cannot, undefined if it can. */
function whyUntrusted(
  chain: readonly Certificate[],
  roots: readonly Certificate[],
  usage: 'client auth' | 'server auth',
  wallMs: number,
  crypto: VerifyCache,
): string | undefined {
  const leaf = chain[0];
  if (!leaf) return 'tls: no certificates configured';
  if (wallMs > leaf.notAfterMs)
    return `x509: certificate has expired or is not yet valid: current time ${isoSeconds(wallMs)} is after ${isoSeconds(leaf.notAfterMs)}`;
  if (wallMs < leaf.notBeforeMs)
    return `x509: certificate has expired or is not yet valid: current time ${isoSeconds(wallMs)} is before ${isoSeconds(leaf.notBeforeMs)}`;
  if (!leaf.usages.includes(usage)) return 'x509: certificate specifies an incompatible key usage';
  let below = leaf;
  for (let depth = 0; depth < 5; depth++) {
    const child = below;
    const root = roots.find(
      (candidate) => candidate.isCa && candidate.subject.commonName === child.issuer.commonName && crypto.signed(candidate, child),
    );
    if (root) return wallMs > root.notAfterMs ? 'x509: certificate has expired or is not yet valid' : undefined;
    const intermediate = chain.find(
      (candidate) =>
        candidate !== child &&
        candidate.isCa &&
        candidate.subject.commonName === child.issuer.commonName &&
        crypto.signed(candidate, child),
    );
    if (!intermediate) return 'x509: certificate signed by unknown authority';
    below = intermediate;
  }
  return 'x509: too many intermediates for path building';
}

const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function whyWrongName(leaf: Certificate, serverName: string): string | undefined {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(serverName)) {
    if (leaf.ipAddresses.includes(serverName)) return undefined;
    return leaf.ipAddresses.length > 0
      ? `x509: certificate is valid for ${leaf.ipAddresses.join(', ')}, not ${serverName}`
      : `x509: cannot validate certificate for ${serverName} because it doesn't contain any IP SANs`;
  }
  const matches = (pattern: string): boolean =>
    pattern === serverName || (pattern.startsWith('*.') && serverName.slice(serverName.indexOf('.')) === pattern.slice(1));
  if (leaf.dnsNames.some(matches)) return undefined;
  return leaf.dnsNames.length > 0
    ? `x509: certificate is valid for ${leaf.dnsNames.join(', ')}, not ${serverName}`
    : `x509: certificate is not valid for any names, but wanted to match ${serverName}`;
}

/** Parses and checks certificates once; the same chain is presented again and again. */
export interface VerifyCache {
  parse(der: Uint8Array): Certificate;
  signed(issuer: Certificate, certificate: Certificate): boolean;
}

/** A cache over `crypto`, bounded, for one machine. */
export function createVerifyCache(crypto: Crypto): VerifyCache {
  const parsed = createNewest<Certificate>();
  const verdicts = createNewest<boolean>();
  const nameOf = (der: Uint8Array): string => {
    let text = '';
    for (const byte of der) text += String.fromCharCode(byte);
    return text;
  };
  return {
    parse(der) {
      const name = nameOf(der);
      let certificate = parsed.get(name);
      if (!certificate) {
        certificate = crypto.parseCertificate(der);
        parsed.set(name, certificate);
      }
      return certificate;
    },
    signed(issuer, certificate) {
      const name = `${nameOf(issuer.der)}|${nameOf(certificate.der)}`;
      let verdict = verdicts.get(name);
      if (verdict === undefined) {
        verdict = crypto.isSignedBy(certificate, issuer);
        verdicts.set(name, verdict);
      }
      return verdict;
    },
  };
}

/** What a client begins with. */
export const clientHello = (serverName: string, randomBytes: (length: number) => Uint8Array): ClientHello => ({
  nonce: randomBytes(NONCE_BYTES),
  serverName,
});

/** What a server with `identity` answers. */
export function serverHello(
  hello: ClientHello,
  identity: Identity,
  wantsCertificate: boolean,
  crypto: Crypto,
  randomBytes: (length: number) => Uint8Array,
): ServerHello {
  const nonce = randomBytes(NONCE_BYTES);
  return {
    nonce,
    chain: identity.chain.map((certificate) => certificate.der),
    signature: crypto.sign(identity.key, join(hello.nonce, nonce)),
    wantsCertificate,
  };
}

/** What a client finds wrong with the server's answer; undefined: nothing. */
export function whyServerRefused(
  sent: ClientHello,
  answer: ServerHello,
  roots: readonly Certificate[],
  crypto: Crypto,
  cache: VerifyCache,
  wallMs: number,
): string | undefined {
  const chain = answer.chain.map((der) => cache.parse(der));
  const leaf = chain[0];
  if (!leaf) return 'tls: received empty certificates message';
  const untrusted = whyUntrusted(chain, roots, 'server auth', wallMs, cache) ?? whyWrongName(leaf, sent.serverName);
  if (untrusted) return `tls: failed to verify certificate: ${untrusted}`;
  if (!crypto.verify(leaf.publicKey, answer.signature, join(sent.nonce, answer.nonce)))
    return 'tls: invalid signature by the server certificate: ECDSA verification failure';
  return undefined;
}

/** The client's certificate message: its chain and the proof of its key, or nothing to show. */
export function clientCertificate(
  sent: ClientHello,
  answer: ServerHello,
  identity: Identity | undefined,
  crypto: Crypto,
): { chain: Uint8Array[]; signature: Uint8Array } {
  if (!identity || !answer.wantsCertificate) return { chain: [], signature: new Uint8Array(0) };
  return {
    chain: identity.chain.map((certificate) => certificate.der),
    signature: crypto.sign(identity.key, join(answer.nonce, sent.nonce)),
  };
}

/** The verdict of the server on a client's certificate: the leaf, nothing (and why it does not count), or the alert. */
export function checkClient(
  hello: ClientHello,
  answer: ServerHello,
  shown: { chain: readonly Uint8Array[]; signature: Uint8Array },
  rules: { clientCas: readonly Certificate[]; required: boolean },
  crypto: Crypto,
  cache: VerifyCache,
  wallMs: number,
): { certificate: Certificate | undefined; problem?: string } | { alert: string } {
  if (shown.chain.length === 0) return rules.required ? { alert: 'remote error: tls: certificate required' } : { certificate: undefined };
  const chain = shown.chain.map((der) => cache.parse(der));
  const untrusted = whyUntrusted(chain, rules.clientCas, 'client auth', wallMs, cache);
  if (untrusted && !rules.required) return { certificate: undefined, problem: untrusted };
  if (untrusted)
    return {
      alert: untrusted.includes('expired') ? 'remote error: tls: expired certificate' : 'remote error: tls: unknown certificate authority',
    };
  if (!crypto.verify(chain[0]!.publicKey, shown.signature, join(answer.nonce, hello.nonce)))
    return { alert: 'remote error: tls: error decrypting message' };
  return { certificate: chain[0]! };
}
