/** The main job in its thinnest form, in a real browser: a pod is applied, and outlives every way in which the browser can take its cluster down. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasProcesses } from './browser-processes.ts';
import { browserPath } from './chromium.ts';
import { openLab, until, type LabPage, type Seen } from './lab-page.ts';

const MANIFEST = `apiVersion: v1
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
    command: ["sh", "-c", "test -f /pages/first || echo first-$RANDOM > /pages/first; while true; do date > /pages/index.html; echo wrote; sleep 5; done"]
    volumeMounts:
    - name: pages
      mountPath: /pages
  volumes:
  - name: pages
    emptyDir: {}
`;

const POD = '/api/v1/namespaces/default/pods/site';

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: { readonly running?: { readonly startedAt: string } };
}
const statuses = (pod: Seen | undefined): readonly ContainerStatus[] =>
  (pod?.status?.containerStatuses ?? []) as readonly ContainerStatus[];
const isReady = (pod: Seen | undefined): boolean =>
  pod?.status?.phase === 'Running' && statuses(pod).length === 2 && statuses(pod).every(({ ready }) => ready);

describe.skipIf(!browserPath)('one pod in a real browser, in a page from a sub-path', () => {
  let tab: LabPage;
  let uid = '';
  let first = '';

  /** The pod, once its containers were started at this boot or later. */
  const ready = (restarts: number): Promise<Seen> =>
    until('the pod is ready', async () => {
      const pod = await tab.read(POD);
      return isReady(pod) && statuses(pod).every(({ restartCount }) => restartCount >= restarts) ? pod : undefined;
    });

  /** Everything that must still be there, whatever happened to the browser. */
  async function expectAllBack(restarts: number): Promise<void> {
    const pod = await ready(restarts);
    expect(pod.metadata.uid).toBe(uid);
    expect(statuses(pod).map(({ restartCount }) => restartCount)).toEqual([restarts, restarts]);
    expect(await tab.sh('kubectl get pod site -o jsonpath={.metadata.uid}')).toBe(uid);
    expect(await tab.sh('cat pod.yaml')).toBe(MANIFEST);
    expect(await tab.sh('kubectl exec site -c web -- cat /usr/share/nginx/html/first')).toBe(first);
    expect(await tab.sh('kubectl apply -f pod.yaml')).toBe('pod/site unchanged\n');
    expect(tab.errors).toEqual([]);
  }

  beforeAll(async () => {
    tab = await openLab();
    await tab.ready();
  });
  afterAll(() => tab?.close());

  it('runs with both containers ready after kubectl apply through lab.run', async () => {
    expect(await tab.sh('cat > pod.yaml; kubectl apply -f pod.yaml', MANIFEST)).toBe('pod/site created\n');
    uid = (await ready(0)).metadata.uid;
    expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  });

  it('is shown by get, describe, logs and exec as by a real cluster', async () => {
    const [header, row] = (await tab.sh('kubectl get pods -o wide')).split('\n');
    expect(header).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/);
    expect(row).toMatch(/^site +2\/2 +Running +0 +\d+s +10\.244\.1\.\d+ +worker-1 +<none> +<none>$/);
    const described = await tab.sh('kubectl describe pod site');
    for (const line of [
      /^Name: +site$/m,
      /^Node: +worker-1\/10\.0\.0\.41$/m,
      /^Status: +Running$/m,
      /^ {4}Image: +nginx:1\.27$/m,
      /^ {6}\/usr\/share\/nginx\/html from pages \(rw\)$/m,
      /^ {4}Type: +EmptyDir \(a temporary directory that shares a pod's lifetime\)$/m,
      /^ +Normal +Scheduled +\S+ +default-scheduler +Successfully assigned default\/site to worker-1$/m,
      /^ +Normal +Pulled +\S+ +kubelet +Successfully pulled image "nginx:1\.27" in \S+ \(\S+ including waiting\)\. Image size: \d+ bytes\.$/m,
      /^ +Normal +Started +\S+ +kubelet +Started container writer$/m,
    ])
      expect(described).toMatch(line);
    expect(await tab.sh('kubectl logs site -c writer')).toMatch(/^(wrote\n)+$/);
    expect(await tab.sh('kubectl exec site -c writer -- hostname')).toBe('site\n');
    expect(await tab.sh('kubectl exec site -c web -- cat /usr/share/nginx/html/index.html')).toMatch(
      /^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}\n$/,
    );
    first = await tab.sh('kubectl exec site -c web -- cat /usr/share/nginx/html/first');
    expect(first).toMatch(/^first-\d+\n$/);
  });

  it('can as well be typed into the terminal', async () => {
    const { page } = tab;
    const screen = page.locator('.xterm-rows').first();
    await until('the prompt', async () => (await screen.innerText()).includes('$'));
    await page.locator('.xterm-helper-textarea').first().focus();
    const typed = MANIFEST.replaceAll('name: site', 'name: typed').replaceAll('app: site', 'app: typed');
    for (const line of ["cat > typed.yaml <<'EOF'", ...typed.trimEnd().split('\n'), 'EOF', 'kubectl apply -f typed.yaml']) {
      await page.keyboard.insertText(line);
      await page.keyboard.press('Enter');
    }
    await until('the answer on screen', async () => (await screen.innerText()).includes('pod/typed created'));
    expect(await tab.sh('cat typed.yaml')).toBe(typed);
    await until('the typed pod is ready', async () => isReady(await tab.read(`${POD.replace('site', 'typed')}`)));
    await tab.sh('kubectl delete pod typed --now; rm typed.yaml');
  });

  it('is all back after the control plane lost power and got it again, while its containers ran on', async () => {
    await tab.page.evaluate(() => lab.machines.powerOff('control-plane'));
    expect((await tab.machine('control-plane')).power).toBe('off');
    await tab.page.evaluate(() => lab.machines.powerOn('control-plane'));
    await until('the API server answers', () => tab.read(POD));
    await expectAllBack(0);
  });

  it('is all back after a reload', async () => {
    // Linux writes a file back within seconds; a power cut before that takes it, here as there.
    await tab.page.evaluate(() => lab.time.setRate(60));
    await tab.sh('sleep 6');
    await tab.page.evaluate(() => lab.time.setRate(1));
    await tab.reload();
    await tab.ready();
    await expectAllBack(1);
  });

  it('is all back after the renderer crashed', async () => {
    await tab.crash();
    await tab.open();
    await tab.ready();
    await expectAllBack(2);
  });

  it.skipIf(!hasProcesses)('is all back after every process of the browser was killed', async () => {
    await tab.kill();
    await tab.launch();
    await tab.open();
    await tab.ready();
    await expectAllBack(3);
  });
});
