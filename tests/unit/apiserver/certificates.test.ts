/** Signing requests at the API server: who asks is noted, deciding takes a right of its own, and nobody becomes an administrator by them. */
import { createCrypto, seededRandom } from '#host';
import { describe, expect, it } from 'vitest';
import { startLab } from './lab/server.ts';

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const crypto = createCrypto(seededRandom('csr'));
const body = (organizations: string[]) => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'jane' },
  spec: {
    request: btoa(crypto.certificateRequestToPem({ subject: { commonName: 'jane', organizations } }, crypto.generateKey())),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    username: 'somebody-else',
  },
});

describe('signing requests', () => {
  it('tell who asks, whatever they claim', async () => {
    const lab = await startLab();
    const { json } = await lab.ask({ method: 'POST', path, body: body(['developers']) });
    expect([json.spec.username, json.spec.groups]).toEqual(['kubernetes-admin', ['system:masters', 'system:authenticated']]);
  });

  it('are approved only by those who may approve for their signer', async () => {
    const lab = await startLab();
    const { json } = await lab.ask({ method: 'POST', path, body: body(['developers']) });
    const rules = [{ apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] }];
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const name = { name: 'updater' };
    await lab.ask({
      method: 'POST',
      path: `${rbac}/clusterroles`,
      body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: name, rules },
    });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'updater' };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'student' }];
    await lab.ask({
      method: 'POST',
      path: `${rbac}/clusterrolebindings`,
      body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: name, roleRef, subjects },
    });
    const approved = { ...json, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'KubectlApprove' }] } };
    const as = { name: 'student', groups: ['students'] };
    const refused = await lab.ask({ method: 'PUT', path: `${path}/jane/approval`, body: approved, as });
    expect(refused.json.message).toBe(
      'certificatesigningrequests.certificates.k8s.io "jane" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    );
    expect((await lab.ask({ method: 'PUT', path: `${path}/jane/approval`, body: approved })).status).toBe(200);
  });

  it('ask for no place among the administrators', async () => {
    const lab = await startLab();
    const { json } = await lab.ask({ method: 'POST', path, body: body(['system:masters']) });
    expect(json.message).toContain('use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed');
  });
});
