/** kubeadm's phase `certs`: the CAs and every certificate below /etc/kubernetes/pki, for one host. P-256 instead of RSA 2048 (see DIFFERENCES). */
import type { Certificate, CertificateTemplate, Crypto, PrivateKey } from '#host';
import { KUBERNETES_SERVICE_ADDRESS, type ClusterConfiguration, type ClusterHost, type PhaseFile, type PhaseFiles } from '../cluster-configuration.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;
/** kubeadm's validity: CAs ten years, the rest one. */
const CA_VALIDITY_MS = 10 * YEAR_MS;
/** Certificates are valid from a little before, so that machines whose clocks differ a bit still agree. */
const BACKDATE_MS = 5 * 60 * 1_000;

/** A certificate with its key. */
export interface KeyPair {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

/** What the whole cluster shares. */
export interface ClusterPki {
  readonly ca: KeyPair;
  readonly etcdCa: KeyPair;
  readonly frontProxyCa: KeyPair;
  /** Signs service account tokens. */
  readonly serviceAccountKey: PrivateKey;
}

/** Makes the CAs and the service account key. The same `crypto` stream gives the same ones. */
export function createClusterPki(crypto: Crypto, createdWallMs: number): ClusterPki {
  const authority = (commonName: string): KeyPair => {
    const key = crypto.generateKey();
    const template: CertificateTemplate = { subject: { commonName, organizations: [] }, notBeforeMs: createdWallMs - BACKDATE_MS, notAfterMs: createdWallMs + CA_VALIDITY_MS, isCa: true, dnsNames: [commonName] };
    return { key, certificate: crypto.issueCertificate(template, key.publicKey, key) };
  };
  return { ca: authority('kubernetes'), etcdCa: authority('etcd-ca'), frontProxyCa: authority('front-proxy-ca'), serviceAccountKey: crypto.generateKey() };
}

/** A certificate of one year below `authority`. */
export function issueBelow(authority: KeyPair, crypto: Crypto, createdWallMs: number, template: Omit<CertificateTemplate, 'notBeforeMs' | 'notAfterMs'>): KeyPair {
  const key = crypto.generateKey();
  const validity = { notBeforeMs: createdWallMs - BACKDATE_MS, notAfterMs: createdWallMs + YEAR_MS };
  return { key, certificate: crypto.issueCertificate({ ...template, ...validity }, key.publicKey, authority.key, authority.certificate) };
}

const certificateFile = (content: string): PhaseFile => ({ content, mode: 0o644 });
const keyFile = (content: string): PhaseFile => ({ content, mode: 0o600 });

function pairFiles(crypto: Crypto, stem: string, pair: KeyPair): Record<string, PhaseFile> {
  return { [`/etc/kubernetes/pki/${stem}.crt`]: certificateFile(crypto.certificatesToPem([pair.certificate])), [`/etc/kubernetes/pki/${stem}.key`]: keyFile(crypto.keyToPem(pair.key)) };
}

/** Certificates of an etcd host: the etcd CA, server, peer and health-check client. */
export function etcdCertificates(configuration: ClusterConfiguration, host: ClusterHost, pki: ClusterPki, crypto: Crypto): PhaseFiles {
  const names = { dnsNames: ['localhost', host.name], ipAddresses: [host.address, '127.0.0.1'] };
  const issue = (commonName: string, organizations: string[], usages: CertificateTemplate['usages'], sans: object): KeyPair =>
    issueBelow(pki.etcdCa, crypto, configuration.createdWallMs, { subject: { commonName, organizations }, ...(usages ? { usages } : {}), ...sans });
  return {
    ...pairFiles(crypto, 'etcd/ca', pki.etcdCa),
    ...pairFiles(crypto, 'etcd/server', issue(host.name, [], ['server auth', 'client auth'], names)),
    ...pairFiles(crypto, 'etcd/peer', issue(host.name, [], ['server auth', 'client auth'], names)),
    ...pairFiles(crypto, 'etcd/healthcheck-client', issue('kube-etcd-healthcheck-client', [], ['client auth'], {})),
  };
}

/** Certificates of a control-plane host, without etcd's own. */
export function controlPlaneCertificates(configuration: ClusterConfiguration, host: ClusterHost, pki: ClusterPki, crypto: Crypto): PhaseFiles {
  const { createdWallMs, dnsDomain, endpointAddress } = configuration;
  const apiServer = issueBelow(pki.ca, crypto, createdWallMs, {
    subject: { commonName: 'kube-apiserver', organizations: [] },
    usages: ['server auth'],
    dnsNames: [host.name, 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${dnsDomain}`, 'localhost'],
    ipAddresses: [KUBERNETES_SERVICE_ADDRESS, host.address, endpointAddress, '127.0.0.1'],
  });
  const client = (authority: KeyPair, commonName: string, organizations: string[]): KeyPair =>
    issueBelow(authority, crypto, createdWallMs, { subject: { commonName, organizations }, usages: ['client auth'] });
  return {
    ...pairFiles(crypto, 'ca', pki.ca),
    ...pairFiles(crypto, 'apiserver', apiServer),
    ...pairFiles(crypto, 'apiserver-kubelet-client', client(pki.ca, 'kube-apiserver-kubelet-client', ['kubeadm:cluster-admins'])),
    ...pairFiles(crypto, 'front-proxy-ca', pki.frontProxyCa),
    ...pairFiles(crypto, 'front-proxy-client', client(pki.frontProxyCa, 'front-proxy-client', [])),
    ...pairFiles(crypto, 'apiserver-etcd-client', client(pki.etcdCa, 'kube-apiserver-etcd-client', [])),
    '/etc/kubernetes/pki/etcd/ca.crt': certificateFile(crypto.certificatesToPem([pki.etcdCa.certificate])),
    '/etc/kubernetes/pki/sa.key': keyFile(crypto.keyToPem(pki.serviceAccountKey)),
    '/etc/kubernetes/pki/sa.pub': keyFile(crypto.publicKeyToPem(pki.serviceAccountKey.publicKey)),
  };
}
