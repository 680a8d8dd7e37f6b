/** The exam exercise: etcd is saved, something is lost, and a restored data directory is put in place by editing the static pod manifest. */
import { beforeAll, describe, expect, it } from 'vitest';
import { everyApiServerReady, etcdLeaders, machinesOf, processesOf } from './control-plane.ts';
import { etcdctlOn, voterNames } from './members.ts';
import { BOOT_LIMIT_MS, bootedCluster, type Student } from './student.ts';

const MANIFESTS = '/etc/kubernetes/manifests';
const BACKUP = '/root/backup.db';

/** A line in a root shell of a machine. */
const on = (machine: string, line: string): string => `ssh root@${machine} "${line}"`;

const componentsOf = (student: Student, machine: string, ...components: string[]): number =>
  components.reduce((sum, component) => sum + processesOf(student.simulation.machine(machine), component), 0);

const names = async (student: Student): Promise<string[]> =>
  (await student.list('/api/v1/namespaces/default/configmaps')).map(({ metadata }) => metadata.name);

describe('a snapshot of a single member', () => {
  let student: Student;

  beforeAll(async () => {
    student = await bootedCluster('restore one', { controlPlanes: 1, workers: 1 });
    await student.sh('kubectl create configmap before');
  }, BOOT_LIMIT_MS);

  it('is saved by etcdctl and described by etcdutl', async () => {
    const said = await student.sh(etcdctlOn('control-plane', `snapshot save ${BACKUP}`));
    expect(said).toBe(`Snapshot saved at ${BACKUP}\n`);
    const status = await student.sh(on('control-plane', `etcdutl snapshot status ${BACKUP} -w table`));
    expect(status).toMatch(/^\+-+\+-+\+-+\+-+\+\n\| +HASH +\| REVISION \| TOTAL KEYS \| TOTAL SIZE \|\n/);
    await student.sh('kubectl create configmap after');
    await student.sh('kubectl delete configmap before');
  });

  it('is restored into a new directory, not into one that is there', async () => {
    const taken = await student.run(on('control-plane', `etcdutl snapshot restore ${BACKUP} --data-dir /var/lib/etcd`));
    expect(taken).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Error: data-dir "/var/lib/etcd" not empty or could not be read\n'),
    });
    await student.sh(on('control-plane', `etcdutl snapshot restore ${BACKUP} --data-dir /var/lib/etcd-restored`));
    expect(await student.sh(on('control-plane', 'ls /var/lib/etcd-restored'))).toBe('member\n');
  });

  it('is what the cluster holds after the hostPath of the manifest was changed: what was deleted is back, what came later is gone', async () => {
    await student.sh(on('control-plane', `sed -i 's|path: /var/lib/etcd$|path: /var/lib/etcd-restored|' ${MANIFESTS}/etcd.yaml`));
    await student.eventually('the old data are served', 400_000, async () => {
      const found = await names(student);
      return found.includes('before') && !found.includes('after');
    });
    await everyApiServerReady(student, 400_000);
    await student.eventually(
      'a write works',
      60_000,
      async () => (await student.attempt('kubectl create configmap anew', 10_000))?.exitCode === 0,
    );
    await student.sh('kubectl run probe --image=nginx:1.27');
    await student.eventually(
      'a pod runs',
      120_000,
      async () => (await student.read('/api/v1/namespaces/default/pods/probe'))?.status?.phase === 'Running',
    );
  });
});

describe('a snapshot restored on three members', () => {
  let student: Student;
  let hosts: string[];

  beforeAll(async () => {
    student = await bootedCluster('restore three', { controlPlanes: 3, workers: 1 });
    hosts = await machinesOf(student, 'control-plane');
    await student.sh('kubectl create configmap before');
    await student.sh(etcdctlOn(hosts[0]!, `snapshot save ${BACKUP}`));
    await student.sh('kubectl create configmap after');
    await student.sh('kubectl delete configmap before');
  }, BOOT_LIMIT_MS);

  it('needs every API server and every member stopped first', async () => {
    for (const host of hosts) await student.sh(on(host, `mkdir -p /root/off && mv ${MANIFESTS}/*.yaml /root/off/`));
    await student.eventually('all are stopped', 120_000, () =>
      hosts.every((host) => componentsOf(student, host, 'kube-apiserver', 'etcd', 'kube-scheduler', 'kube-controller-manager') === 0),
    );
    expect((await student.run('kubectl get nodes')).stderr).toContain('was refused - did you specify the right host or port?');
  });

  it('is restored on each host under its own name, from the same file', async () => {
    for (const host of hosts.slice(1)) await student.sh(`ssh root@${hosts[0]!} cat ${BACKUP} | ssh root@${host} "cat > ${BACKUP}"`);
    const initial = hosts.map((host) => `${host}=https://10.0.0.1${host.at(-1)!}:2380`).join(',');
    for (const host of hosts) {
      await student.sh(
        on(
          host,
          `etcdutl snapshot restore ${BACKUP} --data-dir /var/lib/etcd-restored --name ${host} --initial-cluster ${initial} --initial-advertise-peer-urls https://10.0.0.1${host.at(-1)!}:2380`,
        ),
      );
      await student.sh(on(host, "sed -i 's|path: /var/lib/etcd$|path: /var/lib/etcd-restored|' /root/off/etcd.yaml"));
    }
  });

  it('comes up as one cluster with the old data once the manifests are back', async () => {
    for (const host of hosts) await student.sh(on(host, `mv /root/off/etcd.yaml ${MANIFESTS}/`));
    await student.eventually('etcd runs everywhere', 60_000, () => hosts.every((host) => componentsOf(student, host, 'etcd') === 1));
    await student.eventually('a leader', 60_000, async () => (await etcdLeaders(student)).length === 1);
    for (const host of hosts) await student.sh(on(host, `mv /root/off/*.yaml ${MANIFESTS}/`));
    await everyApiServerReady(student, 400_000);
    expect(await voterNames(student, hosts[2]!)).toEqual(hosts);
    const found = await names(student);
    expect(found).toContain('before');
    expect(found).not.toContain('after');
    await student.sh('kubectl create configmap anew');
    const keys = [];
    for (const host of hosts) keys.push(await student.sh(etcdctlOn(host, 'get --prefix /registry/configmaps/default/ --keys-only')));
    expect(keys[0]).toContain('/registry/configmaps/default/anew\n');
    expect(new Set(keys).size).toBe(1);
    await student.powerOff(hosts[1]!);
    await student.eventually(
      'it survives the loss of one as before',
      30_000,
      async () => (await student.attempt('kubectl create configmap without-one', 10_000))?.exitCode === 0,
    );
  });
});
