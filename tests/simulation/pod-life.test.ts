/** What a node does with its pods: containers added while they run, live configuration, memory and disk that run out. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BOOT_LIMIT_MS, bootedCluster, hereDocument, isRunningAndReady, type Student } from './student.ts';

const PODS = '/api/v1/namespaces/default/pods';

const pod = (name: string, container: string): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
${container.replace(/^/gm, '    ')}`;

const CONFIGURED = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  color: blue
---${pod(
  'configured',
  `image: busybox:1.36
command: ["sleep", "36000"]
volumeMounts:
- {name: settings, mountPath: /settings}
- {name: settings, mountPath: /fixed, subPath: color}`,
)}
  volumes:
  - name: settings
    configMap: {name: settings}
`;

describe('pods on a node', () => {
  let student: Student;
  const apply = async (text: string): Promise<void> => {
    await student.sh(hereDocument('pod.yaml', text));
    await student.sh('kubectl apply -f pod.yaml');
  };
  const ready = (name: string): Promise<number> =>
    student.eventually(`${name} is ready`, 60_000, async () => isRunningAndReady(await student.read(`${PODS}/${name}`)));
  const condition = async (type: string): Promise<string> =>
    ((await student.read('/api/v1/nodes/worker-1'))!.status.conditions as { type: string; status: string }[]).find(
      (candidate) => candidate.type === type,
    )!.status;
  const tainted = async (key: string): Promise<boolean> =>
    (((await student.read('/api/v1/nodes/worker-1'))!.spec.taints ?? []) as { key: string }[]).some((taint) => taint.key === key);

  beforeAll(async () => {
    student = await bootedCluster('pod life', { controlPlanes: 1, workers: 1 });
  }, BOOT_LIMIT_MS);

  it('see a changed ConfigMap in their volume, but not where they mounted a single file of it', async () => {
    await apply(CONFIGURED);
    await ready('configured');
    await student.sh(`kubectl patch configmap settings -p '{"data":{"color":"red","size":"big"}}'`);
    await student.eventually(
      'the file has changed',
      120_000,
      async () => (await student.sh('kubectl exec configured -- cat /settings/color')) === 'red',
    );
    expect(await student.sh('kubectl exec configured -- ls /settings')).toBe('color\nsize\n');
    expect(await student.sh('kubectl exec configured -- cat /fixed')).toBe('blue');
    expect(await student.sh('kubectl exec configured -- ls -l /settings')).toContain('color -> ..data/color\n');
  });

  it('take an ephemeral container while they run, which is started once', async () => {
    const body = JSON.stringify({
      spec: {
        ephemeralContainers: [
          { name: 'debugger', image: 'busybox:1.36', command: ['sh', '-c', 'echo looking; hostname; sleep 2; exit 4'] },
        ],
      },
    });
    const response = await student.settle(
      student.lab.fetch(`${PODS}/configured/ephemeralcontainers`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/strategic-merge-patch+json' },
        body,
      }),
    );
    expect(response.status).toBe(200);
    const statusOf = async () => (await student.read(`${PODS}/configured`))!.status.ephemeralContainerStatuses?.[0];
    await student.eventually('it runs', 20_000, async () => (await statusOf())?.state?.running !== undefined);
    await student.eventually('it has ended', 20_000, async () => (await statusOf())?.state?.terminated?.exitCode === 4);
    await student.simulation.run(60_000);
    expect(await statusOf()).toMatchObject({ name: 'debugger', ready: false, restartCount: 0, state: { terminated: { exitCode: 4 } } });
    expect(await student.sh('kubectl logs configured -c debugger')).toBe('looking\nconfigured\n');
    expect((await student.read(`${PODS}/configured`))!.status.phase).toBe('Running');
    expect(await student.sh('kubectl get events --field-selector reason=Started')).toMatch(/Started container debugger/);
  });

  it('are evicted when the memory of the node runs out, the largest beyond its request first', async () => {
    await apply(pod('small', 'image: polinux/stress\ncommand: ["stress"]\nargs: ["--vm", "1", "--vm-bytes", "500M"]'));
    await ready('small');
    await apply(pod('large', 'image: polinux/stress\ncommand: ["stress"]\nargs: ["--vm", "1", "--vm-bytes", "7500M"]'));
    await student.eventually('large is evicted', 60_000, async () => (await student.read(`${PODS}/large`))!.status.reason === 'Evicted');
    expect(await condition('MemoryPressure')).toBe('True');
    const { status } = (await student.read(`${PODS}/large`))!;
    expect(status.phase).toBe('Failed');
    expect(status.message).toMatch(
      /^The node was low on resource: memory\. Threshold quantity: 100Mi, available: \w+\. Container main was using \w+, request is 0, has larger consumption of memory\. $/,
    );
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    );
    expect(isRunningAndReady(await student.read(`${PODS}/small`))).toBe(true);
    expect(await student.sh('kubectl describe pod large')).toMatch(
      /^Status: +Failed\nReason: +Evicted\nMessage: +The node was low on resource: memory\./m,
    );
    await student.eventually('the node is tainted', 20_000, () => tainted('node.kubernetes.io/memory-pressure'));
    await student.sh('kubectl delete pod large small');
    await student.simulation.run(330_000);
    expect(await condition('MemoryPressure')).toBe('False');
  });

  it('are evicted and refused while the disk of the node is full', async () => {
    await student.settle(student.lab.disk.fault('worker-1', 'full'));
    await student.eventually('the node is short of disk', 40_000, async () => (await condition('DiskPressure')) === 'True');
    await student.eventually(
      'the pod is evicted',
      60_000,
      async () => (await student.read(`${PODS}/configured`))!.status.reason === 'Evicted',
    );
    expect((await student.read(`${PODS}/configured`))!.status.message).toMatch(
      /^The node was low on resource: ephemeral-storage\. Threshold quantity: 10Gi, available: 0\. Container main was using 24Ki, /,
    );
    await apply(pod('late', 'image: busybox:1.36').replace('spec:', 'spec:\n  nodeName: worker-1'));
    await student.eventually('it is refused', 20_000, async () => (await student.read(`${PODS}/late`))!.status.phase === 'Failed');
    expect((await student.read(`${PODS}/late`))!.status).toMatchObject({
      reason: 'Evicted',
      message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
    });
    await student.settle(student.lab.disk.fault('worker-1', 'none'));
    await student.simulation.run(330_000);
    expect(await condition('DiskPressure')).toBe('False');
  });
});
