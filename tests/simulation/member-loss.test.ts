/** A control plane whose disk failed under etcd: what its member says, and how it is brought back as a new one. */
import { beforeAll, describe, expect, it } from 'vitest';
import { isReadyAt, processesOf } from './control-plane.ts';
import { etcdctlOn, memberOf, voterNames } from './members.ts';
import { BOOT_LIMIT_MS, bootedCluster, type Student } from './student.ts';

describe('a member whose data are lost or damaged', () => {
  let student: Student;
  /** What etcd of the third control plane logged. */
  const said: string[] = [];

  beforeAll(async () => {
    student = await bootedCluster('lost data', { controlPlanes: 3, workers: 0 });
    student.lab.on('log', ({ machine, component, message, attributes }) => {
      if (machine === 'control-plane-3' && component === 'etcd') said.push(`${message} ${JSON.stringify(attributes ?? {})}`);
    });
  }, BOOT_LIMIT_MS);

  it('refuses to start on a log that lost its integrity, in etcd’s words, while the others go on', async () => {
    await student.settle(student.lab.disk.fault('control-plane-3', 'corrupt-tail'));
    await student.settle(student.lab.machines.kill('control-plane-3', 'etcd'));
    await student.eventually('it says so', 60_000, () => said.some((line) => line.includes('walpb: crc mismatch')));
    await student.sh('kubectl create configmap meanwhile');
    await student.eventually('its API server is not ready', 60_000, async () => !(await isReadyAt(student, 'control-plane-3')));
    expect((await student.run('kubectl get --raw /readyz')).stdout).toBe('ok');
  });

  it('refuses to begin anew under an id that the others know, and comes back as a new member', async () => {
    await student.settle(student.lab.disk.fault('control-plane-3', 'none'));
    const on = (line: string): string => `ssh root@control-plane-3 "${line}"`;
    await student.sh(on('mv /etc/kubernetes/manifests/etcd.yaml /root/'));
    await student.eventually('etcd is stopped', 60_000, () => processesOf(student.simulation.machine('control-plane-3'), 'etcd') === 0);
    await student.sh(on('rm -rf /var/lib/etcd/member && mv /root/etcd.yaml /etc/kubernetes/manifests/'));
    await student.eventually('it says so', 400_000, () => said.some((line) => line.includes('has already been bootstrapped')));
    const { id } = await memberOf(student, 'control-plane-1', 'control-plane-3');
    await student.sh(etcdctlOn('control-plane-1', `member remove ${id}`));
    const added = await student.sh(etcdctlOn('control-plane-1', 'member add control-plane-3 --peer-urls=https://10.0.0.13:2380'));
    const initial = /ETCD_INITIAL_CLUSTER="([^"]+)"/.exec(added)![1]!;
    const manifest = '/etc/kubernetes/manifests/etcd.yaml';
    await student.sh(
      on(
        `sed -i -e 's#--initial-cluster=.*#--initial-cluster=${initial}#' -e '/--initial-cluster-state/d' -e 's#\\(.*\\)--name=#\\1--initial-cluster-state=existing\\n&#' ${manifest}`,
      ),
    );
    await student.eventually('it has its place again', 400_000, async () => {
      const member = await memberOf(student, 'control-plane-1', 'control-plane-3').catch((error: unknown) => error);
      return !(member instanceof Error) && member !== null && (await isReadyAt(student, 'control-plane-3'));
    });
    expect(await voterNames(student, 'control-plane-3')).toEqual(['control-plane-1', 'control-plane-2', 'control-plane-3']);
    expect((await memberOf(student, 'control-plane-1', 'control-plane-3')).id).not.toBe(id);
    const keys = await student.sh(etcdctlOn('control-plane-3', 'get --consistency=s --prefix /registry/configmaps/default/ --keys-only'));
    expect(keys).toContain('/registry/configmaps/default/meanwhile\n');
  });

  it('finds its disk mended after a power-on when it was mended while the machine was off', async () => {
    const { disk, faults } = student.lab;
    await student.settle(disk.fault('control-plane-2', 'full'));
    await student.powerOff('control-plane-2');
    expect(faults.list()).toEqual([{ kind: 'disk', machine: 'control-plane-2', fault: 'full' }]);
    await student.settle(disk.fault('control-plane-2', 'none'));
    expect(faults.list()).toEqual([]);
    await student.powerOn('control-plane-2');
    await student.eventually('its API server is ready', 60_000, () => isReadyAt(student, 'control-plane-2'));
  });
});
