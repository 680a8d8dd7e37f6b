/** kubectl kustomize against what kubectl 1.33's kustomize prints for the same directories. */
import { beforeEach, describe, expect, it } from 'vitest';
import { kubectl } from '#kubectl';
import { createWorkbench, type Workbench } from '../shell/workbench.ts';

const BASE = {
  'base/kustomization.yaml': `resources: [d.yaml, more.yaml]
configMapGenerator:
- {name: settings, literals: [mode=dev, 'q="quoted"']}
- {name: files, files: [app.properties, other=app.properties]}
secretGenerator:
- {name: creds, literals: [user=admin, password=s3cret]}
`,
  'base/app.properties': 'a=1\n',
  'base/d.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - name: c
        image: nginx:1.25
        env: [{name: A, value: "1"}, {name: B, valueFrom: {secretKeyRef: {name: creds, key: user}}}]
        envFrom: [{configMapRef: {name: settings}}, {configMapRef: {name: foreign}}]
      - {name: side, image: busybox}
      volumes: [{name: v, configMap: {name: files}}]
`,
  'base/more.yaml': `apiVersion: v1
kind: Service
metadata: {name: app}
spec: {selector: {app: app}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: robot}, {kind: ServiceAccount, name: default}]
---
apiVersion: v1
kind: Namespace
metadata: {name: team}
`,
};

let bench: Workbench;
beforeEach(async () => {
  bench = await createWorkbench({ kubectl });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const absolute = `/home/student/${path}`;
    bench.machine.files.makeDirectory(absolute.slice(0, absolute.lastIndexOf('/')), { recursive: true });
    bench.machine.files.write(absolute, text);
  }
}

/** What the overlay over the base prints; its kustomization is given without its resources. */
async function overlay(text: string, more: Readonly<Record<string, string>> = {}): Promise<{ out: string; err: string; code: number }> {
  write({ ...BASE, 'over/kustomization.yaml': `resources: [../base]\n${text}`, ...more });
  const { stdout, stderr, code } = await bench.run('cd /home/student && kubectl kustomize over');
  return { out: stdout, err: stderr, code };
}

/** One document of an output. */
const document = (out: string, kind: string, name = ''): string =>
  out.split('---\n').find((one) => new RegExp(`^kind: ${kind}$`, 'm').test(one) && one.includes(`\n  name: ${name}`)) ?? '';

describe('what is printed', () => {
  it('is in the fixed order of kinds, with sorted fields, hashed names and references that follow them', async () => {
    const { out, code } = await overlay('namePrefix: dev-\n');
    expect(code).toBe(0);
    expect([...out.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind)).toEqual(
      'Namespace ServiceAccount RoleBinding ConfigMap ConfigMap Secret Service Deployment'.split(' '),
    );
    expect(document(out, 'Deployment')).toBe(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: dev-app
spec:
  selector:
    matchLabels:
      app: app
  template:
    metadata:
      labels:
        app: app
    spec:
      containers:
      - env:
        - name: A
          value: "1"
        - name: B
          valueFrom:
            secretKeyRef:
              key: user
              name: dev-creds-m2b2kb77mk
        envFrom:
        - configMapRef:
            name: dev-settings-4hdt2f78h6
        - configMapRef:
            name: foreign
        image: nginx:1.25
        name: c
      - image: busybox
        name: side
      volumes:
      - configMap:
          name: dev-files-kgd2bb889h
        name: v
`);
    expect(document(out, 'Namespace')).toContain('name: team');
  });

  it('can keep the order of the files', async () => {
    const { out } = await overlay('sortOptions: {order: fifo}\n');
    expect([...out.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind).slice(0, 3)).toEqual(['Deployment', 'Service', 'ServiceAccount']);
  });
});

describe('transformers', () => {
  it('namespace goes to what has one, to the Namespace itself and to subjects that are meant', async () => {
    const { out } = await overlay('namespace: prod\n');
    expect(document(out, 'Namespace')).toContain('name: prod');
    expect(document(out, 'RoleBinding').split('subjects:')[1]).toBe(`
- kind: ServiceAccount
  name: robot
  namespace: prod
- kind: ServiceAccount
  name: default
  namespace: prod
`);
    expect(document(out, 'Deployment')).toContain('  namespace: prod\n');
  });

  it('labels stay off selectors unless they are asked to be there', async () => {
    const { out } = await overlay(
      'labels: [{pairs: {env: prod}}, {pairs: {tier: x}, includeSelectors: true}, {pairs: {of: pods}, includeTemplates: true}]\n',
    );
    expect(document(out, 'Service').split('spec:')[1]).toContain('  selector:\n    app: app\n    tier: x\n');
    expect(document(out, 'Deployment').split('template:')[1]).toContain('labels:\n        app: app\n        of: pods\n        tier: x\n');
    expect(document(out, 'ServiceAccount')).toContain('  labels:\n    env: prod\n    of: pods\n    tier: x\n');
  });

  it('images change by name, replicas by the original name', async () => {
    const { out } = await overlay(
      'nameSuffix: -x\nimages: [{name: nginx, newTag: "1.27"}, {name: busybox, newName: reg:5000/bb, digest: "sha256:12"}]\nreplicas: [{name: app, count: 3}]\n',
    );
    expect(document(out, 'Deployment')).toMatch(/image: nginx:1\.27[^]*image: reg:5000\/bb@sha256:12/);
    expect(document(out, 'Deployment')).toContain('replicas: 3');
  });

  it('generators merge into and replace those of the base', async () => {
    const { out } = await overlay(
      'configMapGenerator: [{name: settings, behavior: merge, literals: [mode=prod]}, {name: files, behavior: replace, literals: [only=this]}]\n',
    );
    expect(out).toContain('data:\n  mode: prod\n  q: quoted\nkind: ConfigMap');
    expect(out).toContain('data:\n  only: this\nkind: ConfigMap');
  });

  it('replacements copy a value, or a part of it', async () => {
    const { out } = await overlay(`replacements:
- source: {kind: Deployment, name: app, fieldPath: "spec.template.spec.containers.[name=c].image", options: {delimiter: ":", index: 1}}
  targets:
  - {select: {kind: Service}, fieldPaths: [metadata.annotations.version], options: {create: true}}
`);
    expect(document(out, 'Service')).toContain('annotations:\n    version: "1.25"');
  });

  it('a component works on what its parent has', async () => {
    const { out } = await overlay('components: [../comp]\n', {
      'comp/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- patch: |\n    {apiVersion: apps/v1, kind: Deployment, metadata: {name: app}, spec: {paused: true}}\n',
    });
    expect(document(out, 'Deployment')).toContain('paused: true');
  });
});

describe('patches', () => {
  it('put the elements they name first, delete by null and $patch', async () => {
    const { out } = await overlay(`patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: app}
    spec:
      template:
        spec:
          containers:
          - {name: extra, image: extra}
          - name: c
            env: [{name: Z, value: z}, {name: B, $patch: delete}]
            envFrom: null
          - {name: side, $patch: delete}
- patch: |
    {apiVersion: v1, kind: ServiceAccount, metadata: {name: robot}, $patch: delete}
- target: {kind: "Serv.*", labelSelector: "!x"}
  patch: |
    - {op: replace, path: /spec/ports/0/port, value: 81}
`);
    expect(document(out, 'Deployment').split('containers:\n')[1]).toBe(`      - image: extra
        name: extra
      - env:
        - name: Z
          value: z
        - name: A
          value: "1"
        image: nginx:1.25
        name: c
      volumes:
      - configMap:
          name: files-kgd2bb889h
        name: v
`);
    expect(document(out, 'ServiceAccount')).toBe('');
    expect(document(out, 'Service')).toContain('port: 81');
  });

  const refusals: readonly (readonly [kustomization: string, error: string])[] = [
    [
      'patches: [{patch: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: nope}}"}]',
      'no resource matches strategic merge patch "Deployment.v1.apps/nope.[noNs]": no matches for Id Deployment.v1.apps/nope.[noNs]; failed to find unique target for patch Deployment.v1.apps/nope.[noNs]',
    ],
    ['foo: bar', 'invalid Kustomization: json: unknown field "foo"'],
    [
      'images: [{name: nginx, newTag: 1.27}]',
      'invalid Kustomization: json: cannot unmarshal number into Go struct field Image.images.newTag of type string',
    ],
    [
      'replicas: [{name: nope, count: 3}]',
      'resource with name nope does not match a config with the following GVK [Deployment.[noVer].[noGrp] StatefulSet.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] ReplicationController.[noVer].[noGrp]]',
    ],
    [
      'configMapGenerator: [{name: a, literals: [x]}]',
      'loading KV pairs: literal sources [x]: invalid literal source x, expected key=value',
    ],
    [
      'components: [../base]',
      `accumulating components: accumulateDirectory: "expected kind 'Component' for path '/home/student/base' but got 'Kustomization'"`,
    ],
    [
      'bases: [../gone]',
      "accumulating resources: accumulation err='accumulating resources from '../gone': evalsymlink failure on '/home/student/gone' : lstat /home/student/gone: no such file or directory': must build at directory: not a valid directory: evalsymlink failure on '/home/student/gone' : lstat /home/student/gone: no such file or directory",
    ],
  ];
  it.each(refusals)('%s is refused in kustomize’s words', async (text, error) => {
    const { err, out, code } = await overlay(`${text}\n`);
    expect([err.replace(/^# Warning.*\n/gm, ''), out, code]).toEqual([`error: ${error}\n`, '', 1]);
  });
});

describe('documents', () => {
  const complaints: readonly (readonly [text: string, complaint: string])[] = [
    ['a: b: c\n', 'error converting YAML to JSON: yaml: mapping values are not allowed in this context'],
    ['a:\n  b: c\n d: e\n', 'error converting YAML to JSON: yaml: line 2: did not find expected key'],
    ['a:\n\tb: c\n', 'error converting YAML to JSON: yaml: line 2: found character that cannot start any token'],
    ['a: "b\n', 'error converting YAML to JSON: yaml: line 2: found unexpected end of stream'],
    ['a: *x\n', "error converting YAML to JSON: yaml: unknown anchor 'x' referenced"],
    ['- a\nb: c\n', "error converting YAML to JSON: yaml: line 1: did not find expected '-' indicator"],
    ['a: {b: c\nd: e\n', "error converting YAML to JSON: yaml: line 1: did not find expected ',' or '}'"],
    ['a: b\n- c\n', 'error converting YAML to JSON: yaml: line 1: did not find expected key'],
    ['a\nb: c\n', 'error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context'],
    ['a: [b\nc: d\n', "error converting YAML to JSON: yaml: line 1: did not find expected ',' or ']'"],
    ['a: b\nfoo\nc: d\n', "error converting YAML to JSON: yaml: line 3: could not find expected ':'"],
    [
      'metadata:\n  name: x\n   labels:\n    a: b\n',
      'error converting YAML to JSON: yaml: line 3: mapping values are not allowed in this context',
    ],
    ['a: b\n c: d\n', 'error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context'],
    ['a:\n- b\n  c: d\n', 'error converting YAML to JSON: yaml: line 3: mapping values are not allowed in this context'],
    ["a: 'x\nb: c\n", 'error converting YAML to JSON: yaml: line 3: found unexpected end of stream'],
    ['a: %x\n', 'error converting YAML to JSON: yaml: found character that cannot start any token'],
    ['a: @x\n', 'error converting YAML to JSON: yaml: found character that cannot start any token'],
    ['a: "\\q"\n', 'error converting YAML to JSON: yaml: found unknown escape character'],
    ['a: ]\n', 'error converting YAML to JSON: yaml: did not find expected node content'],
  ];
  it.each(complaints)('%j is complained of as libyaml does', async (text, complaint) => {
    write({ 'f.yaml': text });
    const { stderr, code } = await bench.run('cd /home/student && kubectl create -f f.yaml');
    expect([stderr, code]).toEqual([`error: error parsing f.yaml: ${complaint}\n`, 1]);
  });

  it('a lone dot is text, and both missing fields are named', async () => {
    write({ 'f.yaml': 'a: [.]\n', 'k/kustomization.yaml': 'resources: [.]\n' });
    expect((await bench.run('cd /home/student && kubectl create -f f.yaml')).stderr).toContain('[apiVersion not set, kind not set]');
    expect((await bench.run('cd /home/student && kubectl kustomize k')).stderr).toContain('cycle detected');
  });
});
