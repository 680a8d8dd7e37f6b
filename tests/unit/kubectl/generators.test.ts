/** Generators (create, run, expose, set) and YAML's long lines: what kubectl 1.33 prints for the same words. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Workbench } from '../shell/workbench.ts';
import type { FakeApi } from './fake-api.ts';
import { createKubectlBench } from './kubectl-bench.ts';

let bench: Workbench;
let api: FakeApi;
beforeEach(async () => {
  ({ bench, api } = await createKubectlBench());
  bench.machine.files.write('/home/student/env.txt', 'K=v\n');
  bench.machine.files.write('/home/student/app.conf', 'a: b\n');
  api.objects.set('configmaps/default/conf', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'conf', namespace: 'default', resourceVersion: '1' },
    data: { color: 'blue' },
  });
  api.objects.set('deployments/default/web', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', resourceVersion: '1', uid: 'd-1' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx:1', env: [{ name: 'OLD', value: '1' }] }] },
      },
    },
  });
});

const refusals: readonly (readonly [line: string, stderr: string])[] = [
  [
    'create configmap a --from-literal=a=b --from-env-file=env.txt',
    'error: from-env-file cannot be combined with from-file or from-literal',
  ],
  ['create secret tls t --cert=app.conf --key=app.conf', 'error: tls: failed to find any PEM data in certificate input'],
  ['create job j', 'error: either --image or --from must be specified'],
  ['create job j --image=b --from=cronjob/c', 'error: either --image or --from must be specified'],
  ['create job j --from=deploy/web', 'error: unknown object type *v1.Deployment'],
  ['create quota q --hard=pods', 'error: Invalid argument syntax pods, expected <resource>=<value>'],
  ['create role r --verb=get --resource=nope', `the server doesn't have a resource type "nope"`],
  ['create clusterrolebinding b', 'error: required flag(s) "clusterrole" not set'],
  ['create service externalname s', 'error: required flag(s) "external-name" not set'],
  ['create', 'error: must specify one of -f and -k'],
  ['create foo', "error: Unexpected args: [foo]\nSee 'kubectl create -h' for help and examples"],
  ['run p --image="BAD IMAGE"', 'error: Invalid image name "BAD IMAGE": invalid reference format'],
  ['run p --image=i --rm', "error: --rm should only be used for attached containers\nSee 'kubectl run -h' for help and examples"],
  ['run p --image=i --expose', "error: --port must be set when exposing a service\nSee 'kubectl run -h' for help and examples"],
  ['set image deploy/web', 'error: at least one image update is required'],
  ['set resources deploy web', 'error: you must specify an update to requests or limits (in the form of --requests/--limits)'],
  [
    'set resources deploy web --limits=cpu=x',
    "error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  ['set env deploy/web OLD=2 --overwrite=false', "error: deployments/web 'OLD' already has a value (1), and --overwrite is false"],
  ['set subject rolebinding b', 'error: you must specify at least one value of user, group or serviceaccount'],
];

describe('a generator refuses', () => {
  it.each(refusals)('kubectl %s', async (line, stderr) => {
    expect(await bench.run(`cd ~ && kubectl ${line}`)).toEqual({ stdout: '', stderr: `${stderr}\n`, code: 1 });
  });
});

describe('kubectl set', () => {
  it('keeps the order of variables, adds new ones at the end, and sends only the difference', async () => {
    expect((await bench.run('kubectl set env deploy/web NEW=1 --from=configmap/conf')).stderr).toBe(
      'Warning: key color transferred to COLOR\n',
    );
    expect(JSON.parse(api.seen.at(-1)!.body)).toEqual({
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'nginx' }],
            containers: [
              {
                '$setElementOrder/env': [{ name: 'OLD' }, { name: 'NEW' }, { name: 'COLOR' }],
                env: [
                  { name: 'NEW', value: '1' },
                  { name: 'COLOR', valueFrom: { configMapKeyRef: { key: 'color', name: 'conf' } } },
                ],
                name: 'nginx',
              },
            ],
          },
        },
      },
    });
  });

  it('lists variables by kind, says nothing of what stays as it is, and tells what a client dry run would make', async () => {
    expect((await bench.run('kubectl set env deploy/web --list')).stdout).toBe('# Deployment web, container nginx\nOLD=1\n');
    expect(await bench.run('kubectl set env deploy/web')).toEqual({ stdout: '', stderr: '', code: 0 });
    expect((await bench.run('kubectl set env deploy/web A=1 -c other')).stderr).toBe(
      'Warning: Deployment/web does not have any containers matching "other"\n',
    );
    expect((await bench.run('kubectl set image deploy/web nginx=nginx:2 --dry-run=client -o yaml')).stdout).toContain('image: nginx:2');
  });

  it('works on a file alone with --local, and prints it as Go’s types have it', async () => {
    bench.machine.files.write(
      '/home/student/d.yaml',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, image: i}]}}}\n',
    );
    expect((await bench.run('cd ~ && kubectl set image -f d.yaml c=j --local -o yaml')).stdout).toBe(`apiVersion: apps/v1
kind: Deployment
metadata:
  creationTimestamp: null
  name: d
spec:
  strategy: {}
  template:
    metadata:
      creationTimestamp: null
    spec:
      containers:
      - image: j
        name: c
        resources: {}
status: {}
`);
  });
});

describe('YAML', () => {
  it('breaks long plain and quoted lines at the first space beyond column 80, and leaves long words alone', async () => {
    const words = 'word '.repeat(30).trim();
    const { stdout } = await bench.run(
      `kubectl create cm long --dry-run=client -o yaml --from-literal=plain='${words}' --from-literal=single='${words}: x' --from-literal=long=${'x'.repeat(120)}`,
    );
    expect(stdout).toContain(`  long: ${'x'.repeat(120)}\n`);
    const half = 'word '.repeat(15).trim();
    expect(stdout).toContain(`  plain: ${half}\n    ${half}\n`);
    expect(stdout).toMatch(/ {2}single: '(word )+word\n {4}word/);
  });
});

describe('kubectl run --expose', () => {
  it('makes the pod first and tells the service first', async () => {
    const { stdout } = await bench.run('kubectl run p --image=i --expose --port=80');
    expect(stdout).toBe('service/p created\npod/p created\n');
    expect(api.seen.filter(({ method }) => method === 'POST').map(({ path }) => path.split('/').at(-1)?.split('?')[0])).toEqual([
      'pods',
      'services',
    ]);
  });
});
