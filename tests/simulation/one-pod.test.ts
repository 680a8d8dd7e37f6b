/** One pod, end to end: a cluster of one control plane and one worker, a manifest typed by a student, power cuts. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BOOT_LIMIT_MS, bootedCluster, hereDocument, isRunningAndReady, READY_LIMIT_MS, type Student } from './student.ts';

const MANIFEST = `
apiVersion: v1
kind: Pod
metadata:
  name: site
  labels:
    app: site
spec:
  containers:
  - name: web
    image: nginx:1.27
    ports:
    - containerPort: 80
    volumeMounts:
    - name: pages
      mountPath: /usr/share/nginx/html
  - name: writer
    image: busybox:1.36
    command: ["sh", "-c", "echo run-$RANDOM > /pages/run; while true; do date > /pages/index.html; echo wrote; sleep 5; done"]
    volumeMounts:
    - name: pages
      mountPath: /pages
  volumes:
  - name: pages
    emptyDir: {}
`;

const SERVICE = `
apiVersion: v1
kind: Service
metadata:
  name: site
spec:
  selector:
    app: site
  ports:
  - port: 80
`;

const POD = '/api/v1/namespaces/default/pods/site';

describe('one pod on one control plane and one worker', () => {
  let student: Student;
  let uid = '';

  beforeAll(async () => {
    student = await bootedCluster('one pod');
  }, BOOT_LIMIT_MS);

  it('becomes Running with both containers ready after kubectl apply of a typed manifest', async () => {
    await student.sh(hereDocument('pod.yaml', MANIFEST));
    expect(await student.sh('kubectl apply -f pod.yaml')).toBe('pod/site created\n');
    await student.eventually('the pod is ready', 30_000, async () => isRunningAndReady(await student.read(POD)));
    uid = (await student.read(POD))!.metadata.uid;
    expect(uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(await student.sh('kubectl apply -f pod.yaml')).toBe('pod/site unchanged\n');
  });

  it('is shown by get, describe, logs and exec as by a real cluster', async () => {
    const [header, row] = (await student.sh('kubectl get pods -o wide')).split('\n');
    expect(header).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/);
    expect(row).toMatch(/^site +2\/2 +Running +0 +\d+s +10\.244\.1\.\d+ +worker-1 +<none> +<none>$/);
    const described = await student.sh('kubectl describe pod site');
    for (const line of [
      /^Name: +site$/m,
      /^Namespace: +default$/m,
      /^Priority: +0$/m,
      /^Service Account: +default$/m,
      /^Node: +worker-1\/10\.0\.0\.41$/m,
      /^Labels: +app=site$/m,
      /^Status: +Running$/m,
      /^ {2}writer:$/m,
      /^ {4}Image: +nginx:1\.27$/m,
      /^ {6}\/usr\/share\/nginx\/html from pages \(rw\)$/m,
      /^ {4}Type: +EmptyDir \(a temporary directory that shares a pod's lifetime\)$/m,
      /^ +Normal +Scheduled +\S+ +default-scheduler +Successfully assigned default\/site to worker-1$/m,
      /^ +Normal +Started +\S+ +kubelet +Started container writer$/m,
    ])
      expect(described).toMatch(line);
    expect(await student.sh('kubectl logs site -c writer')).toMatch(/^(wrote\n)+$/);
    expect(await student.sh('kubectl exec site -c web -- cat /usr/share/nginx/html/index.html')).toMatch(
      /^Mon Jan {2}5 09:\d\d:\d\d UTC 2026\n$/,
    );
    expect(await student.sh('kubectl exec site -c writer -- hostname')).toBe('site\n');
  });

  it('answers through its Service, whose EndpointSlice lists it', async () => {
    await student.sh(hereDocument('service.yaml', SERVICE));
    expect(await student.sh('kubectl apply -f service.yaml')).toBe('service/site created\n');
    const { podIP } = (await student.read(POD))!.status as { podIP: string };
    await student.eventually('the slice lists the pod', 10_000, async () => {
      const slices = await student.list(
        '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dsite',
      );
      const endpoints = slices.flatMap((slice) => slice['endpoints'] as { addresses: string[] }[]);
      return endpoints.some(({ addresses }) => addresses.includes(podIP));
    });
    await student.simulation.run(1_000);
    expect(await student.sh('kubectl exec site -c writer -- wget -qO- http://site/')).toMatch(/UTC 2026\n$/);
  });

  it('runs on while the control plane has no power, and is the same pod when power is back', async () => {
    const written = await student.sh('kubectl exec site -c web -- cat /usr/share/nginx/html/run');
    await student.powerOff('control-plane');
    const answer = await student.attempt('kubectl get pods', 5_000);
    expect(answer?.exitCode ?? 'hangs').not.toBe(0);
    await student.simulation.run(60_000);
    await student.powerOn('control-plane');
    await student.eventually(
      'the API server answers',
      60_000,
      async () => (await student.attempt('kubectl get nodes', 5_000))?.exitCode === 0,
    );
    await student.eventually('the pod is ready', 60_000, async () => isRunningAndReady(await student.read(POD)));
    const pod = (await student.read(POD))!;
    expect(pod.metadata.uid).toBe(uid);
    expect(pod.status.containerStatuses.map(({ restartCount }: { restartCount: number }) => restartCount)).toEqual([0, 0]);
    expect(await student.sh('kubectl exec site -c web -- cat /usr/share/nginx/html/run')).toBe(written);
    // It wrote a line every five seconds of the minute nobody could ask.
    expect((await student.sh('kubectl logs site -c writer --tail=12')).split('\n').length).toBe(13);
  });

  it('is all back, with the same uid, after a power cut of every machine at once', async () => {
    const before = await student.list('/api/v1/namespaces/default/pods');
    const machines = ['control-plane', 'worker-1', 'load-balancer'];
    await student.powerOff(...machines);
    await student.simulation.run(30_000);
    await student.powerOn(...machines);
    await student.eventually(
      'the API server answers',
      READY_LIMIT_MS,
      async () => (await student.attempt('kubectl get nodes', 5_000))?.exitCode === 0,
    );
    await student.eventually('the containers run again', 120_000, async () => {
      const pod = await student.read(POD);
      return (
        isRunningAndReady(pod) && pod!.status.containerStatuses.every(({ restartCount }: { restartCount: number }) => restartCount > 0)
      );
    });
    const after = await student.list('/api/v1/namespaces/default/pods');
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid));
    expect((await student.list('/api/v1/namespaces/default/services')).map(({ metadata }) => metadata.name)).toContain('site');
    expect(await student.sh('kubectl exec site -c writer -- cat /pages/run')).toMatch(/^run-\d+\n$/);
  });

  it('is refused with the texts of kubectl and the API server when its manifest is wrong, and nothing changes', async () => {
    const { metadata } = (await student.read(POD))!;
    const broken = await student.attempt(
      "printf 'apiVersion: v1\\nkind: Pod\\nmetadata:\\n  name: Bad_Name\\nspec:\\n  containers:\\n  - name: web\\n' | kubectl apply -f -",
      10_000,
    );
    expect(broken).toMatchObject({ exitCode: 1, stdout: '' });
    expect(broken!.stderr).toContain('The Pod "Bad_Name" is invalid');
    expect(broken!.stderr).toContain('spec.containers[0].image: Required value');
    expect((await student.list('/api/v1/namespaces/default/pods')).map((pod) => pod.metadata.uid)).toEqual([metadata.uid]);
  });
});
