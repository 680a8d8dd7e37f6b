import { describe, expect, it } from 'vitest';
import { createEtcdClient, type EtcdClient } from '#etcd/client';
import { etcd } from '#etcd';
import type { Certificate, Child, Identity, Process } from '#host';
import { createSimulation } from '#host/simulated';

const NAMES = [1, 2, 3];
const address = (at: number): string => `10.0.0.${10 + at}`;

/** Three members with kubeadm's flags and certificates, and a machine that holds whatever identity a test gives it. */
async function secureCluster(seed: string) {
  const simulation = createSimulation({ seed, turn: (run) => void setImmediate(run) });
  const host = await simulation.powerOn({ name: 'workstation', address: '10.0.0.9', zone: 'a' });
  const process = await new Promise<Process>((resolve) => {
    host.spawn(
      (given) => {
        resolve(given);
        return new Promise(() => undefined);
      },
      { name: 'client' },
    );
  });
  const { crypto } = process;
  const validity = { notBeforeMs: process.clock.wallMs() - 1_000, notAfterMs: process.clock.wallMs() + 86_400_000 };
  const authority = (commonName: string) => {
    const key = crypto.generateKey();
    const certificate = crypto.issueCertificate(
      { subject: { commonName, organizations: [] }, ...validity, isCa: true },
      key.publicKey,
      key,
    );
    const issue = (name: string, ips: string[], usages: ('client auth' | 'server auth')[]): Identity => {
      const own = crypto.generateKey();
      const leaf = crypto.issueCertificate(
        {
          subject: { commonName: name, organizations: [] },
          ...validity,
          usages,
          dnsNames: [name, 'localhost'],
          ipAddresses: [...ips, '127.0.0.1'],
        },
        own.publicKey,
        key,
        certificate,
      );
      return { chain: [leaf], key: own };
    };
    return { certificate, issue };
  };
  const etcdCa = authority('etcd-ca');
  const otherCa = authority('kubernetes');
  const children = new Map<number, Child>();
  for (const at of NAMES) {
    const machine = await simulation.powerOn({ name: `control-plane-${at}`, address: address(at), zone: 'a' });
    const directory = '/etc/kubernetes/pki/etcd';
    machine.files.makeDirectory(directory, { recursive: true });
    machine.files.write(`${directory}/ca.crt`, crypto.certificatesToPem([etcdCa.certificate]));
    for (const name of ['server', 'peer']) {
      const identity = etcdCa.issue(`control-plane-${at}`, [address(at)], ['server auth', 'client auth']);
      machine.files.write(`${directory}/${name}.crt`, crypto.certificatesToPem(identity.chain));
      machine.files.write(`${directory}/${name}.key`, crypto.keyToPem(identity.key));
    }
    const argv = [
      'etcd',
      `--advertise-client-urls=https://${address(at)}:2379`,
      `--cert-file=${directory}/server.crt`,
      '--client-cert-auth=true',
      '--data-dir=/var/lib/etcd',
      '--experimental-initial-corrupt-check=true',
      '--experimental-watch-progress-notify-interval=5s',
      `--initial-advertise-peer-urls=https://${address(at)}:2380`,
      `--initial-cluster=${NAMES.map((other) => `control-plane-${other}=https://${address(other)}:2380`).join(',')}`,
      `--key-file=${directory}/server.key`,
      `--listen-client-urls=https://127.0.0.1:2379,https://${address(at)}:2379`,
      '--listen-metrics-urls=http://127.0.0.1:2381',
      `--listen-peer-urls=https://${address(at)}:2380`,
      `--name=control-plane-${at}`,
      `--peer-cert-file=${directory}/peer.crt`,
      '--peer-client-cert-auth=true',
      `--peer-key-file=${directory}/peer.key`,
      `--peer-trusted-ca-file=${directory}/ca.crt`,
      '--snapshot-count=10000',
      `--trusted-ca-file=${directory}/ca.crt`,
    ];
    children.set(at, machine.spawn(etcd, { name: 'etcd', argv, component: 'etcd' }));
  }
  const client = (identity: Identity | undefined, rootCas: readonly Certificate[] = [etcdCa.certificate]): EtcdClient =>
    createEtcdClient({
      network: process.network,
      clock: process.clock,
      random: process.random,
      endpoints: NAMES.map((at) => `https://${address(at)}:2379`),
      ...(identity ? { identity } : {}),
      rootCas,
    });
  return { simulation, client, etcdCa, otherCa };
}

describe('with kubeadm’s certificates', () => {
  it('members meet, a client of the etcd CA is served, and nobody else gets past the handshake', async () => {
    const { simulation, client, etcdCa, otherCa } = await secureCluster('identity');
    const settle = <T>(promise: Promise<T>): Promise<T> => simulation.settle(promise, 60_000, 'the call ends');
    const apiServer = client(etcdCa.issue('kube-apiserver-etcd-client', [], ['client auth']));
    await settle(apiServer.put({ key: '/registry/a', value: '1' }));
    for (let at = 0; at < 3; at++) expect((await settle(apiServer.range({ key: '/registry/a' }))).count).toBe(1);
    await expect(settle(client(undefined).range({ key: 'a' }))).rejects.toThrow('tls: certificate required');
    await expect(settle(client(otherCa.issue('kubernetes-admin', [], ['client auth'])).range({ key: 'a' }))).rejects.toMatchObject({
      code: 'Unavailable',
    });
    await expect(settle(client(etcdCa.issue('x', [], ['client auth']), [otherCa.certificate]).range({ key: 'a' }))).rejects.toThrow(
      'certificate signed by unknown authority',
    );
  }, 60_000);
});
