/** The body of `Crypto`, the same everywhere: pure JavaScript (noble), synchronous; keys from the given random stream. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Certificate, Crypto, PrivateKey } from './crypto.ts';
import { der, derBits, derInteger, derOid, readDer, TAG } from './der.ts';
import { createEcdsa, SECRET_SEED_BYTES, type Ecdsa } from './ecdsa.ts';
import type { Random } from './random.ts';
import { makeCertificateRequest, parseCertificateRequest } from './certificate-request.ts';
import { derPublicKey, isSignedBy, issueCertificate, parseCertificate, publicKeyOf } from './x509.ts';

const toPem = (label: string, bytes: Uint8Array): string => {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `-----BEGIN ${label}-----\n${btoa(binary).replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;
};

function fromPem(pem: string, label: string): Uint8Array[] {
  const blocks = pem.matchAll(new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, 'g'));
  return Array.from(blocks, ([, body]) => Uint8Array.from(atob(body!.replace(/\s+/g, '')), (character) => character.charCodeAt(0)));
}

const SERIAL_BYTES = 8;

/** The public point is reckoned when somebody asks for it: who only signs with a key that it read never does. */
function keyOf(ecdsa: Ecdsa, secret: Uint8Array): PrivateKey {
  let publicKey: Uint8Array | undefined;
  return {
    secret,
    get publicKey() {
      return (publicKey ??= ecdsa.publicKeyOf(secret));
    },
  };
}

/** Cryptography over `random`. Those that share an `ecdsa` share what it reckons with beforehand. */
export function createCrypto(random: Random, ecdsa: Ecdsa = createEcdsa()): Crypto {
  return {
    generateKey: () => keyOf(ecdsa, ecdsa.secretFrom(random.bytes(SECRET_SEED_BYTES))),
    sign: (key, message) => ecdsa.sign(sha256(message), key.secret),
    verify: (publicKey, signature, message) => ecdsa.verify(signature, sha256(message), publicKey),
    sha256: (message) => sha256(typeof message === 'string' ? new TextEncoder().encode(message) : message),
    hmacSha256: (key, message) => hmac(sha256, key, message),
    issueCertificate: (template, publicKey, issuerKey, issuer) =>
      issueCertificate(ecdsa, template, publicKey, issuerKey, issuer, random.bytes(SERIAL_BYTES)),
    isSignedBy: (certificate, issuer) => isSignedBy(ecdsa, certificate, issuer),
    parseCertificate,
    certificateRequestToPem: (template, key) => toPem('CERTIFICATE REQUEST', makeCertificateRequest(ecdsa, template, key)),
    certificateRequestFromPem(pem) {
      const block = fromPem(pem, 'CERTIFICATE REQUEST')[0] ?? fromPem(pem, 'NEW CERTIFICATE REQUEST')[0];
      if (!block) throw new Error('PEM block type must be CERTIFICATE REQUEST');
      return parseCertificateRequest(ecdsa, block);
    },
    certificatesToPem: (certificates) => certificates.map((certificate) => toPem('CERTIFICATE', certificate.der)).join(''),
    certificatesFromPem: (pem): Certificate[] => fromPem(pem, 'CERTIFICATE').map(parseCertificate),
    keyToPem: (key) =>
      toPem(
        'EC PRIVATE KEY',
        der(
          TAG.sequence,
          derInteger(Uint8Array.of(1)),
          der(TAG.octetString, key.secret),
          der(0xa0, derOid('1.2.840.10045.3.1.7')),
          der(0xa1, derBits(key.publicKey)),
        ),
      ),
    keyFromPem(pem) {
      const block = fromPem(pem, 'EC PRIVATE KEY')[0];
      const secret = block && readDer(readDer(block)[0]!.content)[1]?.content;
      if (!secret || secret.length !== 32) throw new Error('tls: failed to find any PEM data in key input');
      return keyOf(ecdsa, secret.slice());
    },
    publicKeyToPem: (publicKey) => toPem('PUBLIC KEY', derPublicKey(publicKey)),
    publicKeyFromPem(pem) {
      const block = fromPem(pem, 'PUBLIC KEY')[0];
      if (!block) throw new Error('no PUBLIC KEY block found');
      return publicKeyOf(block);
    },
  };
}
