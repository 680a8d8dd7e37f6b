/** Signing requests: one that openssl made, our own, and ones whose key has not signed them. */
import { createCrypto, seededRandom } from '#host';
import { describe, expect, it } from 'vitest';

const madeByOpenssl = `-----BEGIN CERTIFICATE REQUEST-----
MIIBEzCBugIBADAkMRMwEQYDVQQKDApkZXZlbG9wZXJzMQ0wCwYDVQQDDARqYW5l
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE90Oo4VDP13hoULKFLzyhLLkwg/pN
evzzUBNHeVZK9k0adkqW/DhycL/b7hE07fyW1JVS4urOQB7mAmHl5rHEHaA0MDIG
CSqGSIb3DQEJDjElMCMwIQYDVR0RBBowGIIQamFuZS5leGFtcGxlLmNvbYcECgAA
CTAKBggqhkjOPQQDAgNIADBFAiBC7bAhjMtTAck1TF4CfgIAPd89tI57r7x+en20
Wq8vlQIhANCHWIuOMl4ITrZdJ3M2QqywXXTK4dODCH+dr6YHDF49
-----END CERTIFICATE REQUEST-----
`;
const crypto = createCrypto(seededRandom('requests'));

describe('a certificate signing request', () => {
  it('of openssl is read with its names', () => {
    const { subject, dnsNames, ipAddresses, publicKey } = crypto.certificateRequestFromPem(madeByOpenssl);
    expect(subject).toEqual({ commonName: 'jane', organizations: ['developers'] });
    expect([dnsNames, ipAddresses, publicKey.length]).toEqual([['jane.example.com'], ['10.0.0.9'], 65]);
  });

  it('of our own is read as it was made', () => {
    const key = crypto.generateKey();
    const subject = { commonName: 'system:node:worker-1', organizations: ['system:nodes'] };
    const request = crypto.certificateRequestFromPem(crypto.certificateRequestToPem({ subject, dnsNames: ['worker-1'] }, key));
    expect(request).toEqual({ subject, dnsNames: ['worker-1'], ipAddresses: [], publicKey: key.publicKey });
    const plain = crypto.certificateRequestFromPem(crypto.certificateRequestToPem({ subject }, key));
    expect([plain.dnsNames, plain.ipAddresses]).toEqual([[], []]);
  });

  it('is refused when it was changed after it was signed, and when there is none', () => {
    const changed = madeByOpenssl.replace('DARqYW5l', 'DARqb2hu');
    expect(() => crypto.certificateRequestFromPem(changed)).toThrow('x509: ECDSA verification failure');
    expect(() => crypto.certificateRequestFromPem('nonsense')).toThrow('PEM block type must be CERTIFICATE REQUEST');
  });
});
