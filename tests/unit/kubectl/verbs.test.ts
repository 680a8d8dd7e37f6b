/** Verbs that change objects one by one, against a fake API server: what they print and send. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Workbench } from '../shell/workbench.ts';
import type { FakeApi } from './fake-api.ts';
import { createKubectlBench } from './kubectl-bench.ts';

let bench: Workbench;
let api: FakeApi;
beforeEach(async () => {
  ({ bench, api } = await createKubectlBench());
  api.objects.set('configmaps/default/conf', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'conf', namespace: 'default', resourceVersion: '1', uid: 'c-1' },
    data: { color: 'blue' },
  });
  api.objects.set('nodes//n1', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', resourceVersion: '1' }, spec: {} });
  api.objects.set('deployments/default/web', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', resourceVersion: '1', uid: 'd-1', labels: { app: 'web' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }] }] },
      },
    },
  });
});

type Case = readonly [line: string, stdout: string, stderr?: string, code?: number];
const cases: readonly Case[] = [
  ['kubectl cordon n1', 'node/n1 cordoned\n'],
  ['kubectl uncordon n1', 'node/n1 already uncordoned\n'],
  ['kubectl taint node n1 a=b:NoSchedule', 'node/n1 tainted\n'],
  ['kubectl taint node n1 a-', '', 'error: taint "a" not found\n', 1],
  [
    'kubectl taint node n1 a=b:Never',
    '',
    "error: invalid taint effect: Never, unsupported taint effect\nSee 'kubectl taint -h' for help and examples\n",
    1,
  ],
  [`kubectl patch cm conf --type=merge -p '{"data":{"color":"red"}}'`, 'configmap/conf patched\n'],
  [`kubectl patch cm conf --type=merge -p '{"data":{"color":"blue"}}'`, 'configmap/conf patched (no change)\n'],
  ['kubectl scale deploy web', '', 'error: required flag(s) "replicas" not set\n', 1],
  [
    'kubectl scale deploy web --replicas=-1',
    '',
    'error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n',
    1,
  ],
  ['kubectl scale deploy nope --replicas=2', '', 'error: no objects passed to scale deployments.apps "nope" not found\n', 1],
  ['kubectl scale deploy web --current-replicas=3 --replicas=2', '', 'error: Expected replicas to be 3, was 1\n', 1],
  ['kubectl set image deploy/web nginx=nginx:2', 'deployment.apps/web image updated\n'],
  ['kubectl set image deploy/web other=nginx:2', '', 'error: unable to find container named "other"\n', 1],
  ['kubectl set env deploy/web A=1', 'deployment.apps/web env updated\n'],
  ['kubectl set resources deploy/web --limits=cpu=1', 'deployment.apps/web resource requirements updated\n'],
  ['kubectl set serviceaccount deploy/web robot', 'deployment.apps/web serviceaccount updated\n'],
  ['kubectl rollout pause deploy/web', 'deployment.apps/web paused\n'],
  ['kubectl rollout resume deploy/web', '', 'error: deployments.apps "web" is not paused\n', 1],
  ['kubectl rollout restart deploy/web', 'deployment.apps/web restarted\n'],
  ['kubectl rollout restart cm/conf', '', 'error: configmaps "conf" restarting is not supported\n', 1],
  ['kubectl expose deploy web', 'service/web exposed\n'],
  ['kubectl expose cm conf --port=80', '', 'error: cannot expose a ConfigMap\n', 1],
  [
    'kubectl autoscale deploy web --min=5 --max=2',
    '',
    'error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: 2, min: 5\n',
    1,
  ],
  ['kubectl top nodes', '', 'error: Metrics API not available\n', 1],
  ['kubectl replace -f missing.yaml', '', 'error: the path "missing.yaml" does not exist\n', 1],
  ['EDITOR=true kubectl edit cm conf', '', 'Edit cancelled, no changes made.\n'],
  ['EDITOR=false kubectl edit cm conf', '', 'error: there was a problem with the editor "false"\n', 1],
  ['EDITOR="sed -i s/blue/red/" kubectl edit cm conf', 'configmap/conf edited\n'],
];

describe('a verb', () => {
  it.each(cases.map((given) => ({ line: given[0], given })))('$line', async ({ given: [line, stdout, stderr = '', code = 0] }) => {
    expect(await bench.run(line)).toEqual({ stdout, stderr, code });
  });
});

describe('kubectl edit', () => {
  it('sends only what was changed', async () => {
    await bench.run('KUBE_EDITOR="sed -i s/blue/red/" EDITOR=false kubectl edit cm conf');
    expect(api.seen.at(-1)).toMatchObject({ method: 'PATCH', contentType: 'application/strategic-merge-patch+json' });
    expect(JSON.parse(api.seen.at(-1)!.body)).toEqual({ data: { color: 'red' } });
  });

  it('keeps a copy of what was not valid', async () => {
    const { stderr, code } = await bench.run('EDITOR="sed -i /apiVersion/d" kubectl edit cm conf');
    const path = /stored to "(.*)"/.exec(stderr)?.[1] ?? '';
    expect(stderr).toBe(
      `error: configmaps "conf" is invalid\nA copy of your changes has been stored to "${path}"\nerror: Edit cancelled, no valid changes were saved.\n`,
    );
    expect(code).toBe(1);
    expect(bench.machine.files.readText(path)).toContain('# The edited file failed validation');
  });
});

describe('kubectl replace and diff', () => {
  const write = (text: string): void => bench.machine.files.write('/home/student/cm.yaml', text);

  it('puts the object with the version it read', async () => {
    write('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {color: red}\n');
    expect((await bench.run('kubectl replace -f cm.yaml')).stdout).toBe('configmap/conf replaced\n');
    expect(api.seen.at(-1)).toMatchObject({ method: 'PUT' });
    expect(JSON.parse(api.seen.at(-1)!.body)).toMatchObject({ metadata: { resourceVersion: '1' } });
  });

  it('deletes and makes anew by force', async () => {
    write('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n');
    expect((await bench.run('kubectl replace --force -f cm.yaml')).stdout).toBe('configmap "conf" deleted\nconfigmap/conf replaced\n');
    expect(api.objects.get('configmaps/default/conf')!['data']).toBeUndefined();
  });

  it('shows what apply would change and says so by its exit code', async () => {
    write('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {color: red}\n');
    const { stdout, code } = await bench.run('kubectl diff -f cm.yaml');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^diff -u -N \/tmp\/LIVE-\d+\/v1\.ConfigMap\.default\.conf \/tmp\/MERGED-\d+\/v1\.ConfigMap\.default\.conf\n/);
    expect(stdout).toContain('\n-  color: blue\n+  color: red\n');
    write('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {color: blue}\n');
    expect(await bench.run('kubectl diff -f cm.yaml')).toEqual({ stdout: '', stderr: '', code: 0 });
  });
});
