/** What was done between the recorded requests: by the recorder, and by controllers and kubelets that are not here. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A request made before the recording of the given id is replayed. */
export interface SetupStep {
  readonly before: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly patch?: 'merge' | 'strategic';
  /** Sent with the recorder's name; else by a controller. */
  readonly agent?: string;
}

const ns = '/api/v1/namespaces/oracle';
const configMap = (name: string, data: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
});
const kcm = 'kube-controller-manager/v1.33.13';
const node = (name: string, taints: object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  spec: { taints },
  status: { addresses: [{ type: 'InternalIP', address: '10.0.0.21' }] },
});
/** What the stand-in kubelet of the recording wrote of the pod `one`. */
const recordedPod = JSON.parse(
  readFileSync(join(import.meta.dirname, 'http/095-pod-get.json'), 'utf8')
    .replaceAll('<time>', '2026-01-02T03:04:05Z')
    .replaceAll('<podIP>', '10.244.1.3'),
) as { body: { status: { conditions: { type: string }[] } } };
// The scheduler's own condition came with the binding.
const running = {
  status: {
    ...recordedPod.body.status,
    conditions: recordedPod.body.status.conditions.filter((condition) => condition.type !== 'PodScheduled'),
  },
};

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1.27' }] } },
  },
};

/** The steps in order. */
export const setupSteps: readonly SetupStep[] = [
  {
    before: 'root',
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    agent: 'kubeadm/v1.33.1',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'kubeadm:cluster-admins' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'kubeadm:cluster-admins' }],
    },
  },
  ...['control-plane', 'worker-1', 'worker-2'].map((name) => ({
    before: 'root',
    method: 'POST',
    path: '/api/v1/nodes',
    body: node(name),
    agent: 'kubelet/v1.33.13',
  })),
  {
    before: 'pod-create',
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'oracle' } },
    agent: 'oracle/1.0',
  },
  {
    before: 'pod-create',
    method: 'POST',
    path: `${ns}/serviceaccounts`,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
    agent: kcm,
  },
  {
    before: 'pod-create',
    method: 'POST',
    path: `${ns}/configmaps`,
    agent: kcm,
    body: configMap(
      'kube-root-ca.crt',
      { 'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      {
        annotations: {
          'kubernetes.io/description':
            'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
        },
      },
    ),
  },
  {
    before: 'pod-get',
    method: 'POST',
    path: `${ns}/pods/one/binding`,
    body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'one' }, target: { kind: 'Node', name: 'worker-1' } },
  },
  { before: 'pod-get', method: 'PATCH', path: `${ns}/pods/one/status`, patch: 'strategic', body: running, agent: 'kubelet/v1.33.13' },
  {
    before: 'deployment-selector-immutable',
    method: 'POST',
    path: '/apis/apps/v1/namespaces/oracle/deployments',
    body: deployment,
    agent: 'oracle/1.0',
  },
  ...[1, 2, 3, 4, 5].map((n) => ({
    before: 'list-page-1',
    method: 'POST',
    path: `${ns}/configmaps`,
    body: configMap(`page-${n}`, { n: String(n) }, { labels: { set: 'page' } }),
    agent: 'oracle/1.0',
  })),
  {
    before: 'binding',
    method: 'POST',
    path: `${ns}/pods`,
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'unbound' },
      spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'nginx' }] },
    },
    agent: 'oracle/1.0',
  },
  {
    before: 'table-pods',
    method: 'POST',
    path: `${ns}/services`,
    body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } },
    agent: 'oracle/1.0',
  },
  {
    before: 'table-pods',
    method: 'POST',
    path: `${ns}/secrets`,
    body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sec' }, stringData: { a: 'b' } },
    agent: 'oracle/1.0',
  },
  {
    before: 'delete-finalizer',
    method: 'POST',
    path: `${ns}/configmaps`,
    body: configMap('held', {}, { finalizers: ['example.com/hold'] }),
    agent: 'oracle/1.0',
  },
];

/** Writes made while a recorded watch was running. */
export const duringWatch: Readonly<Record<string, readonly Omit<SetupStep, 'before'>[]>> = {
  'watch-bookmark': [
    { method: 'POST', path: `${ns}/configmaps`, body: configMap('watched', { a: '1' }), agent: 'oracle/1.0' },
    { method: 'PATCH', path: `${ns}/configmaps/watched`, patch: 'merge', body: { data: { a: '2' } }, agent: 'oracle/1.0' },
    { method: 'DELETE', path: `${ns}/configmaps/watched`, agent: 'oracle/1.0' },
  ],
  'watch-selector-leaves': [
    {
      method: 'PATCH',
      path: `${ns}/configmaps/page-5`,
      patch: 'merge',
      body: { metadata: { labels: { set: 'other' } } },
      agent: 'oracle/1.0',
    },
  ],
};

/** Recordings that hang on kinds or controllers which are not here, and say nothing about the server by itself. */
export const notComparable: ReadonlySet<string> = new Set([
  'eviction-429',
  'quota-exceeded',
  'log-two-containers',
  'version',
  'anonymous-version',
  'accept-protobuf',
]);
