import { beforeEach, describe, expect, it } from 'vitest';
import { requestInfoOf } from '../../../src/apiserver/request-info.ts';
import { startLab, type Lab } from './lab/server.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const student = { name: 'student', groups: ['students'] };
const kubelet = { name: 'system:node:worker-1', groups: ['system:nodes'] };
const pods = '/api/v1/namespaces/default/pods';

async function must(lab: Lab, path: string, body: object): Promise<{ metadata: { uid: string } }> {
  const told = await lab.ask({ method: 'POST', path, body });
  if (told.status !== 201) throw new Error(told.text);
  return told.json;
}

describe('what a request is about', () => {
  it.each([
    ['GET', '/api/v1/namespaces/default/pods', 'list', 'default', 'pods', '', ''],
    ['GET', '/api/v1/pods?watch=1', 'watch', '', 'pods', '', ''],
    ['GET', '/api/v1/namespaces/default/pods/web/log?follow=true', 'get', 'default', 'pods', 'web', 'log'],
    ['PUT', '/api/v1/namespaces/default/finalize', 'update', 'default', 'namespaces', 'default', 'finalize'],
    ['DELETE', '/apis/apps/v1/namespaces/x/deployments', 'deletecollection', 'x', 'deployments', '', ''],
    ['GET', '/api/v1/nodes?fieldSelector=metadata.name%3Dworker-1', 'list', '', 'nodes', 'worker-1', ''],
    ['GET', '/api/v1/namespaces/default', 'get', 'default', 'namespaces', 'default', ''],
  ])('%s %s', (method, path, verb, namespace, resource, name, subresource) => {
    expect(requestInfoOf(method, path)).toMatchObject({ isResource: true, verb, namespace, resource, name, subresource });
  });

  it('takes paths outside the resources by their method', () => {
    expect(requestInfoOf('GET', '/apis/apps/v1')).toMatchObject({ isResource: false, verb: 'get', path: '/apis/apps/v1' });
  });
});

describe('access', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab({ config: { staticTokens: [{ token: 'abc', user: 'static', uid: '7', groups: ['readers'] }] } });
    await must(lab, '/api/v1/namespaces/default/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default' },
    });
  });

  it('is refused in the words of Kubernetes, and granted at once by a binding', async () => {
    const before = await lab.ask({ path: pods, as: student });
    expect(before.json.message).toBe(
      'pods is forbidden: User "student" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    await must(lab, `${rbac}/namespaces/default/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'students' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'students' }],
    });
    expect((await lab.ask({ path: pods, as: student })).status).toBe(200);
    expect((await lab.ask({ path: '/api/v1/namespaces/kube-system/pods', as: student })).status).toBe(403);
    expect((await lab.ask({ path: '/api/v1/namespaces/default/secrets', as: student })).status).toBe(403);
  });

  it('knows static tokens, refuses unknown ones, and takes nobody for anonymous', async () => {
    const who = await lab.ask({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      as: null,
      headers: { authorization: 'Bearer abc' },
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });
    expect(who.json.status.userInfo).toEqual({ username: 'static', uid: '7', groups: ['readers', 'system:authenticated'] });
    expect((await lab.ask({ path: pods, as: null, headers: { authorization: 'Bearer no' } })).status).toBe(401);
    expect((await lab.ask({ path: pods, as: null })).json.message).toContain('User "system:anonymous" cannot list');
    expect((await lab.ask({ path: '/readyz', as: null })).status).toBe(200);
  });

  it('signs tokens that authenticate until they expire or their pod is gone', async () => {
    const pod = await must(lab, pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'one' },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    });
    const spec = { expirationSeconds: 600, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'one', uid: pod.metadata.uid } };
    const asked = await lab.ask({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts/default/token',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
    });
    expect(asked.status, asked.text).toBe(201);
    const headers = { authorization: `Bearer ${asked.json.status.token}` };
    const refused = await lab.ask({ path: pods, as: null, headers });
    expect(refused.json.message).toContain('User "system:serviceaccount:default:default" cannot list resource "pods"');
    const tampered = { authorization: `${headers.authorization.slice(0, -4)}AAAA` };
    expect((await lab.ask({ path: pods, as: null, headers: tampered })).status).toBe(401);
    await lab.ask({ method: 'DELETE', path: `${pods}/one?gracePeriodSeconds=0` });
    expect((await lab.ask({ path: pods, as: null, headers })).status).toBe(401);
    const unbound = await lab.ask({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts/default/token',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
    });
    const later = { authorization: `Bearer ${unbound.json.status.token}` };
    expect((await lab.ask({ path: pods, as: null, headers: later })).status).toBe(403);
    await lab.clock.advance(601_000);
    expect((await lab.ask({ path: pods, as: null, headers: later })).status).toBe(401);
  });

  it('takes bootstrap tokens from kube-system until they expire', async () => {
    const data = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      expiration: '2026-01-02T04:00:00Z',
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    };
    await must(lab, '/api/v1/namespaces/kube-system/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bootstrap-token-abcdef' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: data,
    });
    const ask = {
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      as: null,
      headers: { authorization: 'Bearer abcdef.0123456789abcdef' },
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    } as const;
    const who = await lab.ask(ask);
    expect(who.json.status.userInfo).toEqual({
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token', 'system:authenticated'],
    });
    await lab.clock.advance(3_600_000);
    expect((await lab.ask(ask)).status).toBe(401);
  });

  it('lets a kubelet see its own pods, what they name, its own node, and nothing else', async () => {
    const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
    await must(lab, '/api/v1/nodes', node('worker-2'));
    const created = await lab.ask({ method: 'POST', path: '/api/v1/nodes', as: kubelet, body: node('worker-1') });
    expect(created.json.spec.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    expect((await lab.ask({ path: '/api/v1/nodes/worker-2', as: kubelet })).json.message).toBe(
      'nodes "worker-2" is forbidden: User "system:node:worker-1" cannot get resource "nodes" in API group "" at the cluster scope: node \'worker-1\' cannot read \'worker-2\', only its own Node object',
    );
    const taint = await lab.ask({
      method: 'PATCH',
      path: '/api/v1/nodes/worker-1',
      as: kubelet,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { spec: { taints: null } },
    });
    expect(taint.json.message).toBe('nodes "worker-1" is forbidden: node "worker-1" is not allowed to modify taints');
    const own = `${pods}?fieldSelector=spec.nodeName%3Dworker-1`;
    expect((await lab.ask({ path: own, as: kubelet })).status).toBe(200);
    expect((await lab.ask({ path: pods, as: kubelet })).status).toBe(403);
    await must(lab, '/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } });
    const secret = { path: '/api/v1/namespaces/default/secrets/key', as: kubelet };
    expect((await lab.ask(secret)).json.message).toContain("no relationship found between node 'worker-1' and this object");
    await must(lab, pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { nodeName: 'worker-1', volumes: [{ name: 'v', secret: { secretName: 'key' } }], containers: [{ name: 'c', image: 'x' }] },
    });
    expect((await lab.ask(secret)).status).toBe(200);
    const plain = await lab.ask({
      method: 'POST',
      path: pods,
      as: kubelet,
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'mine' },
        spec: { nodeName: 'worker-1', containers: [{ name: 'c', image: 'x' }] },
      },
    });
    expect(plain.json.message).toContain('node "worker-1" can only create mirror pods');
  });

  it('gives the scheduler what it needs and no more', async () => {
    const scheduler = { name: 'system:kube-scheduler', groups: [] };
    await must(lab, pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'one' },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    });
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'one' }, target: { kind: 'Node', name: 'worker-1' } };
    expect((await lab.ask({ method: 'POST', path: `${pods}/one/binding`, as: scheduler, body: binding })).status).toBe(201);
    expect((await lab.ask({ path: '/api/v1/secrets', as: scheduler })).status).toBe(403);
    expect((await lab.ask({ method: 'DELETE', path: '/api/v1/nodes/x', as: scheduler })).status).toBe(403);
  });

  it('lets nobody grant what he does not have', async () => {
    const role = (name: string, verbs: string[]) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
    });
    await must(lab, `${rbac}/namespaces/default/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'students' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'students' }],
    });
    const roles = `${rbac}/namespaces/default/roles`;
    expect((await lab.ask({ method: 'POST', path: roles, as: student, body: role('reader', ['get', 'list']) })).status).toBe(201);
    const refused = await lab.ask({ method: 'POST', path: roles, as: student, body: role('evil', ['get', 'impersonate', 'fly']) });
    expect(refused.status).toBe(403);
    expect(refused.json.message).toBe(
      'roles.rbac.authorization.k8s.io "evil" is forbidden: user "student" (groups=["students" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["impersonate" "fly"]}',
    );
    const binding = (name: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: `give-${name}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'friend' }],
    });
    expect(
      (await lab.ask({ method: 'POST', path: `${rbac}/namespaces/default/rolebindings`, as: student, body: binding('view') })).status,
    ).toBe(201);
    expect(
      (await lab.ask({ method: 'POST', path: `${rbac}/namespaces/default/rolebindings`, as: student, body: binding('cluster-admin') }))
        .status,
    ).toBe(403);
  });

  it('answers what a user may do', async () => {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: 'system:kube-scheduler',
        resourceAttributes: { verb: 'create', resource: 'pods', subresource: 'binding', namespace: 'default' },
      },
    };
    const told = await lab.ask({ method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', body: review });
    expect(told.json.status).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:kube-scheduler" of ClusterRole "system:kube-scheduler" to User "system:kube-scheduler"',
    });
  });
});
