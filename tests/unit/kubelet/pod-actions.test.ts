import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/api/index.ts';
import { computePodActions, containerHash, type ProbeResults } from '../../../src/kubelet/pod-actions.ts';
import type { RuntimePod } from '../../../src/kubelet/cri-client.ts';

const noProbes: ProbeResults = { liveness: () => undefined, startup: () => undefined };
const pod = (spec: object): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', uid: 'u' },
    spec: { containers: [{ name: 'a', image: 'x' }], ...spec },
    status: {},
  }) as Pod;
type Instance = { name: string; state: 'RUNNING' | 'EXITED' | 'CREATED'; exitCode?: number; sandbox?: string; image?: string; id?: string };
const runtime = (sandboxes: readonly (readonly [string, boolean])[], instances: readonly Instance[]): RuntimePod => ({
  uid: 'u',
  name: 'p',
  namespace: 'default',
  sandboxes: sandboxes.map(([id, ready], at) => ({
    id,
    metadata: { name: 'p', uid: 'u', namespace: 'default', attempt: sandboxes.length - 1 - at },
    state: ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: 0,
    labels: {},
    annotations: {},
    ip: '10.244.1.2',
    hostNetwork: false,
  })),
  containers: instances.map(({ name, state, exitCode = 0, sandbox = 's', image = 'x', id = name }) => ({
    id,
    podSandboxId: sandbox,
    metadata: { name, attempt: 0 },
    image,
    imageRef: '',
    state: `CONTAINER_${state}` as const,
    createdAt: 0,
    startedAt: 0,
    finishedAt: 0,
    exitCode,
    reason: '',
    message: '',
    mounts: [],
    logPath: '',
    labels: { 'io.kubernetes.container.name': name },
    annotations: { 'io.kubernetes.container.hash': containerHash({ name, image }) },
  })),
});
const summary = (given: Pod, known: RuntimePod | undefined, probes = noProbes): string => {
  const actions = computePodActions(given, known, probes);
  const parts = [
    actions.killPod ? 'kill pod' : '',
    actions.createSandbox ? `sandbox ${actions.attempt}` : '',
    ...actions.containersToKill.map(({ status }) => `kill ${status.metadata.name}`),
    ...actions.initContainersToStart.map(({ name }) => `init ${name}`),
    ...actions.containersToStart.map(({ name }) => `start ${name}`),
  ];
  return parts.filter(Boolean).join(', ');
};

describe('what is to be done for a pod', () => {
  const inits = {
    initContainers: [
      { name: 'i', image: 'x' },
      { name: 'j', image: 'x' },
    ],
  };
  const sidecar = { initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Always' }] };
  const ready = [['s', true]] as const;
  it.each<[string, Pod, RuntimePod | undefined, string]>([
    ['a new pod gets its sandbox and its containers', pod({}), undefined, 'sandbox 0, start a'],
    ['what runs is left alone', pod({}), runtime(ready, [{ name: 'a', state: 'RUNNING' }]), ''],
    ['what was created and never started is started', pod({}), runtime(ready, [{ name: 'a', state: 'CREATED' }]), 'start a'],
    ['a container that ended is started again', pod({}), runtime(ready, [{ name: 'a', state: 'EXITED' }]), 'start a'],
    [
      'OnFailure starts only what failed',
      pod({
        restartPolicy: 'OnFailure',
        containers: [
          { name: 'a', image: 'x' },
          { name: 'b', image: 'x' },
        ],
      }),
      runtime(ready, [
        { name: 'a', state: 'EXITED', exitCode: 1 },
        { name: 'b', state: 'EXITED' },
      ]),
      'start a',
    ],
    [
      'a pod that is done gives its sandbox up',
      pod({ restartPolicy: 'Never' }),
      runtime(ready, [{ name: 'a', state: 'EXITED', exitCode: 1 }]),
      'kill pod',
    ],
    [
      'a sandbox that is gone is made anew with the next number',
      pod({}),
      runtime([['s', false]], [{ name: 'a', state: 'EXITED', exitCode: 255 }]),
      'kill pod, sandbox 1, start a',
    ],
    [
      'a pod that is never restarted gets no new sandbox',
      pod({ restartPolicy: 'Never' }),
      runtime([['s', false]], [{ name: 'a', state: 'EXITED', exitCode: 255 }]),
      'kill pod',
    ],
    ['init containers come first', pod(inits), undefined, 'sandbox 0, init i'],
    ['the second init container waits for the first', pod(inits), runtime(ready, [{ name: 'i', state: 'RUNNING' }]), ''],
    ['the second follows the first', pod(inits), runtime(ready, [{ name: 'i', state: 'EXITED' }]), 'init j'],
    [
      'the containers follow the last',
      pod(inits),
      runtime(ready, [
        { name: 'j', state: 'EXITED' },
        { name: 'i', state: 'EXITED' },
      ]),
      'start a',
    ],
    ['an init container that failed is tried again', pod(inits), runtime(ready, [{ name: 'i', state: 'EXITED', exitCode: 1 }]), 'init i'],
    [
      'an init container that failed ends a pod that is never restarted',
      pod({ ...inits, restartPolicy: 'Never' }),
      runtime(ready, [{ name: 'i', state: 'EXITED', exitCode: 1 }]),
      'kill pod',
    ],
    ['a sidecar that runs lets the containers start', pod(sidecar), runtime(ready, [{ name: 'i', state: 'RUNNING' }]), 'start a'],
    [
      'a sidecar that ended is started again beside the containers',
      pod(sidecar),
      runtime(ready, [
        { name: 'a', state: 'RUNNING' },
        { name: 'i', state: 'EXITED' },
      ]),
      'init i',
    ],
    [
      'another image is another container',
      pod({ containers: [{ name: 'a', image: 'y' }] }),
      runtime(ready, [{ name: 'a', state: 'RUNNING' }]),
      'kill a, start a',
    ],
  ])('%s', (_name, given, known, expected) => {
    expect(summary(given, known)).toBe(expected);
  });

  it('ends what fails its liveness or startup probe', () => {
    const known = runtime(ready, [{ name: 'a', state: 'RUNNING' }]);
    expect(summary(pod({}), known, { liveness: () => false, startup: () => undefined })).toBe('kill a, start a');
    expect(summary(pod({}), known, { liveness: () => undefined, startup: () => false })).toBe('kill a, start a');
    expect(summary(pod({ restartPolicy: 'Never' }), known, { liveness: () => false, startup: () => undefined })).toBe('kill a');
  });
});
