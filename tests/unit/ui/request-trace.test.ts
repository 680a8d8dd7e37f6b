import { describe, expect, test } from 'vitest';
import { commandsIn, followRequest, tookText, type Span } from '../../../src/ui/trace/hops.ts';

let ids = 0;
const uid = { deployment: 'd', replicaSet: 'r', pod: 'p' };

/** A span that begins `atMs` after the command and takes `tookMs`; machines' own clocks differ on purpose. */
function span(
  traceId: string,
  place: string,
  name: string,
  atMs: number,
  tookMs: number,
  attributes: Span['attributes'] = {},
  parent?: Span,
): Span {
  const [machine = '', component = ''] = place.split('/');
  const startMs = 5_000 * place.length + atMs;
  const spanId = `s${++ids}`;
  return {
    traceId,
    spanId,
    parentSpanId: parent?.spanId,
    machine,
    component,
    name,
    startMs,
    endMs: startMs + tookMs,
    wallMs: 1_000_000 + atMs,
    attributes,
  };
}
const written = (resource: string, name: string, objectUid: string, owner?: string, agent = 'kubectl/v1.33.1'): Span['attributes'] => ({
  'http.request.method': 'POST',
  'url.path': `/apis/${resource}`,
  'http.response.status_code': 201,
  'user_agent.original': agent,
  'enduser.id': 'kubernetes-admin',
  'k8s.verb': 'create',
  'k8s.resource': resource,
  'k8s.namespace.name': 'default',
  'k8s.object.name': name,
  'k8s.object.uid': objectUid,
  ...(owner ? { 'k8s.object.owner.uid': owner } : {}),
});

/** kubectl create deployment, as a cluster tells it whose API server stands beside a follower. */
function deployment(): Span[] {
  const root = span('t', 'workstation/kubectl', 'kubectl', 0, 4, { 'process.command_args': 'create deployment web' });
  const discovery = span('t', 'cp-1/kube-apiserver', 'get /apis', 0.5, 0.1, { 'k8s.verb': 'get' }, root);
  const main = span('t', 'cp-1/kube-apiserver', 'create deployments', 1, 2.5, written('deployments', 'web', uid.deployment), root);
  const call = span('t', 'cp-1/kube-apiserver', 'etcd create', 1.2, 2, {}, main);
  const propose = span('t', 'cp-1/etcd', 'etcdserver.propose', 1.3, 1.8, {}, call);
  const append = (machine: string, role: string, atMs: number): Span =>
    span('t', `${machine}/etcd`, 'raft.append', atMs, 0.4, { 'raft.index': 613, 'raft.term': 2, 'raft.role': role }, propose);
  const controller = (name: string): string => `kube-controller-manager/v1.33/system:serviceaccount:kube-system:${name}`;
  return [
    root,
    discovery,
    main,
    span('t', 'cp-1/kube-apiserver', 'authentication', 1, 0.1, {}, main),
    span('t', 'cp-1/kube-apiserver', 'mutating admission', 1.1, 0.1, {}, main),
    call,
    propose,
    append('cp-1', 'follower', 2),
    append('cp-2', 'leader', 1.5),
    append('cp-3', 'follower', 2.1),
    span('t', 'cp-2/etcd', 'etcdserver.apply', 2.5, 0, { 'etcd.revision': 494 }, propose),
    span('a', 'cp-3/kube-controller-manager', 'reconcile', 4, 2, {
      'controller.name': 'deployment-controller',
      'k8s.object.key': 'default/web',
    }),
    span(
      'b',
      'cp-3/kube-apiserver',
      'create replicasets',
      4.5,
      1,
      written('replicasets', 'web-7', uid.replicaSet, uid.deployment, controller('deployment-controller')),
    ),
    span('c', 'cp-3/kube-controller-manager', 'reconcile', 6, 4, {
      'controller.name': 'replicaset-controller',
      'k8s.object.key': 'default/web-7',
    }),
    span(
      'd',
      'cp-3/kube-apiserver',
      'create pods',
      6.5,
      1,
      written('pods', 'web-7-x', uid.pod, uid.replicaSet, controller('replicaset-controller')),
    ),
    span(
      'e',
      'cp-3/kube-apiserver',
      'create pods',
      6.6,
      1,
      written('pods', 'web-7-y', 'other', uid.replicaSet, controller('replicaset-controller')),
    ),
    span('f', 'cp-1/kube-scheduler', 'schedule', 8, 0.2, { 'k8s.pod.uid': uid.pod }),
    span('g', 'cp-1/kube-apiserver', 'create pods', 8.5, 1, {
      'k8s.verb': 'create',
      'k8s.resource': 'pods/binding',
      'k8s.namespace.name': 'default',
      'k8s.object.name': 'web-7-x',
    }),
    span('h', 'worker-2/kubelet', 'syncPod', 10, 900, { 'k8s.pod.uid': uid.pod }),
    span('i', 'worker-2/containerd', 'RunPodSandbox', 11, 1, { 'k8s.pod.uid': uid.pod }),
    span('j', 'worker-2/containerd', 'PullImage', 13, 850, { 'container.image.name': 'nginx' }),
    span('k', 'worker-2/containerd', 'StartContainer', 870, 1, { 'k8s.pod.uid': uid.pod, 'k8s.container.name': 'nginx' }),
    span('l', 'cp-2/kube-apiserver', 'update pods', 880, 1, {
      ...written('pods/status', 'web-7-x', uid.pod, uid.replicaSet, 'kubelet'),
      'k8s.verb': 'update',
    }),
    span('u', 'workstation/kubectl', 'kubectl', 2_000, 1, { 'process.command_args': 'get pods' }),
  ];
}

describe('a request followed', () => {
  test('lists the commands, the newest first', () => {
    expect(commandsIn(deployment()).map(({ traceId }) => traceId)).toEqual(['u', 't']);
  });

  test('goes from kubectl through the load balancer, the chain and Raft, and on to what it led to', () => {
    const spans = deployment();
    const followed = followRequest(spans, spans[0]!, 'load-balancer');
    expect(followed.hops.map(({ at, afterMs }) => [at, afterMs === undefined ? afterMs : Math.round(afterMs * 10) / 10])).toEqual([
      ['workstation', 0],
      ['load-balancer', undefined],
      ['cp-1/kube-apiserver', 1],
      ['cp-1/etcd', 1.3],
      ['cp-2/etcd', 1.5],
      ['cp-1/etcd', 2],
      ['cp-3/etcd', 2.1],
      ['cp-2/etcd', 2.5],
      ['cp-3/kube-controller-manager', 4],
      ['cp-3/kube-apiserver', 4.5],
      ['cp-3/kube-controller-manager', 6],
      ['cp-3/kube-apiserver', 6.5],
      ['cp-1/kube-scheduler', 8],
      ['cp-1/kube-apiserver', 8.5],
      ['worker-2/kubelet', 10],
      ['worker-2/containerd', 11],
      ['worker-2/containerd', 13],
      ['worker-2/containerd', 870],
      ['cp-2/kube-apiserver', 880],
    ]);
    expect([followed.ownHops, followed.earlierRequests]).toEqual([8, 1]);
    const did = followed.hops.map((hop) => hop.did);
    expect(did[2]).toBe(
      'POST /apis/deployments as kubernetes-admin: authentication 0.1 ms → mutating admission 0.1 ms → storage → answers 201.',
    );
    expect(did[3]).toContain('hands it to the leader, cp-2');
    expect(did[7]).toContain('applied as revision 494');
    expect(did[11]).toContain('create Pod web-7-x (and 1 more like it; this one is followed)');
    expect(did[16]).toBe('Pulls the image nginx.');
  });

  test('says that nobody answered where no API server has told of the command', () => {
    const spans = deployment();
    expect(followRequest(spans, spans.at(-1)!, 'load-balancer').hops.at(-1)?.did).toContain('it sent none, or nobody answered');
  });

  test('tells durations in milliseconds, long ones in seconds', () => {
    expect([tookText(0), tookText(1.26), tookText(904), tookText(1_500)]).toEqual(['0.0 ms', '1.3 ms', '904.0 ms', '1.5 s']);
  });
});
