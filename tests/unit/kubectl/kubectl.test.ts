/** kubectl against a fake API server: what it prints, which exit code it has, which requests it sends. */
import { beforeEach, describe, expect, it } from 'vitest';
import { kubectl } from '#kubectl';
import { createWorkbench, type Workbench } from '../shell/workbench.ts';
import { createFakeApi, fakeKubeconfig, type FakeApi } from './fake-api.ts';

let bench: Workbench;
let api: FakeApi;
beforeEach(async () => {
  api = createFakeApi(8001);
  bench = await createWorkbench({ kubectl });
  bench.machine.spawn(api.program, { name: 'kube-apiserver' });
  bench.machine.files.makeDirectory('/home/student/.kube', { recursive: true });
  bench.machine.files.write('/home/student/.kube/config', fakeKubeconfig(8001));
});

const pod = (name: string, labels: Record<string, string> = { run: name }) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels } });
const put = (...names: string[]): void => {
  for (const name of names) api.objects.set(`pods/default/${name}`, pod(name));
};
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

describe('kubectl get', () => {
  it('prints the server\'s table', async () => {
    put('a', 'longer-name');
    expect(await bench.run('kubectl get pods')).toEqual({ stdout: 'NAME          AGE\na             5s\nlonger-name   5s\n', stderr: '', code: 0 });
    expect(api.seen.at(-1)).toMatchObject({ path: '/api/v1/namespaces/default/pods?limit=500', accept: TABLE });
  });

  it('shows wide columns, labels and label columns', async () => {
    put('a');
    expect((await bench.run('kubectl get po -o wide -L run --show-labels')).stdout).toBe('NAME   AGE   NODE       RUN   LABELS\na      5s    worker-1   a     run=a\n');
  });

  it('says where nothing was found', async () => {
    expect(await bench.run('kubectl get pods')).toEqual({ stdout: '', stderr: 'No resources found in default namespace.\n', code: 0 });
  });

  it('prints what it found and tells the rest', async () => {
    put('a');
    expect(await bench.run('kubectl get pods a nope')).toEqual({ stdout: 'NAME   AGE\na      5s\n', stderr: 'Error from server (NotFound): pods "nope" not found\n', code: 1 });
  });

  it('puts kinds before names of several resources', async () => {
    put('a');
    api.objects.set('services/default/s', { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'default' } });
    expect((await bench.run('kubectl get pods,svc')).stdout).toBe('NAME    AGE\npod/a   5s\n\nNAME        AGE\nservice/s   5s\n');
  });

  it('tells an unknown resource and an unknown command', async () => {
    expect(await bench.run('kubectl get foo')).toEqual({ stdout: '', stderr: 'error: the server doesn\'t have a resource type "foo"\n', code: 1 });
    expect((await bench.run('kubectl gett pods')).stderr).toContain('error: unknown command "gett" for "kubectl"\n\nDid you mean this?\n');
  });

  it('prints YAML with sorted keys, JSON and names', async () => {
    put('a');
    expect((await bench.run('kubectl get pod a -o yaml')).stdout).toBe('apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    run: a\n  name: a\n  namespace: default\n');
    expect((await bench.run('kubectl get pod/a -o name')).stdout).toBe('pod/a\n');
    expect(JSON.parse((await bench.run('kubectl get pods -o json')).stdout)).toMatchObject({ kind: 'List', items: [{ kind: 'Pod', metadata: { name: 'a' } }], metadata: { resourceVersion: '' } });
  });

  it('fills JSONPath, Go templates and custom columns', async () => {
    put('a', 'b');
    expect((await bench.run("kubectl get pods -o jsonpath='{.items[*].metadata.name}'")).stdout).toBe('a b');
    expect((await bench.run("kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{\"\\n\"}}{{end}}'")).stdout).toBe('a\nb\n');
    expect((await bench.run('kubectl get pods -o custom-columns=NAME:.metadata.name,X:.spec.x')).stdout).toBe('NAME   X\na      <none>\nb      <none>\n');
  });

  it('tells a refused connection as kubectl does', async () => {
    expect(await bench.run('kubectl get pods -s http://127.0.0.1:9')).toEqual({ stdout: '', stderr: 'The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?\n', code: 1 });
  });

  it('tells warnings once, on stderr', async () => {
    put('a');
    api.warning = 'v1 Pod is old';
    expect((await bench.run('kubectl get pod a')).stderr).toBe('Warning: v1 Pod is old\n');
  });
});

describe('kubectl apply', () => {
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: "1", b: "2"}\n';
  it('creates, then finds nothing to change, then patches what changed', async () => {
    bench.machine.files.write('/home/student/cm.yaml', manifest);
    expect(await bench.run('kubectl apply -f cm.yaml')).toEqual({ stdout: 'configmap/one created\n', stderr: '', code: 0 });
    expect(api.seen.at(-1)).toMatchObject({ method: 'POST', path: '/api/v1/namespaces/default/configmaps?fieldManager=kubectl-client-side-apply&fieldValidation=Strict', contentType: 'application/json' });
    expect(await bench.run('kubectl apply -f cm.yaml')).toEqual({ stdout: 'configmap/one unchanged\n', stderr: '', code: 0 });
    expect(await bench.run("sed -i 's/, b: \"2\"//' cm.yaml; kubectl apply -f cm.yaml")).toEqual({ stdout: 'configmap/one configured\n', stderr: '', code: 0 });
    expect(JSON.parse(api.seen.at(-1)!.body)).toMatchObject({ data: { b: null } });
    expect(api.objects.get('configmaps/default/one')).toMatchObject({ data: { a: '1' } });
  });

  it('reads standard input and tells what is wrong with it', async () => {
    expect((await bench.run(`kubectl apply -f - <<'EOF'\n${manifest}---\n${manifest.replace('one', 'two')}EOF`)).stdout).toBe('configmap/one created\nconfigmap/two created\n');
    expect((await bench.run("echo '' | kubectl apply -f -")).stderr).toBe('error: no objects passed to apply\n');
    expect((await bench.run("echo '{\"kind\":\"Pod\"' | kubectl apply -f -")).stderr).toBe('error: error parsing STDIN: unexpected EOF\n');
    expect((await bench.run('kubectl apply -f missing.yaml')).stderr).toBe('error: the path "missing.yaml" does not exist\n');
    expect((await bench.run('kubectl apply')).stderr).toBe('error: must specify one of -f and -k\n');
  });

  it('applies on the server', async () => {
    bench.machine.files.write('/home/student/cm.yaml', manifest);
    api.objects.set('configmaps/default/one', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: 'default' } });
    expect((await bench.run('kubectl apply --server-side -f cm.yaml')).stdout).toBe('configmap/one serverside-applied\n');
    expect(api.seen.at(-1)).toMatchObject({ method: 'PATCH', path: '/api/v1/namespaces/default/configmaps/one?fieldManager=kubectl&fieldValidation=Strict&force=false', contentType: 'application/apply-patch+yaml' });
  });
});
