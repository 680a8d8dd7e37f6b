/** What a page does with what it should not be given: wrong parameters, denied or full storage, dead workers, manifests with errors. */
import { afterEach, describe, expect, it } from 'vitest';
import { browserPath } from './chromium.ts';
import { openLab, until, type LabPage } from './lab-page.ts';

const text = async (tab: LabPage): Promise<string> => (await tab.page.locator('body').innerText()).replace(/\s+/g, ' ');

describe.skipIf(!browserPath)('a page that is given what is wrong', () => {
  let tab: LabPage | undefined;
  afterEach(async () => {
    await tab?.close();
    tab = undefined;
  });

  it('takes the default for each bad value in its address, and says so visibly', async () => {
    tab = await openLab('?controlPlanes=9&workers=-1&topology=ring&speed=1e9&panels=map,nothing&cluster=A%20B');
    const { topology, controlPlanes, workers } = await tab.page.evaluate(() => lab.spec);
    expect({ topology, controlPlanes, workers }).toEqual({ topology: 'stacked', controlPlanes: 3, workers: 3 });
    expect(await tab.page.evaluate(() => lab.cluster)).toBe('default');
    const seen = await text(tab);
    for (const said of ['controlPlanes=9', 'workers=-1', 'topology=ring', 'speed=1e9', 'panels=nothing', 'cluster=A B'])
      expect(seen).toContain(said);
    await tab.ready();
    expect(await tab.sh('kubectl get nodes -o name')).toBe(
      [1, 2, 3].map((n) => `node/control-plane-${n}\n`).join('') + [1, 2, 3].map((n) => `node/worker-${n}\n`).join(''),
    );
    expect(tab.errors).toEqual([]);
  });

  it('runs from memory where storage is denied, and shows it', async () => {
    tab = await openLab(null);
    await tab.page.addInitScript(() => {
      const deny = (): never => {
        throw new DOMException('storage is denied here', 'SecurityError');
      };
      Object.defineProperty(IDBFactory.prototype, 'open', { value: deny });
    });
    await tab.open();
    expect(await text(tab)).toContain('runs from memory');
    expect(await text(tab)).toContain('storage is denied here');
    await tab.ready();
    expect(await tab.sh('kubectl create configmap kept --from-literal=a=b')).toBe('configmap/kept created\n');
    await tab.reload();
    await tab.ready();
    expect((await tab.run('kubectl get configmap kept')).stderr).toBe('Error from server (NotFound): configmaps "kept" not found\n');
    expect(await tab.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
  });

  it('shows a machine as down when its worker dies, with the reason, and powers it on again', async () => {
    tab = await openLab(null);
    // The page keeps its workers to itself; here they are kept by name as well, so that one can be made to fail.
    await tab.page.addInitScript(() => {
      const workers = new Map<string, Worker>();
      const Real = window.Worker;
      window.Worker = class extends Real {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(url, options);
          workers.set(options?.name ?? '', this);
        }
      };
      Object.assign(window, { workers });
    });
    await tab.open();
    await tab.ready();
    await tab.page.evaluate(() => {
      const { workers } = window as unknown as { workers: Map<string, Worker> };
      lab.on('error', ({ machine, message }) => (document.body.dataset['died'] = `${machine}: ${message}`));
      workers.get('worker-1')!.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
    });
    expect(await tab.machine('worker-1')).toMatchObject({ state: 'down', power: 'off', components: [] });
    expect(await tab.page.evaluate(() => document.body.dataset['died'])).toBe('worker-1: out of memory');
    await until(
      'the page shows it',
      async () => /worker-1[^.]{0,40}down/i.test(await text(tab!)) && (await text(tab!)).includes('out of memory'),
    );
    await tab.page.evaluate(() => lab.machines.powerOn('worker-1'));
    expect((await tab.machine('worker-1')).state).toBe('running');
    await until('its kubelet runs', async () =>
      (await tab!.machine('worker-1')).components.some(({ name, state }) => name === 'kubelet' && state === 'running'),
    );
  });

  it('refuses a manifest with errors in the words of kubectl and the API server, and changes nothing', async () => {
    tab = await openLab();
    await tab.ready();
    const version = async (): Promise<string> =>
      tab!.sh("kubectl get pods,configmaps -o jsonpath='{range .items[*]}{.metadata.name} {.metadata.resourceVersion} {end}'");
    const before = await version();
    const pod = (spec: string, name = 'bad'): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${spec}`;
    const cases: readonly [manifest: string, said: string][] = [
      [pod('spec:\n  containers:\n  - name: web\n'), 'The Pod "bad" is invalid: spec.containers[0].image: Required value\n'],
      [pod('spec:\n  containers: []\n'), 'The Pod "bad" is invalid: spec.containers: Required value\n'],
      [
        pod('spec:\n  containers:\n  - name: web\n    image: nginx\n    colour: red\n'),
        'Error from server (BadRequest): error when creating "STDIN": Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].colour"\n',
      ],
      [
        'apiVersion: v1\nkind: Pood\nmetadata:\n  name: bad\n',
        'error: resource mapping not found for name: "bad" namespace: "" from "STDIN": no matches for kind "Pood" in version "v1"\nensure CRDs are installed first\n',
      ],
      [
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: good\n---\napiVersion: v1\nmetadata:\n  name: no-kind\n',
        'error: error validating "STDIN": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false\n',
      ],
    ];
    for (const [manifest, said] of cases) {
      const { stdout, stderr, exitCode } = await tab.run('kubectl apply -f -', { stdin: manifest });
      expect(stderr).toContain(said);
      expect([stdout, exitCode]).toEqual(['', 1]);
    }
    expect(await version()).toBe(before);
  });

  it('ends in a state with a name when a disk has no room left, and goes on once it has', async () => {
    tab = await openLab();
    await tab.ready();
    await tab.page.evaluate(() => {
      const told: string[] = [];
      Object.assign(window, { told });
      lab.on('error', ({ machine, message }) => told.push(`${machine}: ${message}`));
      lab.on('log', ({ machine, component, message }) => told.push(`${machine} ${component}: ${message}`));
    });
    await tab.page.evaluate(() => lab.disk.fault('control-plane', 'full'));
    const refused = await until('a write is refused', async () => {
      const answer = await tab!.run('kubectl --request-timeout=5s create configmap refused-$RANDOM');
      return answer.exitCode === 1 ? answer : undefined;
    });
    expect(refused.stdout).toBe('');
    const told = (): Promise<string> => tab!.page.evaluate(() => (window as unknown as { told: string[] }).told.join('\n'));
    await until('the reason is told', async () => (await told()).includes('no space left on device'));
    expect(await told()).toContain('control-plane etcd: failed to save Raft hard state and entries');
    await until('etcd has ended', async () => {
      const etcd = (await tab!.machine('control-plane')).components.find(({ name }) => name === 'etcd');
      return !etcd?.state.startsWith('serving');
    });
    await tab.page.evaluate(() => lab.disk.fault('control-plane', 'none'));
    await until(
      'it goes on',
      async () => (await tab!.run('kubectl --request-timeout=5s create configmap accepted-$RANDOM')).exitCode === 0,
    );
  });
});
