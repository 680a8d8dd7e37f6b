/** X.509 version 3 certificates with P-256 keys (RFC 5280, RFC 5480): made, read, and checked for who signed them. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Certificate, CertificateTemplate, DistinguishedName, PrivateKey } from './crypto.ts';
import { der, derBits, derInteger, derOid, derText, derTime, oidText, readDer, TAG, timeMs, type DerValue } from './der.ts';
import type { Ecdsa } from './ecdsa.ts';

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecPublicKey: '1.2.840.10045.2.1',
  p256: '1.2.840.10045.3.1.7',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** The one algorithm that signatures here are made by. */
export const signatureAlgorithm = (): Uint8Array => der(TAG.sequence, derOid(OID.ecdsaSha256));

/** A name, its organizations first. */
export function derName(name: DistinguishedName): Uint8Array {
  const attribute = (oid: string, text: string): Uint8Array => der(TAG.set, der(TAG.sequence, derOid(oid), derText(text)));
  return der(
    TAG.sequence,
    ...name.organizations.map((organization) => attribute(OID.organization, organization)),
    attribute(OID.commonName, name.commonName),
  );
}

/** SubjectPublicKeyInfo of an uncompressed P-256 point. */
export function derPublicKey(publicKey: Uint8Array): Uint8Array {
  return der(TAG.sequence, der(TAG.sequence, derOid(OID.ecPublicKey), derOid(OID.p256)), derBits(publicKey));
}

/** The point in a SubjectPublicKeyInfo. */
export function publicKeyOf(spki: Uint8Array): Uint8Array {
  const [algorithm, bits] = readDer(readDer(spki)[0]!.content);
  const [, curve] = readDer(algorithm!.content);
  if (!curve || oidText(curve.content) !== OID.p256 || !bits) throw new Error('x509: unsupported elliptic curve');
  return bits.content.slice(1);
}

/** ECDSA-Sig-Value (RFC 3279) of r‖s. */
export const derSignature = (signature: Uint8Array): Uint8Array =>
  der(TAG.sequence, derInteger(signature.subarray(0, 32)), derInteger(signature.subarray(32)));
/** r‖s of an ECDSA-Sig-Value. */
export function rawSignature(encoded: Uint8Array): Uint8Array {
  const raw = new Uint8Array(64);
  readDer(readDer(encoded)[0]!.content).forEach(({ content }, index) => {
    const trimmed = content.length > 32 ? content.subarray(content.length - 32) : content;
    raw.set(trimmed, index * 32 + 32 - trimmed.length);
  });
  return raw;
}

function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return der(TAG.sequence, derOid(oid), ...(critical ? [der(TAG.boolean, Uint8Array.of(0xff))] : []), der(TAG.octetString, value));
}

/** The extension with alternative names; undefined for none. */
export function derSubjectAltName({
  dnsNames = [],
  ipAddresses = [],
}: Pick<CertificateTemplate, 'dnsNames' | 'ipAddresses'>): Uint8Array | undefined {
  const names = [
    ...dnsNames.map((name) => der(0x82, new TextEncoder().encode(name))),
    ...ipAddresses.map((address) => der(0x87, Uint8Array.from(address.split('.').map(Number)))),
  ];
  return names.length > 0 ? extension(OID.subjectAltName, false, der(TAG.sequence, ...names)) : undefined;
}

function extensions(template: CertificateTemplate): Uint8Array {
  const list = [
    // keyUsage: digitalSignature and keyEncipherment; a CA signs certificates as well.
    extension(OID.keyUsage, true, derBits(Uint8Array.of(template.isCa ? 0xa4 : 0xa0), template.isCa ? 2 : 5)),
    extension(OID.basicConstraints, true, der(TAG.sequence, ...(template.isCa ? [der(TAG.boolean, Uint8Array.of(0xff))] : []))),
  ];
  if (template.usages?.length) {
    const oids = template.usages.map((usage) => derOid(usage === 'client auth' ? OID.clientAuth : OID.serverAuth));
    list.push(extension(OID.extendedKeyUsage, false, der(TAG.sequence, ...oids)));
  }
  const names = derSubjectAltName(template);
  if (names) list.push(names);
  return der(0xa3, der(TAG.sequence, ...list));
}

/** A certificate over `publicKey`, signed by `issuerKey` in the name of `issuer` (undefined: the subject itself). */
export function issueCertificate(
  ecdsa: Ecdsa,
  template: CertificateTemplate,
  publicKey: Uint8Array,
  issuerKey: PrivateKey,
  issuer: Certificate | undefined,
  serial: Uint8Array,
): Certificate {
  const tbs = der(
    TAG.sequence,
    der(0xa0, derInteger(Uint8Array.of(2))),
    derInteger(serial),
    signatureAlgorithm(),
    derName(issuer?.subject ?? template.subject),
    der(TAG.sequence, derTime(template.notBeforeMs), derTime(template.notAfterMs)),
    derName(template.subject),
    derPublicKey(publicKey),
    extensions(template),
  );
  const signature = ecdsa.sign(sha256(tbs), issuerKey.secret);
  return parseCertificate(der(TAG.sequence, tbs, signatureAlgorithm(), derBits(derSignature(signature))));
}

/** A name; attributes other than organization and common name are left out. */
export function readName(value: DerValue): DistinguishedName {
  let commonName = '';
  const organizations: string[] = [];
  for (const set of readDer(value.content)) {
    for (const attribute of readDer(set.content)) {
      const [oid, text] = readDer(attribute.content);
      const decoded = new TextDecoder().decode(text!.content);
      if (oidText(oid!.content) === OID.commonName) commonName = decoded;
      else if (oidText(oid!.content) === OID.organization) organizations.push(decoded);
    }
  }
  return { commonName, organizations };
}

/** What the extensions say, in the context tag or set that holds their sequence. */
export function readExtensions(value: DerValue | undefined): Pick<Certificate, 'isCa' | 'usages' | 'dnsNames' | 'ipAddresses'> {
  let isCa = false;
  const usages: ('client auth' | 'server auth')[] = [];
  const dnsNames: string[] = [];
  const ipAddresses: string[] = [];
  for (const extension of value ? readDer(readDer(value.content)[0]!.content) : []) {
    const parts = readDer(extension.content);
    const oid = oidText(parts[0]!.content);
    const content = readDer(parts.at(-1)!.content)[0]!;
    if (oid === OID.basicConstraints) isCa = readDer(content.content)[0]?.content[0] === 0xff;
    else if (oid === OID.extendedKeyUsage) {
      for (const usage of readDer(content.content)) {
        if (oidText(usage.content) === OID.clientAuth) usages.push('client auth');
        else if (oidText(usage.content) === OID.serverAuth) usages.push('server auth');
      }
    } else if (oid === OID.subjectAltName) {
      for (const name of readDer(content.content)) {
        if (name.tag === 0x82) dnsNames.push(new TextDecoder().decode(name.content));
        else if (name.tag === 0x87) ipAddresses.push(name.content.join('.'));
      }
    }
  }
  return { isCa, usages, dnsNames, ipAddresses };
}

/** Reads a certificate. Throws an Error in crypto/x509's words where it is malformed. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const outer = readDer(bytes)[0];
  if (!outer || outer.tag !== TAG.sequence) throw new Error('x509: malformed certificate');
  const fields = readDer(readDer(outer.content)[0]!.content);
  const [, serial, , issuer, validity, subject, spki] = fields;
  if (!serial || !issuer || !validity || !subject || !spki) throw new Error('x509: malformed tbs certificate');
  const [notBefore, notAfter] = readDer(validity.content);
  return {
    der: outer.whole,
    serial: Array.from(serial.content, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    subject: readName(subject),
    issuer: readName(issuer),
    notBeforeMs: timeMs(notBefore!),
    notAfterMs: timeMs(notAfter!),
    publicKey: publicKeyOf(spki.whole),
    ...readExtensions(fields.find(({ tag }) => tag === 0xa3)),
  };
}

/** Whether `issuer`'s key made the signature on `certificate`. */
export function isSignedBy(ecdsa: Ecdsa, certificate: Certificate, issuer: Certificate): boolean {
  const [tbs, , signature] = readDer(readDer(certificate.der)[0]!.content);
  return ecdsa.verify(rawSignature(signature!.content.slice(1)), sha256(tbs!.whole), issuer.publicKey);
}
