/** What the signers of the controller manager sign, and what they refuse. */
import type { CertificateSigningRequest } from '#api';
import type { CertificateRequest } from '#host';
import { describe, expect, it } from 'vitest';
import { isToBeSigned, planCertificate } from '../../../src/controllers/certificate-signing-plan.ts';

const nowMs = Date.parse('2026-01-02T03:04:05Z');
const year = 365 * 24 * 3_600_000;
const csr = (signer: string, usages: CertificateSigningRequest['spec']['usages'], more: object = {}): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'jane' },
  spec: { request: '', signerName: `kubernetes.io/${signer}`, usages, ...more },
  status: { conditions: [{ type: 'Approved', status: 'True', reason: 'KubectlApprove' }] },
});
const request = (commonName: string, organizations: string[], dnsNames: string[] = []): CertificateRequest => ({
  subject: { commonName, organizations },
  publicKey: new Uint8Array(65),
  dnsNames,
  ipAddresses: [],
});
const plan = (object: CertificateSigningRequest, of: CertificateRequest) => planCertificate(object, of, nowMs, nowMs + 10 * year);

describe('the signers', () => {
  it('give a client a certificate for a year, or for as long as it asks if that is less', () => {
    const jane = request('jane', ['developers']);
    expect(plan(csr('kube-apiserver-client', ['client auth']), jane)).toEqual({
      subject: jane.subject,
      dnsNames: [],
      ipAddresses: [],
      usages: ['client auth'],
      notBeforeMs: nowMs - 300_000,
      notAfterMs: nowMs + year,
    });
    expect(plan(csr('kube-apiserver-client', ['client auth'], { expirationSeconds: 3600 }), jane)).toMatchObject({
      notAfterMs: nowMs + 3_600_000,
    });
  });

  it('refuse usages that are not theirs, and kubelets that are none', () => {
    const jane = request('jane', ['developers']);
    expect(plan(csr('kube-apiserver-client', ['server auth', 'client auth']), jane)).toEqual({
      problem: 'invalid usages for this signer: [client auth server auth]',
    });
    expect(plan(csr('kube-apiserver-client-kubelet', ['client auth']), jane)).toEqual({
      problem: 'subject organization is not system:nodes',
    });
    const node = request('system:node:worker-1', ['system:nodes'], ['worker-1']);
    expect(plan(csr('kubelet-serving', ['server auth', 'digital signature']), node)).toMatchObject({ usages: ['server auth'] });
    expect(plan(csr('kube-apiserver-client-kubelet', ['client auth']), node)).toHaveProperty('problem');
  });

  it('look only at what is approved, unanswered and theirs', () => {
    const approved = csr('kube-apiserver-client', ['client auth']);
    expect(isToBeSigned(approved)).toBe(true);
    expect(isToBeSigned({ ...approved, status: {} })).toBe(false);
    expect(isToBeSigned({ ...approved, status: { ...approved.status, certificate: 'x' } })).toBe(false);
    expect(isToBeSigned({ ...approved, spec: { ...approved.spec, signerName: 'example.com/own' } })).toBe(false);
  });
});
