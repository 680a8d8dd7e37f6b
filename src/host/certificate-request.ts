/** Certificate signing requests (PKCS #10, RFC 2986) with P-256 keys: made, and read if the key they name has signed them. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { CertificateRequest, CertificateRequestTemplate, PrivateKey } from './crypto.ts';
import { der, derBits, derInteger, derOid, oidText, readDer, TAG } from './der.ts';
import type { Ecdsa } from './ecdsa.ts';
import {
  derName,
  derPublicKey,
  derSignature,
  derSubjectAltName,
  publicKeyOf,
  rawSignature,
  readExtensions,
  readName,
  signatureAlgorithm,
} from './x509.ts';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';

/** A request for a certificate over the key's public half, signed by the key. */
export function makeCertificateRequest(ecdsa: Ecdsa, template: CertificateRequestTemplate, key: PrivateKey): Uint8Array {
  const names = derSubjectAltName(template);
  const attributes = names ? der(0xa0, der(TAG.sequence, derOid(EXTENSION_REQUEST), der(TAG.set, der(TAG.sequence, names)))) : der(0xa0);
  const info = der(TAG.sequence, derInteger(Uint8Array.of(0)), derName(template.subject), derPublicKey(key.publicKey), attributes);
  return der(TAG.sequence, info, signatureAlgorithm(), derBits(derSignature(ecdsa.sign(sha256(info), key.secret))));
}

/** Reads a request. Throws an Error where it is malformed, its key is none on P-256, or another key has signed it. */
export function parseCertificateRequest(ecdsa: Ecdsa, bytes: Uint8Array): CertificateRequest {
  const [outer] = readDer(bytes);
  const [info, , signature] = outer?.tag === TAG.sequence ? readDer(outer.content) : [];
  const [, subject, spki, attributes] = info ? readDer(info.content) : [];
  if (!info || !signature || !subject || !spki) throw new Error('asn1: structure error: malformed certificate request');
  const algorithm = readDer(readDer(spki.content)[0]!.content)[0]!;
  if (oidText(algorithm.content) !== EC_PUBLIC_KEY) throw new Error('x509: only keys on the curve P-256 are signed here');
  const publicKey = publicKeyOf(spki.whole);
  if (!ecdsa.verify(rawSignature(signature.content.slice(1)), sha256(info.whole), publicKey))
    throw new Error('x509: ECDSA verification failure');
  const wanted = (attributes ? readDer(attributes.content) : []).map((attribute) => readDer(attribute.content));
  const extensions = wanted.find(([oid]) => oidText(oid!.content) === EXTENSION_REQUEST)?.[1];
  const { dnsNames, ipAddresses } = readExtensions(extensions);
  return { subject: readName(subject), publicKey, dnsNames, ipAddresses };
}
