/**
 * The bridge's second door, with TLS: kubectl sends a kubeconfig's token only to an https server. The certificate is made at each start and
 * named in the kubeconfigs that the bridge gives out.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { createCrypto, type Random } from '#host';

/** A certificate for this machine's own names, and its key. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes a certificate that signs itself, good for 127.0.0.1 and localhost. */
export function createTlsIdentity(): TlsIdentity {
  const crypto = createCrypto({ bytes: (length: number) => new Uint8Array(randomBytes(length)) } as Random);
  const key = crypto.generateKey();
  const nowMs = new Date().getTime();
  const certificate = crypto.issueCertificate(
    {
      subject: { commonName: 'tabernetes-bridge', organizations: [] },
      notBeforeMs: nowMs - DAY_MS,
      notAfterMs: nowMs + 365 * DAY_MS,
      isCa: true,
      usages: ['server auth'],
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
    },
    key.publicKey,
    key,
  );
  return { certificate: crypto.certificatesToPem([certificate]), key: crypto.keyToPem(key) };
}

/** Listens with TLS on loopback, on any free port. */
export function listenTls({ certificate, key }: TlsIdentity): Promise<{ server: Server; url: string }> {
  const server = createServer({ cert: certificate, key });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('the TLS door has no port'));
      resolve({ server, url: `https://127.0.0.1:${address.port}` });
    });
  });
}
