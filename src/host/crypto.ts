/**
 * Cryptography, synchronous and pure JavaScript, so that it also runs on plain http and replays in the simulator:
 * ECDSA P-256 keys and X.509 certificates (DER), SHA-256, HMAC, JSON Web Tokens' ES256 signatures.
 */

/** A P-256 private key: 32 bytes. */
export interface PrivateKey {
  readonly secret: Uint8Array;
  /** Uncompressed public point, 65 bytes. */
  readonly publicKey: Uint8Array;
}

/** The subject or issuer of a certificate; user name and groups of a Kubernetes client. */
export interface DistinguishedName {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** A parsed certificate. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly serial: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: Uint8Array;
  readonly isCa: boolean;
  readonly usages: readonly ('client auth' | 'server auth')[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** What a certificate is made from. */
export interface CertificateTemplate {
  readonly subject: DistinguishedName;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isCa?: boolean;
  readonly usages?: readonly ('client auth' | 'server auth')[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** What a signing request is made from. */
export type CertificateRequestTemplate = Pick<CertificateTemplate, 'subject' | 'dnsNames' | 'ipAddresses'>;

/** A parsed signing request, whose key has signed it. */
export type CertificateRequest = Pick<Certificate, 'subject' | 'publicKey' | 'dnsNames' | 'ipAddresses'>;

/** A chain (leaf first) and its key: what a dialer or listener proves itself with. */
export interface Identity {
  readonly chain: readonly Certificate[];
  readonly key: PrivateKey;
}

/** Cryptography of one process; keys come from its own random stream. */
export interface Crypto {
  generateKey(): PrivateKey;
  /** ES256: 64 bytes r‖s over SHA-256 of `message`. */
  sign(key: PrivateKey, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean;
  sha256(message: Uint8Array | string): Uint8Array;
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** Signs a certificate for `publicKey`; `issuer` undefined makes a self-signed one with `issuerKey`. */
  issueCertificate(template: CertificateTemplate, publicKey: Uint8Array, issuerKey: PrivateKey, issuer?: Certificate): Certificate;
  /** Whether `issuer`'s key made the signature on `certificate`. */
  isSignedBy(certificate: Certificate, issuer: Certificate): boolean;
  /** Throws an Error whose message says what is wrong with the DER. */
  parseCertificate(der: Uint8Array): Certificate;
  /** A PEM block `CERTIFICATE REQUEST` for the key, signed by it. */
  certificateRequestToPem(template: CertificateRequestTemplate, key: PrivateKey): string;
  /** Throws an Error where the PEM holds no request, or one that its own key has not signed. */
  certificateRequestFromPem(pem: string): CertificateRequest;
  /** A PEM block per certificate; label `CERTIFICATE`. */
  certificatesToPem(certificates: readonly Certificate[]): string;
  certificatesFromPem(pem: string): Certificate[];
  /** SEC 1 `EC PRIVATE KEY`. */
  keyToPem(key: PrivateKey): string;
  keyFromPem(pem: string): PrivateKey;
  /** PKIX `PUBLIC KEY`. */
  publicKeyToPem(publicKey: Uint8Array): string;
  publicKeyFromPem(pem: string): Uint8Array;
}
