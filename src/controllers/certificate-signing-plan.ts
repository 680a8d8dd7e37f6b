/** What the built-in signers sign (kube-controller-manager certificates/signer, authority): whose names, which usages, for how long. Pure. */
import type { CertificateSigningRequest } from '#api';
import type { CertificateRequest, CertificateTemplate } from '#host';

/** Certificates are valid this long unless less is asked for, and begin a little in the past, for clocks that are behind. */
const DURATION_MS = 365 * 24 * 3_600_000;
const BACKDATE_MS = 5 * 60_000;
const SHORTEST_MS = 600_000;

const clientUsages = ['client auth', 'digital signature', 'key encipherment'];
const servingUsages = ['digital signature', 'key encipherment', 'server auth'];

function usagesError(wanted: readonly string[], required: string, allowed: readonly string[]): string | undefined {
  if (wanted.includes(required) && wanted.every((usage) => allowed.includes(usage))) return undefined;
  return `invalid usages for this signer: [${[...wanted].sort().join(' ')}]`;
}

function nodeError({ subject }: CertificateRequest): string | undefined {
  const { organizations, commonName } = subject;
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes') return 'subject organization is not system:nodes';
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';
}

/** What a signer finds wrong; undefined when it signs. */
type Judge = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

const hasNames = ({ dnsNames, ipAddresses }: CertificateRequest): boolean => dnsNames.length + ipAddresses.length > 0;

/** The signers of kube-controller-manager. */
const signers: Readonly<Record<string, Judge>> = {
  'kubernetes.io/kube-apiserver-client': (_, usages) => usagesError(usages, 'client auth', clientUsages),
  'kubernetes.io/kube-apiserver-client-kubelet': (request, usages) =>
    nodeError(request) ??
    (hasNames(request) ? 'DNS, email, IP and URI subjectAltNames are not allowed' : undefined) ??
    usagesError(usages, 'client auth', clientUsages),
  'kubernetes.io/kubelet-serving': (request, usages) =>
    nodeError(request) ??
    (hasNames(request) ? undefined : 'DNS or IP subjectAltName is required') ??
    usagesError(usages, 'server auth', servingUsages),
  'kubernetes.io/legacy-unknown': () => undefined,
};

/** Whether a request is approved, not answered yet, and for a signer of this controller. */
export function isToBeSigned({ spec, status }: CertificateSigningRequest): boolean {
  const has = (type: string): boolean => status?.conditions?.some((condition) => condition.type === type) === true;
  return has('Approved') && !has('Denied') && !has('Failed') && !status?.certificate && spec.signerName in signers;
}

/** The certificate a request gets, or why it gets none. `notAfterMs` is when the authority's own ends. */
export function planCertificate(
  { spec }: CertificateSigningRequest,
  request: CertificateRequest,
  nowMs: number,
  notAfterMs: number,
): CertificateTemplate | { readonly problem: string } {
  const usages = spec.usages ?? [];
  const problem = signers[spec.signerName]?.(request, usages);
  if (problem) return { problem };
  const wantedMs = spec.expirationSeconds === undefined ? DURATION_MS : Math.max(spec.expirationSeconds * 1_000, SHORTEST_MS);
  const { subject, dnsNames, ipAddresses } = request;
  return {
    subject,
    dnsNames,
    ipAddresses,
    usages: (['client auth', 'server auth'] as const).filter((usage) => usages.includes(usage)),
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: Math.min(nowMs + Math.min(wantedMs, DURATION_MS), notAfterMs),
  };
}
