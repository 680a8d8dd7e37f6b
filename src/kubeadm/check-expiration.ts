/** `kubeadm certs check-expiration`: the certificates and authorities of this machine with what is left of them. */
import { shortHumanDuration } from '#apimachinery';
import type { Process } from '#host';
import { parse } from 'yaml';
import { PKI_DIRECTORY } from './pki.ts';

const CERTIFICATES: readonly (readonly [string, string])[] = [
  ['apiserver', 'ca'],
  ['apiserver-etcd-client', 'etcd-ca'],
  ['apiserver-kubelet-client', 'ca'],
  ['etcd/healthcheck-client', 'etcd-ca'],
  ['etcd/peer', 'etcd-ca'],
  ['etcd/server', 'etcd-ca'],
  ['front-proxy-client', 'front-proxy-ca'],
];
const KUBECONFIGS: readonly string[] = ['admin.conf', 'controller-manager.conf', 'scheduler.conf', 'super-admin.conf'];
const AUTHORITIES: readonly (readonly [string, string])[] = [
  ['ca', 'ca'],
  ['etcd/ca', 'etcd-ca'],
  ['front-proxy-ca', 'front-proxy-ca'],
];
const MONTHS: readonly string[] = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dateText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}, ${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
}

/** Residual time in one unit, as kubeadm prints it: 364d, 9y. */
const residual = (ms: number): string => (ms < 0 ? '<invalid>' : shortHumanDuration(ms));

interface KubeconfigUsers {
  readonly users?: readonly { readonly user?: { readonly 'client-certificate-data'?: string } }[];
}

/** The two tables. */
export function checkExpiration({ files, crypto, clock }: Process): string {
  const nowMs = clock.wallMs();
  const endOf = (pem: string): number => crypto.certificatesFromPem(pem)[0]!.notAfterMs;
  const row = (name: string, notAfterMs: number | undefined, authority: string): string =>
    notAfterMs === undefined
      ? `!MISSING! ${name}`
      : `${name.padEnd(26)} ${dateText(notAfterMs).padEnd(24)} ${residual(notAfterMs - nowMs).padEnd(15)} ${authority.padEnd(23)} no`;
  const ofFile = (name: string): number | undefined =>
    files.stat(`${PKI_DIRECTORY}/${name}.crt`) ? endOf(files.readText(`${PKI_DIRECTORY}/${name}.crt`)) : undefined;
  const ofKubeconfig = (name: string): number | undefined => {
    const path = `/etc/kubernetes/${name}`;
    if (!files.stat(path)) return undefined;
    const data = (parse(files.readText(path)) as KubeconfigUsers).users?.[0]?.user?.['client-certificate-data'];
    return data ? endOf(atob(data)) : undefined;
  };
  const leaves: [string, string][] = [
    ...CERTIFICATES.map(([name, ca]): [string, string] => [name, row(name.replace('/', '-'), ofFile(name), ca)]),
    ...KUBECONFIGS.map((name): [string, string] => [name, row(name, ofKubeconfig(name), 'ca')]),
  ];
  leaves.sort(([a], [b]) => (a.replace('/', '-') < b.replace('/', '-') ? -1 : 1));
  const authorities = AUTHORITIES.map(([path, name]) => {
    const end = ofFile(path);
    return end === undefined
      ? `!MISSING! ${name}`
      : `${name.padEnd(23)} ${dateText(end).padEnd(24)} ${residual(end - nowMs).padEnd(15)} no`;
  });
  return [
    'CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED',
    ...leaves.map(([, line]) => line),
    '',
    'CERTIFICATE AUTHORITY   EXPIRES                  RESIDUAL TIME   EXTERNALLY MANAGED',
    ...authorities,
    '',
  ].join('\n');
}
