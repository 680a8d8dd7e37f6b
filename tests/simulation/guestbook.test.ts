/** The example application on three control planes and three workers: a web tier that finds its store by name, seen from outside, through everything that happens to it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BOOT_LIMIT_MS, bootedCluster, isRunningAndReady, type Seen, type Student } from './student.ts';

const PODS = '/api/v1/namespaces/default/pods';
const CONTROL_PLANES = ['control-plane-1', 'control-plane-2', 'control-plane-3'];

describe('the guestbook', () => {
  let student: Student;
  const pods = (app: string): Promise<readonly Seen[]> => student.list(`${PODS}?labelSelector=app%3D${app}`);
  const readyPods = async (app: string): Promise<readonly Seen[]> =>
    (await pods(app)).filter((pod) => isRunningAndReady(pod) && pod.metadata.deletionTimestamp === undefined);
  const page = (node = 'worker-1'): Promise<string> => student.sh(`curl -s http://${node}:30080/`);

  beforeAll(async () => {
    student = await bootedCluster('guestbook', { controlPlanes: 3, workers: 3 });
  }, BOOT_LIMIT_MS);

  it('is applied from the manifests of the home directory and becomes ready', async () => {
    expect(await student.sh('kubectl apply -f guestbook')).toBe(
      'deployment.apps/redis created\nservice/redis created\ndeployment.apps/guestbook created\nservice/guestbook created\n',
    );
    await student.eventually(
      'all pods are ready',
      60_000,
      async () => (await readyPods('guestbook')).length === 3 && (await readyPods('redis')).length === 1,
    );
    expect(await student.sh('kubectl get deployments')).toMatch(/^guestbook +3\/3 +3 +3 +\d+s\nredis +1\/1 +1 +1 +\d+s$/m);
  });

  it('is reached from the workstation on the port of every node, and keeps what one writes in redis', async () => {
    await student.sh("curl -s -d 'entry=first entry' http://worker-2:30080/entries");
    for (const node of ['control-plane-1', 'worker-1', 'worker-2', 'worker-3']) expect(await page(node)).toContain('<li>first entry</li>');
    const served = new Set<string>();
    for (let request = 0; request < 12; request++) served.add(/served by (\S+)/.exec((await page()).replace('</p>', ' </p>'))![1]!);
    expect(served.size).toBeGreaterThan(1);
    expect(await student.sh('kubectl exec deploy/redis -- redis-cli LRANGE guestbook 0 -1')).toBe('first entry\n');
  });

  it('rolls to another image without a request that fails, and tells so', async () => {
    await student.sh('kubectl set image deployment/guestbook web=ghcr.io/tabernetes/guestbook:2.0');
    let failures = 0;
    await student.eventually('the rollout is done', 120_000, async () => {
      const outcome = await student.attempt('curl -s -m 2 -o /dev/null -w "%{http_code}" http://worker-1:30080/healthz', 5_000);
      if (outcome?.stdout !== '200') failures++;
      return (
        (await student.attempt('kubectl rollout status deployment/guestbook --watch=false', 5_000))?.stdout.includes('successfully') ===
        true
      );
    });
    expect(failures).toBe(0);
    // An old pod that is ending is asked until every node's rules have followed.
    await student.eventually('the new version answers', 5_000, async () => (await page()).includes('Version 2.0'));
    const events = await student.sh('kubectl get events --field-selector involvedObject.name=guestbook');
    expect(events).toMatch(/Normal +ScalingReplicaSet +deployment\/guestbook +Scaled up replica set guestbook-\w+ from 0 to 1/);
    expect(events).toMatch(/Normal +ScalingReplicaSet +deployment\/guestbook +Scaled down replica set guestbook-\w+ from 3 to 2/);
    expect(await student.sh('kubectl rollout history deployment/guestbook')).toMatch(/^1 +<none>\n2 +<none>$/m);
  });

  it('gets new pods for deleted ones', async () => {
    const before = (await readyPods('guestbook')).map(({ metadata }) => metadata.uid);
    await student.sh('kubectl delete pods -l app=guestbook');
    await student.eventually('three new pods are ready', 60_000, async () => {
      const now = await readyPods('guestbook');
      return now.length === 3 && now.every(({ metadata }) => !before.includes(metadata.uid));
    });
    await student.eventually(
      'it answers',
      5_000,
      async () => (await student.attempt('curl -s http://worker-1:30080/', 5_000))?.stdout.includes('<li>first entry</li>') === true,
    );
  });

  it('answers, with DNS, while every control plane is off', async () => {
    await student.powerOff(...CONTROL_PLANES);
    await student.simulation.run(120_000);
    expect((await student.attempt('kubectl get pods', 5_000))?.exitCode ?? 'hangs').not.toBe(0);
    expect(await page()).toContain('<li>first entry</li>');
    await student.sh("curl -s -d 'entry=without a control plane' http://worker-1:30080/entries");
    expect(await page('worker-3')).toContain('<li>without a control plane</li>');
    await student.powerOn(...CONTROL_PLANES);
    await student.eventually('the API answers', 120_000, async () => (await student.attempt('kubectl get nodes', 5_000))?.exitCode === 0);
    await student.eventually('the nodes are ready', 120_000, async () => !(await student.sh('kubectl get nodes')).includes('NotReady'));
  });

  it('moves off a node that dies, and goes on answering', async () => {
    const node = (await readyPods('guestbook'))[0]!.spec.nodeName as string;
    const onNode = async (): Promise<readonly Seen[]> => (await readyPods('guestbook')).filter((pod) => pod.spec.nodeName === node);
    const alive = ['worker-1', 'worker-2', 'worker-3'].find((name) => name !== node)!;
    await student.powerOff(node);
    await student.eventually('the node is NotReady', 90_000, async () => (await student.sh('kubectl get nodes')).includes('NotReady'));
    await student.eventually('its pods are no endpoints any more', 30_000, async () => (await onNode()).length === 0);
    expect((await student.sh('kubectl get pods -l app=guestbook')).match(/ Running /g)?.length).toBe(3);
    await student.simulation.run(270_000);
    await student.eventually('three pods are ready elsewhere', 60_000, async () => {
      const ready = await readyPods('guestbook');
      return ready.length === 3 && ready.every((pod) => pod.spec.nodeName !== node);
    });
    await student.eventually('redis is ready', 400_000, async () => (await readyPods('redis')).length === 1);
    expect(await page(alive)).toContain('Guestbook');
    await student.powerOn(node);
    await student.eventually('the old pods are gone', 120_000, async () =>
      (await pods('guestbook')).every(({ metadata }) => metadata.deletionTimestamp === undefined),
    );
  });
});
