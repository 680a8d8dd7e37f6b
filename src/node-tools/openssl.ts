/** openssl x509: -in FILE -noout -text -subject -issuer -dates -startdate -enddate -serial, and -checkend. Everything else of openssl is left out. */
import { FileError, type Certificate, type DistinguishedName, type Process, type Program } from '#host';
import { resolvePath } from '#shell';
import { readAll } from '#host';

const MONTHS: readonly string[] = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Jan  5 08:55:00 2026 GMT`. */
function dateText(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${MONTHS[Number(iso.slice(5, 7)) - 1]!} ${String(Number(iso.slice(8, 10))).padStart(2)} ${iso.slice(11, 19)} ${iso.slice(0, 4)} GMT`;
}

const nameText = ({ commonName, organizations }: DistinguishedName): string =>
  [...organizations.map((organization) => `O = ${organization}`), `CN = ${commonName}`].join(', ');

const hexLines = (bytes: Uint8Array, indent: string): string => {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const lines: string[] = [];
  for (let at = 0; at < pairs.length; at += 15)
    lines.push(`${indent}${pairs.slice(at, at + 15).join(':')}${at + 15 < pairs.length ? ':' : ''}`);
  return lines.join('\n');
};

/** `serial` as openssl writes long numbers: pairs of digits. */
const serialPairs = (serial: string): string => (serial.length % 2 ? `0${serial}` : serial).replace(/(..)(?=.)/g, '$1:').toLowerCase();

function fullText({
  serial,
  issuer,
  subject,
  notBeforeMs,
  notAfterMs,
  publicKey,
  isCa,
  usages,
  dnsNames,
  ipAddresses,
}: Certificate): string {
  const usageTexts = { 'server auth': 'TLS Web Server Authentication', 'client auth': 'TLS Web Client Authentication' };
  const names = [...dnsNames.map((name) => `DNS:${name}`), ...ipAddresses.map((address) => `IP Address:${address}`)];
  return [
    'Certificate:',
    '    Data:',
    '        Version: 3 (0x2)',
    `        Serial Number:\n            ${serialPairs(serial)}`,
    '        Signature Algorithm: ecdsa-with-SHA256',
    `        Issuer: ${nameText(issuer)}`,
    '        Validity',
    `            Not Before: ${dateText(notBeforeMs)}`,
    `            Not After : ${dateText(notAfterMs)}`,
    `        Subject: ${nameText(subject)}`,
    '        Subject Public Key Info:',
    '            Public Key Algorithm: id-ecPublicKey',
    '                Public-Key: (256 bit)',
    '                pub:',
    hexLines(publicKey, '                    '),
    '                ASN1 OID: prime256v1',
    '                NIST CURVE: P-256',
    '        X509v3 extensions:',
    `            X509v3 Key Usage: critical\n                ${isCa ? 'Digital Signature, Key Encipherment, Certificate Sign' : 'Digital Signature, Key Encipherment'}`,
    ...(usages.length > 0
      ? [`            X509v3 Extended Key Usage: \n                ${usages.map((usage) => usageTexts[usage]).join(', ')}`]
      : []),
    `            X509v3 Basic Constraints: critical\n                CA:${isCa ? 'TRUE' : 'FALSE'}`,
    ...(names.length > 0 ? [`            X509v3 Subject Alternative Name: \n                ${names.join(', ')}`] : []),
    '',
  ].join('\n');
}

async function x509(process: Process, words: readonly string[]): Promise<number> {
  const valueOf = (name: string): string | undefined => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
  const path = valueOf('-in');
  let pem: string;
  try {
    pem = path === undefined ? await readAll(process.stdin) : process.files.readText(resolvePath(process.cwd, path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.stderr.write(
      `Could not open file or uri for loading certificate from ${path ?? ''}: ${error.message[0]!.toUpperCase()}${error.message.slice(1)}\nUnable to load certificate\n`,
    );
    return 1;
  }
  let certificate: Certificate | undefined;
  try {
    [certificate] = process.crypto.certificatesFromPem(pem);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  if (!certificate) {
    await process.stderr.write(`Could not read certificate from ${path ?? '<stdin>'}\nUnable to load certificate\n`);
    return 1;
  }
  const lines: string[] = [];
  for (const word of words) {
    if (word === '-text') lines.push(fullText(certificate).trimEnd());
    else if (word === '-subject') lines.push(`subject=${nameText(certificate.subject)}`);
    else if (word === '-issuer') lines.push(`issuer=${nameText(certificate.issuer)}`);
    else if (word === '-serial') lines.push(`serial=${serialPairs(certificate.serial).replaceAll(':', '').toUpperCase()}`);
    if (word === '-dates' || word === '-startdate') lines.push(`notBefore=${dateText(certificate.notBeforeMs)}`);
    if (word === '-dates' || word === '-enddate') lines.push(`notAfter=${dateText(certificate.notAfterMs)}`);
    if (word === '-ext')
      lines.push(
        `X509v3 Subject Alternative Name: \n    ${[...certificate.dnsNames.map((name) => `DNS:${name}`), ...certificate.ipAddresses.map((address) => `IP Address:${address}`)].join(', ')}`,
      );
  }
  if (!words.includes('-noout')) lines.push(process.crypto.certificatesToPem([certificate]).trimEnd());
  if (lines.length > 0) await process.stdout.write(`${lines.join('\n')}\n`);
  const seconds = valueOf('-checkend');
  if (seconds === undefined) return 0;
  const expires = certificate.notAfterMs < process.clock.wallMs() + Number(seconds) * 1_000;
  await process.stdout.write(`Certificate will ${expires ? '' : 'not '}expire\n`);
  return expires ? 1 : 0;
}

/** The program. */
export const openssl: Program = async (process) => {
  const [command, ...words] = process.argv;
  if (command === 'x509') return x509(process, words);
  if (command === 'version') {
    await process.stdout.write('OpenSSL 3.0.13 30 Jan 2024 (Library: OpenSSL 3.0.13 30 Jan 2024)\n');
    return 0;
  }
  await process.stderr.write(`Invalid command '${command ?? ''}'; the lab has x509 and version.\n`);
  return 1;
};
