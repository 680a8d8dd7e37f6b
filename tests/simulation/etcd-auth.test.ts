/** Authentication switched on under a cluster: the API server is known by the name in its certificate, and has to be somebody. */
import { beforeAll, describe, expect, it } from 'vitest';
import { etcdctlOn } from './members.ts';
import { BOOT_LIMIT_MS, bootedCluster, type Student } from './student.ts';

const API_SERVER = 'kube-apiserver-etcd-client';

describe('a cluster whose etcd asks who is there', () => {
  let student: Student;
  const etcdctl = (line: string): Promise<string> => student.sh(etcdctlOn('control-plane', line));

  beforeAll(async () => {
    student = await bootedCluster('auth', { controlPlanes: 1, workers: 0 });
    await student.sh('kubectl create configmap before');
  }, BOOT_LIMIT_MS);

  it('shuts the API server out, which is no user, and lets it in again when authentication is off', async () => {
    await etcdctl('user add root:secret');
    await etcdctl('auth enable');
    const refused = await student.run('kubectl create configmap refused');
    expect(refused).toMatchObject({ exitCode: 1, stderr: 'error: failed to create configmap: etcdserver: permission denied\n' });
    // The certificate of etcdctl names nobody that is a user either; a password goes before it.
    const nobody = await student.run(etcdctlOn('control-plane', 'get /registry --prefix --keys-only'));
    expect(nobody).toMatchObject({ exitCode: 1, stderr: 'Error: etcdserver: permission denied\n' });
    await etcdctl('--user=root:secret auth disable');
    await student.sh('kubectl create configmap let-in');
  });

  it('serves it once the name in its certificate is a user with a role', async () => {
    await etcdctl(`user add ${API_SERVER} --no-password`);
    await etcdctl('role add kubernetes');
    await etcdctl('role grant-permission kubernetes readwrite --prefix /registry/');
    await etcdctl('role grant-permission kubernetes readwrite compact_rev_key');
    await etcdctl(`user grant-role ${API_SERVER} kubernetes`);
    await etcdctl('auth enable');
    await student.sh('kubectl create configmap known');
    await student.sh('kubectl delete configmap before');
    const names = await student.sh('kubectl get configmaps -o name');
    expect(names).toContain('configmap/known');
    expect(names).not.toContain('configmap/before');
    const held = await etcdctl('--user=root:secret get --prefix /registry/configmaps/default/ --keys-only');
    expect(held).toContain('/registry/configmaps/default/known');
  });
});
