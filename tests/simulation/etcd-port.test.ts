/** Who gets to etcd's client port, in good times and bad: API servers and etcdctl, and nobody's workload; and what of a workload is in etcd. */
import { beforeAll, describe, expect, it } from 'vitest';
import { everyApiServerReady, machinesOf } from './control-plane.ts';
import { clientsOn, etcdctlOn } from './members.ts';
import { BOOT_LIMIT_MS, bootedCluster, hereDocument, isRunningAndReady, type Student } from './student.ts';

/** A pod that tries etcd's port again and again, and writes a text that stands in no manifest: to its log and into its volume. */
const CURIOUS = `
apiVersion: v1
kind: Pod
metadata:
  name: curious
spec:
  containers:
  - name: sh
    image: busybox:1.36
    command: ['sh', '-c', 'while true; do echo "kept-$((271 * 314))" | tee -a /data/kept; wget -qO- https://10.0.0.11:2379/health; sleep 2; done']
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    emptyDir: {}
`;
const KEPT = `kept-${271 * 314}`;

describe('the client port of etcd', () => {
  let student: Student;
  let hosts: string[];
  /** Names in the certificates of all who were seen connected. */
  const seen = new Map<string, number>();

  /** Notes who is connected to the members now, every tenth of a second of lab time for so long. */
  const watchFor = async (ms: number): Promise<void> => {
    for (const untilMs = student.simulation.nowMs + ms; student.simulation.nowMs < untilMs;) {
      await student.simulation.run(100);
      const machines = hosts.flatMap((host) => student.simulation.machine(host) ?? []);
      for (const name of machines.flatMap(clientsOn)) seen.set(name, (seen.get(name) ?? 0) + 1);
    }
  };

  beforeAll(async () => {
    student = await bootedCluster('port', { controlPlanes: 3, workers: 1 });
    hosts = await machinesOf(student, 'control-plane');
    await student.sh(hereDocument('curious.yaml', CURIOUS));
    await student.sh('kubectl apply -f curious.yaml');
    await student.eventually('the pod runs', 60_000, async () =>
      isRunningAndReady(await student.read('/api/v1/namespaces/default/pods/curious')),
    );
  }, BOOT_LIMIT_MS);

  it('ends the handshake of a pod, and of whoever has a certificate of another authority', async () => {
    const tried = await student.run('kubectl exec curious -- wget -qO- https://10.0.0.11:2379/health');
    expect(tried.exitCode).not.toBe(0);
    expect(tried.stderr).toMatch(/certificate/);
    const anonymous = await student.run('ssh root@worker-1 curl -sS -k https://10.0.0.11:2379/health');
    expect(anonymous.exitCode).not.toBe(0);
    expect(anonymous.stderr).toMatch(/certificate required/);
    const pki = '/etc/kubernetes/pki';
    const other = `etcdctl --endpoints=https://10.0.0.12:2379 --cacert=${pki}/etcd/ca.crt --cert=${pki}/apiserver-kubelet-client.crt --key=${pki}/apiserver-kubelet-client.key get /`;
    const refused = await student.run(`ssh root@control-plane-1 ${other}`);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('tls: unknown certificate authority');
  });

  it('is reached by API servers alone while machines and components fail, and by etcdctl when somebody types it', async () => {
    await watchFor(5_000);
    const [first, second, third] = hosts as [string, string, string];
    await student.settle(student.lab.machines.kill(first, 'kube-apiserver'));
    await watchFor(5_000);
    await student.powerOff(second);
    await watchFor(10_000);
    await student.settle(student.lab.network.partition([third], [first, 'worker-1', 'load-balancer', 'workstation']));
    await watchFor(10_000);
    await student.settle(student.lab.network.heal());
    await student.powerOn(second);
    await student.settle(student.lab.machines.kill(third, 'etcd'));
    await watchFor(15_000);
    await everyApiServerReady(student, 400_000);
    await watchFor(2_000);
    expect([...seen.keys()]).toEqual(['kube-apiserver-etcd-client']);
    expect(seen.get('kube-apiserver-etcd-client')).toBeGreaterThan(500);
    const aborter = new AbortController();
    const watching = student.lab.run(etcdctlOn(first, 'watch nothing'), { session: 'watch', signal: aborter.signal });
    await watchFor(1_000);
    expect([...seen.keys()].sort()).toEqual(['control-plane-1', 'kube-apiserver-etcd-client']);
    aborter.abort();
    await student.settle(watching, 10_000, 'etcdctl ends');
  });

  it('holds nothing of what workloads write to their logs and volumes', async () => {
    expect(await student.sh('kubectl logs curious')).toContain(`${KEPT}\n`);
    expect(await student.sh('kubectl exec curious -- cat /data/kept')).toContain(KEPT);
    const everything = await student.sh(etcdctlOn(hosts[0]!, 'get / --prefix'));
    expect(everything).toContain('/registry/pods/default/curious');
    expect(everything).not.toContain(KEPT);
    const snapshot = await student.sh(`${etcdctlOn(hosts[0]!, 'snapshot save /root/all.db')} && ssh root@${hosts[0]!} cat /root/all.db`);
    expect(snapshot).toContain('/registry/pods/default/curious');
    expect(snapshot).not.toContain(KEPT);
  });
});
