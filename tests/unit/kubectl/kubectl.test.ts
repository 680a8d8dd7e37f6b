/** kubectl against a fake API server: what it prints, which exit code it has, which requests it sends. */
import { beforeEach, describe, expect, it } from 'vitest';
import { completeKubectl } from '#kubectl';
import type { Workbench } from '../shell/workbench.ts';
import type { FakeApi } from './fake-api.ts';
import { createKubectlBench } from './kubectl-bench.ts';

let bench: Workbench;
let api: FakeApi;
beforeEach(async () => {
  ({ bench, api } = await createKubectlBench());
});

const pod = (name: string, labels: Record<string, string> = { run: name }) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels },
});
const put = (...names: string[]): void => {
  for (const name of names) api.objects.set(`pods/default/${name}`, pod(name));
};
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

describe('kubectl get', () => {
  it("prints the server's table", async () => {
    put('a', 'longer-name');
    expect(await bench.run('kubectl get pods')).toEqual({
      stdout: 'NAME          AGE\na             5s\nlonger-name   5s\n',
      stderr: '',
      code: 0,
    });
    expect(api.seen.at(-1)).toMatchObject({ path: '/api/v1/namespaces/default/pods?limit=500', accept: TABLE });
  });

  it('shows wide columns, labels and label columns', async () => {
    put('a');
    expect((await bench.run('kubectl get po -o wide -L run --show-labels')).stdout).toBe(
      'NAME   AGE   NODE       RUN   LABELS\na      5s    worker-1   a     run=a\n',
    );
  });

  it('says where nothing was found', async () => {
    expect(await bench.run('kubectl get pods')).toEqual({ stdout: '', stderr: 'No resources found in default namespace.\n', code: 0 });
  });

  it('prints what it found and tells the rest', async () => {
    put('a');
    expect(await bench.run('kubectl get pods a nope')).toEqual({
      stdout: 'NAME   AGE\na      5s\n',
      stderr: 'Error from server (NotFound): pods "nope" not found\n',
      code: 1,
    });
  });

  it('puts kinds before names of several resources', async () => {
    put('a');
    api.objects.set('services/default/s', { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'default' } });
    expect((await bench.run('kubectl get pods,svc')).stdout).toBe('NAME    AGE\npod/a   5s\n\nNAME        AGE\nservice/s   5s\n');
  });

  it('tells an unknown resource and an unknown command', async () => {
    expect(await bench.run('kubectl get foo')).toEqual({
      stdout: '',
      stderr: 'error: the server doesn\'t have a resource type "foo"\n',
      code: 1,
    });
    expect((await bench.run('kubectl gett pods')).stderr).toContain('error: unknown command "gett" for "kubectl"\n\nDid you mean this?\n');
  });

  it('prints YAML with sorted keys, JSON and names', async () => {
    put('a');
    expect((await bench.run('kubectl get pod a -o yaml')).stdout).toBe(
      'apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    run: a\n  name: a\n  namespace: default\n',
    );
    expect((await bench.run('kubectl get pod/a -o name')).stdout).toBe('pod/a\n');
    expect(JSON.parse((await bench.run('kubectl get pods -o json')).stdout)).toMatchObject({
      kind: 'List',
      items: [{ kind: 'Pod', metadata: { name: 'a' } }],
      metadata: { resourceVersion: '' },
    });
  });

  it('fills JSONPath, Go templates and custom columns', async () => {
    put('a', 'b');
    expect((await bench.run("kubectl get pods -o jsonpath='{.items[*].metadata.name}'")).stdout).toBe('a b');
    expect((await bench.run('kubectl get pods -o go-template=\'{{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}\'')).stdout).toBe(
      'a\nb\n',
    );
    expect((await bench.run('kubectl get pods -o custom-columns=NAME:.metadata.name,X:.spec.x')).stdout).toBe(
      'NAME   X\na      <none>\nb      <none>\n',
    );
  });

  it('tells a refused connection as kubectl does', async () => {
    expect(await bench.run('kubectl get pods -s http://127.0.0.1:9')).toEqual({
      stdout: '',
      stderr: 'The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?\n',
      code: 1,
    });
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
    expect(api.seen.at(-1)).toMatchObject({
      method: 'POST',
      path: '/api/v1/namespaces/default/configmaps?fieldManager=kubectl-client-side-apply&fieldValidation=Strict',
      contentType: 'application/json',
    });
    expect(await bench.run('kubectl apply -f cm.yaml')).toEqual({ stdout: 'configmap/one unchanged\n', stderr: '', code: 0 });
    expect(await bench.run('sed -i \'s/, b: "2"//\' cm.yaml; kubectl apply -f cm.yaml')).toEqual({
      stdout: 'configmap/one configured\n',
      stderr: '',
      code: 0,
    });
    expect(JSON.parse(api.seen.at(-1)!.body)).toMatchObject({ data: { b: null } });
    expect(api.objects.get('configmaps/default/one')).toMatchObject({ data: { a: '1' } });
  });

  it('reads standard input and tells what is wrong with it', async () => {
    expect((await bench.run(`kubectl apply -f - <<'EOF'\n${manifest}---\n${manifest.replace('one', 'two')}EOF`)).stdout).toBe(
      'configmap/one created\nconfigmap/two created\n',
    );
    expect((await bench.run("echo '' | kubectl apply -f -")).stderr).toBe('error: no objects passed to apply\n');
    expect((await bench.run('echo \'{"kind":"Pod"\' | kubectl apply -f -')).stderr).toBe('error: error parsing STDIN: unexpected EOF\n');
    expect((await bench.run('kubectl apply -f missing.yaml')).stderr).toBe('error: the path "missing.yaml" does not exist\n');
    expect((await bench.run('kubectl apply')).stderr).toBe('error: must specify one of -f and -k\n');
  });

  it('applies on the server', async () => {
    bench.machine.files.write('/home/student/cm.yaml', manifest);
    api.objects.set('configmaps/default/one', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: 'default' } });
    expect((await bench.run('kubectl apply --server-side -f cm.yaml')).stdout).toBe('configmap/one serverside-applied\n');
    expect(api.seen.at(-1)).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/configmaps/one?fieldManager=kubectl&fieldValidation=Strict&force=false',
      contentType: 'application/apply-patch+yaml',
    });
  });
});

describe('kubectl create', () => {
  it('makes objects from generators, on the client and on the server', async () => {
    expect((await bench.run('kubectl create deployment gen --image=busybox --dry-run=client -o yaml -- sleep 3600')).stdout).toBe(
      'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  creationTimestamp: null\n  labels:\n    app: gen\n  name: gen\nspec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app: gen\n  strategy: {}\n  template:\n    metadata:\n      creationTimestamp: null\n      labels:\n        app: gen\n    spec:\n      containers:\n      - command:\n        - sleep\n        - "3600"\n        image: busybox\n        name: busybox\n        resources: {}\nstatus: {}\n',
    );
    expect((await bench.run('kubectl create cm one --from-literal=a=1; kubectl create cm one --from-literal=a=1')).stdout).toBe(
      'configmap/one created\n',
    );
    expect((await bench.run('kubectl create secret generic')).stderr).toBe(
      "error: exactly one NAME is required, got 0\nSee 'kubectl create secret generic -h' for help and examples\n",
    );
    expect(
      (await bench.run('kubectl create secret generic s --from-literal=k=v --dry-run=client -o jsonpath={.data.k} | base64 -d')).stdout,
    ).toBe('v');
  });
});

describe('kubectl delete, label, scale, run, config', () => {
  it('deletes and waits until nothing is left', async () => {
    put('a', 'b');
    expect(await bench.run('kubectl delete pod a b')).toEqual({ stdout: 'pod "a" deleted\npod "b" deleted\n', stderr: '', code: 0 });
    expect(JSON.parse(api.seen.find(({ method }) => method === 'DELETE')!.body)).toEqual({ propagationPolicy: 'Background' });
    expect((await bench.run('kubectl delete pod nope')).stderr).toBe('Error from server (NotFound): pods "nope" not found\n');
    expect(await bench.run('kubectl delete pod nope --ignore-not-found')).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  it('labels as told and refuses to overwrite', async () => {
    put('a');
    expect((await bench.run('kubectl label pod a tier=web')).stdout).toBe('pod/a labeled\n');
    expect((await bench.run('kubectl label pod a tier=db')).stderr).toBe(
      "error: 'tier' already has a value (web), and --overwrite is false\n",
    );
    expect((await bench.run('kubectl label pod a tier=db --overwrite; kubectl label pod a tier-; kubectl label pod a tier-')).stdout).toBe(
      'pod/a labeled\npod/a unlabeled\nlabel "tier" not found.\npod/a not labeled\n',
    );
  });

  it('runs a pod with the body kubectl sends', async () => {
    expect((await bench.run("kubectl run box --image=busybox --restart=Never -- sh -c 'echo hi'")).stdout).toBe('pod/box created\n');
    expect(api.seen.at(-1)).toMatchObject({
      method: 'POST',
      path: expect.stringContaining('/api/v1/namespaces/default/pods?fieldManager=kubectl-run') as string,
    });
    expect(JSON.parse(api.seen.at(-1)!.body)).toMatchObject({
      spec: {
        containers: [{ args: ['sh', '-c', 'echo hi'], image: 'busybox', name: 'box', resources: {} }],
        dnsPolicy: 'ClusterFirst',
        restartPolicy: 'Never',
      },
    });
  });

  it('shows and changes the kubeconfig', async () => {
    expect((await bench.run('kubectl config set-context --current --namespace=team-a')).stdout).toBe(
      'Context "kubernetes-admin@kubernetes" modified.\n',
    );
    expect((await bench.run("kubectl config view --minify -o jsonpath='{..namespace}'")).stdout).toBe('team-a');
    expect((await bench.run('kubectl get pods')).stderr).toBe('No resources found in team-a namespace.\n');
    expect((await bench.run('kubectl config use-context nowhere')).stderr).toBe('error: no context exists with the name: "nowhere"\n');
    expect((await bench.run('kubectl config get-contexts')).stdout).toBe(
      'CURRENT   NAME                          CLUSTER      AUTHINFO           NAMESPACE\n*         kubernetes-admin@kubernetes   kubernetes   kubernetes-admin   team-a\n',
    );
  });

  it('waits for a condition and gives up in time', async () => {
    api.objects.set('pods/default/a', { ...pod('a'), status: { conditions: [{ type: 'Ready', status: 'True' }] } } as never);
    expect((await bench.run('kubectl wait pod/a --for=condition=Ready --timeout=5s')).stdout).toBe('pod/a condition met\n');
    expect((await bench.run('kubectl wait pod/a --timeout=2s')).stderr).toBe('error: unrecognized condition: ""\n');
  });
});

describe('kubectl logs and exec', () => {
  beforeEach(() => {
    api.objects.set('pods/default/a', {
      ...pod('a'),
      spec: { containers: [{ name: 'web' }, { name: 'side' }] },
      status: { phase: 'Running' },
    } as never);
  });

  it('prints a log and says which container it took', async () => {
    api.answers.set('GET /api/v1/namespaces/default/pods/a/log', () => ({
      status: 200,
      headers: [['content-type', 'text/plain']],
      body: 'hello\n',
    }));
    expect(await bench.run('kubectl logs a --tail=5')).toEqual({
      stdout: 'hello\n',
      stderr: 'Defaulted container "web" out of: web, side\n',
      code: 0,
    });
    expect(api.seen.at(-1)!.path).toBe('/api/v1/namespaces/default/pods/a/log?container=web&tailLines=5');
    expect((await bench.run('kubectl logs a -c nope')).stderr).toBe('error: container nope is not valid for pod a\n');
  });

  it('joins streams with a command in a container and takes its exit code', async () => {
    const bytes = (channel: number, text: string): Uint8Array => Uint8Array.from([channel, ...new TextEncoder().encode(text)]);
    api.answers.set('GET /api/v1/namespaces/default/pods/a/exec', () => ({
      status: 101,
      headers: [],
      upgrade: async (stream) => {
        await stream.send(bytes(1, 'out\n'));
        await stream.send(bytes(2, 'err\n'));
        await stream.send(
          bytes(
            3,
            JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } }),
          ),
        );
        stream.end();
      },
    }));
    expect(await bench.run('kubectl exec a -c web -- ls /')).toEqual({
      stdout: 'out\n',
      stderr: 'err\ncommand terminated with exit code 3\n',
      code: 3,
    });
    expect(api.seen.at(-1)!.path).toContain('/exec?command=ls&command=%2F&container=web');
  });
});

describe('completion', () => {
  const complete = (...words: string[]) =>
    bench.drive(
      completeKubectl({ words: ['kubectl', ...words], process: bench.process, env: { HOME: '/home/student' }, cwd: '/home/student' }),
    );
  it('offers verbs, resources, names and nothing for other commands', async () => {
    put('nginx-1', 'nginx-2');
    expect(await complete('desc')).toEqual(['describe']);
    expect(await complete('get', 'po')).toContain('pods');
    expect(await complete('get', 'pods', 'ng')).toEqual(['nginx-1', 'nginx-2']);
    expect(await complete('logs', '')).toEqual(['nginx-1', 'nginx-2']);
    expect(await bench.drive(completeKubectl({ words: ['cat', ''], process: bench.process, env: {}, cwd: '/' }))).toBeUndefined();
  });
});
