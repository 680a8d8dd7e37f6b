/** kubectl config's entries, options, completion, and verbs with their finer points: what kubectl 1.33 prints. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Workbench } from '../shell/workbench.ts';
import type { FakeApi } from './fake-api.ts';
import { createKubectlBench } from './kubectl-bench.ts';

let bench: Workbench;
let api: FakeApi;
beforeEach(async () => {
  ({ bench, api } = await createKubectlBench());
  bench.machine.files.write('/home/student/ca.crt', 'cert\n');
});

/** Runs lines one after the other against a kubeconfig of its own; gives what the last printed. */
async function withConfig(...lines: readonly string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  let last = { stdout: '', stderr: '', code: 0 };
  for (const line of lines) last = await bench.run(`cd ~ && export KUBECONFIG=~/own && kubectl config ${line}`);
  return last;
}

describe('kubectl config', () => {
  it('makes and merges clusters, users and contexts, and writes them by name', async () => {
    expect((await withConfig('set-cluster b --server=https://1.2.3.4 --certificate-authority=ca.crt --embed-certs')).stdout).toBe(
      'Cluster "b" set.\n',
    );
    expect((await withConfig('set-cluster a --insecure-skip-tls-verify=true')).stdout).toBe('Cluster "a" set.\n');
    expect((await withConfig('set-credentials u --token=abc')).stdout).toBe('User "u" set.\n');
    expect((await withConfig('set-credentials u --username=x --password=y')).stdout).toBe('User "u" set.\n');
    expect((await withConfig('set-context c --cluster=b --user=u --namespace=ns1')).stdout).toBe('Context "c" created.\n');
    expect(bench.machine.files.readText('/home/student/own')).toBe(`apiVersion: v1
clusters:
- cluster:
    insecure-skip-tls-verify: true
    server: ""
  name: a
- cluster:
    certificate-authority-data: Y2VydAo=
    server: https://1.2.3.4
  name: b
contexts:
- context:
    cluster: b
    namespace: ns1
    user: u
  name: c
current-context: ""
kind: Config
preferences: {}
users:
- name: u
  user:
    password: "y"
    username: x
`);
  });

  it('keeps paths of certificates relative to the file', async () => {
    await withConfig('set-credentials u --client-certificate=ca.crt --client-key=ca.crt');
    expect(bench.machine.files.readText('/home/student/own')).toContain('client-certificate: ca.crt\n');
  });

  it('renames, sets and unsets single values', async () => {
    await withConfig('set-context c --cluster=b --user=u', 'use-context c');
    expect((await withConfig('rename-context c d')).stdout).toBe('Context "c" renamed to "d".\n');
    expect((await withConfig('current-context')).stdout).toBe('d\n');
    expect((await withConfig('set contexts.d.namespace x')).stdout).toBe('Property "contexts.d.namespace" set.\n');
    expect((await withConfig('view -o jsonpath={.contexts[0].context.namespace}')).stdout).toBe('x');
    expect((await withConfig('unset contexts.d.namespace')).stdout).toBe('Property "contexts.d.namespace" unset.\n');
    expect((await withConfig('unset current-context')).stdout).toBe('Property "current-context" unset.\n');
    expect((await withConfig('current-context')).stderr).toBe('error: current-context is not set\n');
    expect((await withConfig('delete-context d')).stdout).toBe('deleted context d from /home/student/own\n');
  });

  it('refuses what kubectl refuses', async () => {
    const refusal = async (line: string): Promise<string> => (await withConfig(line)).stderr;
    expect(await refusal('set-cluster')).toBe('error: Unexpected args: []\n');
    expect(await refusal('set-cluster c --certificate-authority=nope --embed-certs')).toBe(
      'error: could not stat certificate-authority file nope: stat nope: no such file or directory\n',
    );
    expect(await refusal('set-credentials u --token=a --username=b')).toBe(
      'error: you cannot specify more than one authentication method at the same time: --token, --username/--password\n',
    );
    expect(await refusal('set foo.bar x')).toBe('error: unable to parse foo.bar after [] at api.Config\n');
    expect(await refusal('delete-user u')).toBe('error: cannot delete user u, not in /home/student/own\n');
    expect(await refusal('rename-context c d')).toBe(`error: cannot rename the context "c", it's not in /home/student/own\n`);
  });
});

const cases: readonly (readonly [line: string, stdout: string | RegExp, stderr: string, code: number])[] = [
  ['options', /^The following options can be passed to any command:\n\n {4}--as='':\n/, '', 0],
  ['completion bash', /^# bash completion/, '', 0],
  ['completion tcsh', '', `error: Unsupported shell type "tcsh".\nSee 'kubectl completion -h' for help and examples\n`, 1],
  ['plugin list', '', 'error: unable to find any kubectl plugins in your PATH\n', 1],
  ['certificate approve', '', 'error: one or more CSRs must be specified as <name> or -f <filename>\n', 1],
  ['debug p', '', 'error: you must specify --image when not using --copy-to.\n', 1],
  ['debug p --image=i --profile=x', '', 'error: unknown profile: x\n', 1],
  ['debug p --copy-to=q', '', 'error: you must specify --image, --set-image or command arguments.\n', 1],
  ['patch cm a --patch-file=nope', '', 'error: unable to read patch file: open nope: no such file or directory\n', 1],
  ['patch cm a', '', 'error: must specify --patch or --patch-file containing the contents of the patch\n', 1],
  ['get pods --subresource=status', '', 'error: subresource cannot be used when bulk resources are specified\n', 1],
  ['label pod p', '', 'error: at least one label update is required\n', 1],
  ['cordon', '', "error: USAGE: cordon NODE [flags]\nSee 'kubectl cordon -h' for help and examples\n", 1],
];

describe('kubectl', () => {
  it.each(cases)('%s', async (line, stdout, stderr, code) => {
    const ran = await bench.run(`cd ~ && kubectl ${line}`);
    expect([ran.stderr, ran.code]).toEqual([stderr, code]);
    if (typeof stdout === 'string') expect(ran.stdout).toBe(stdout);
    else expect(ran.stdout).toMatch(stdout);
  });

  it('debugs by a patch of the ephemeral containers', async () => {
    api.objects.set('pods/default/p', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default', resourceVersion: '1' },
      spec: { containers: [{ name: 'a', image: 'i' }] },
    });
    const ran = await bench.run('kubectl debug p --image=busybox -c dbg --target=a --profile=general -- sleep 5');
    expect(ran.stderr).toContain('Targeting container "a". If you don\'t see processes');
    const patch = api.seen.find(({ method }) => method === 'PATCH')!;
    expect(patch.path).toContain('/pods/p/ephemeralcontainers');
    expect(JSON.parse(patch.body)).toMatchObject({
      spec: {
        ephemeralContainers: [
          {
            command: ['sleep', '5'],
            image: 'busybox',
            name: 'dbg',
            securityContext: { capabilities: { add: ['SYS_PTRACE'] } },
            targetContainerName: 'a',
          },
        ],
      },
    });
  });

  it('labels a file alone with --local', async () => {
    bench.machine.files.write('/home/student/l.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l, labels: {a: b}}\n');
    expect((await bench.run('cd ~ && kubectl label -f l.yaml c=d --local -o yaml')).stdout).toBe(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    a: b\n    c: d\n  name: l\n',
    );
  });
});
