import { etcd } from '#etcd';
import { kubeApiserver } from '#apiserver';
import {
  createHttpClient,
  type CertificateTemplate,
  type Child,
  type HttpClient,
  type Identity,
  type PrivateKey,
  type Process,
} from '#host';
import { createSimulation, type Simulation } from '#host/simulated';
import { describe, expect, it } from 'vitest';

const turn = (run: () => void): void => void setImmediate(run);
const pki = '/etc/kubernetes/pki';
const yearMs = 365 * 24 * 3_600_000;

interface ControlPlane {
  readonly simulation: Simulation;
  readonly etcd: Child;
  readonly apiserver: Child;
  readonly client: HttpClient;
  readonly anonymous: HttpClient;
  readonly strangerToEtcd: Promise<string>;
}

/** The certificates kubeadm makes, as far as these two programs need them. */
function writeCertificates(process: Process): { admin: Identity; ca: Identity } {
  const { crypto, files, clock } = process;
  const validity = { notBeforeMs: clock.wallMs() - 3_600_000, notAfterMs: clock.wallMs() + yearMs };
  const makeCa = (name: string): Identity => {
    const key = crypto.generateKey();
    const template: CertificateTemplate = { subject: { commonName: name, organizations: [] }, isCa: true, ...validity };
    return { key, chain: [crypto.issueCertificate(template, key.publicKey, key)] };
  };
  const issue = (
    ca: Identity,
    commonName: string,
    organizations: string[],
    usages: ('client auth' | 'server auth')[],
    ipAddresses: string[] = [],
  ): Identity => {
    const key = crypto.generateKey();
    return {
      key,
      chain: [
        crypto.issueCertificate(
          { subject: { commonName, organizations }, usages, ipAddresses, dnsNames: ['localhost'], ...validity },
          key.publicKey,
          ca.key,
          ca.chain[0],
        ),
      ],
    };
  };
  const write = (name: string, { chain, key }: { chain: Identity['chain']; key: PrivateKey }): void => {
    files.write(`${pki}/${name}.crt`, crypto.certificatesToPem(chain));
    files.write(`${pki}/${name}.key`, crypto.keyToPem(key));
  };
  files.makeDirectory(`${pki}/etcd`, { recursive: true });
  const ca = makeCa('kubernetes');
  const etcdCa = makeCa('etcd-ca');
  write('ca', ca);
  write('etcd/ca', etcdCa);
  write('etcd/server', issue(etcdCa, 'control-plane-1', [], ['server auth', 'client auth'], ['127.0.0.1', '10.0.0.11']));
  write('etcd/peer', issue(etcdCa, 'control-plane-1', [], ['server auth', 'client auth'], ['127.0.0.1', '10.0.0.11']));
  write('apiserver-etcd-client', issue(etcdCa, 'kube-apiserver-etcd-client', [], ['client auth']));
  write('apiserver', issue(ca, 'kube-apiserver', [], ['server auth'], ['10.0.0.11', '10.96.0.1']));
  write('apiserver-kubelet-client', issue(ca, 'kube-apiserver-kubelet-client', ['kubeadm:cluster-admins'], ['client auth']));
  const key = crypto.generateKey();
  files.write(`${pki}/sa.key`, crypto.keyToPem(key));
  files.write(`${pki}/sa.pub`, crypto.publicKeyToPem(key.publicKey));
  return { admin: issue(ca, 'kubernetes-super-admin', ['system:masters'], ['client auth']), ca };
}

const etcdFlags = [
  '--name=control-plane-1',
  '--advertise-client-urls=https://10.0.0.11:2379',
  '--listen-client-urls=https://127.0.0.1:2379,https://10.0.0.11:2379',
  '--initial-advertise-peer-urls=https://10.0.0.11:2380',
  '--listen-peer-urls=https://10.0.0.11:2380',
  '--initial-cluster=control-plane-1=https://10.0.0.11:2380',
  '--data-dir=/var/lib/etcd',
  `--cert-file=${pki}/etcd/server.crt`,
  `--key-file=${pki}/etcd/server.key`,
  `--trusted-ca-file=${pki}/etcd/ca.crt`,
  '--client-cert-auth=true',
  `--peer-cert-file=${pki}/etcd/peer.crt`,
  `--peer-key-file=${pki}/etcd/peer.key`,
  `--peer-trusted-ca-file=${pki}/etcd/ca.crt`,
  '--peer-client-cert-auth=true',
  '--snapshot-count=10000',
  '--experimental-watch-progress-notify-interval=5s',
];
const apiserverFlags = [
  '--advertise-address=10.0.0.11',
  '--allow-privileged=true',
  '--authorization-mode=Node,RBAC',
  `--client-ca-file=${pki}/ca.crt`,
  '--enable-admission-plugins=NodeRestriction',
  '--enable-bootstrap-token-auth=true',
  `--etcd-cafile=${pki}/etcd/ca.crt`,
  `--etcd-certfile=${pki}/apiserver-etcd-client.crt`,
  `--etcd-keyfile=${pki}/apiserver-etcd-client.key`,
  '--etcd-servers=https://127.0.0.1:2379',
  `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
  `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
  '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
  '--secure-port=6443',
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-key-file=${pki}/sa.pub`,
  `--service-account-signing-key-file=${pki}/sa.key`,
  '--service-cluster-ip-range=10.96.0.0/12',
  `--tls-cert-file=${pki}/apiserver.crt`,
  `--tls-private-key-file=${pki}/apiserver.key`,
  '--storage-media-type=application/json',
];

async function start(): Promise<ControlPlane> {
  const simulation = createSimulation({ seed: 'apiserver', turn });
  const host = await simulation.powerOn({ name: 'control-plane-1', address: '10.0.0.11', zone: 'a' });
  const ready = new Promise<{ process: Process; admin: Identity; ca: Identity }>((resolve) => {
    host.spawn(
      (process) => {
        resolve({ process, ...writeCertificates(process) });
        return new Promise(() => undefined);
      },
      { name: 'init' },
    );
  });
  const { process, admin, ca } = await simulation.settle(ready, 1_000, 'the certificates');
  const target = { address: '10.0.0.11', port: 6443, rootCas: ca.chain };
  const client = createHttpClient(process.network, process.clock, { ...target, identity: admin });
  const etcdChild = host.spawn(etcd, { name: 'etcd', argv: etcdFlags, component: 'etcd' });
  const apiserver = host.spawn(kubeApiserver, { name: 'kube-apiserver', argv: apiserverFlags, component: 'kube-apiserver' });
  const strangerToEtcd = process.network.dial('10.0.0.11', 2379, { identity: admin, rootCas: ca.chain }).then(
    () => 'connected',
    (error: Error) => error.message,
  );
  strangerToEtcd.catch(() => undefined);
  return {
    simulation,
    etcd: etcdChild,
    apiserver,
    client,
    anonymous: createHttpClient(process.network, process.clock, target),
    strangerToEtcd,
  };
}

async function statusOf(control: ControlPlane, path: string, client = control.client): Promise<number> {
  const asked = client.request({ method: 'GET', path, headers: [] }).then(
    (response) => response.status,
    () => 0,
  );
  return control.simulation.settle(asked, 60_000, path);
}

async function untilReady(control: ControlPlane): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if ((await statusOf(control, '/readyz')) === 200) return;
    await control.simulation.run(1_000);
  }
  throw new Error('the API server did not become ready');
}

describe('kube-apiserver as a program', () => {
  it('starts from the flags of kubeadm on a real etcd, and knows its callers by their certificates', async () => {
    const control = await start();
    await untilReady(control);
    expect(await control.strangerToEtcd).not.toBe('connected');
    expect(await statusOf(control, '/api/v1/namespaces/kube-system')).toBe(200);
    expect(await statusOf(control, '/api/v1/namespaces/kube-system', control.anonymous)).toBe(403);
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } });
    const created = control.client.request({
      method: 'POST',
      path: '/api/v1/namespaces/default/configmaps',
      headers: [['content-type', 'application/json']],
      body,
    });
    expect((await control.simulation.settle(created, 10_000, 'a write')).status).toBe(201);
  });

  it('turns unready and loses its liveness while etcd is dead, and ends with 0 on SIGTERM', async () => {
    const control = await start();
    await untilReady(control);
    control.etcd.kill('KILL');
    await control.simulation.run(1_000);
    expect(await statusOf(control, '/readyz')).toBe(500);
    expect(await statusOf(control, '/livez')).toBe(500);
    expect(await statusOf(control, '/api/v1/namespaces?resourceVersion=0')).toBe(200);
    control.apiserver.kill('TERM');
    const ended = await control.simulation.settle(control.apiserver.exit, 60_000, 'the end');
    expect(ended.code).toBe(0);
  });

  it('says what is wrong with its command line and ends with 1', async () => {
    const simulation = createSimulation({ seed: 'flags', turn });
    const host = await simulation.powerOn({ name: 'control-plane-1', address: '10.0.0.11', zone: 'a' });
    const child = host.spawn(kubeApiserver, {
      name: 'kube-apiserver',
      argv: [`--tls-cert-file=${pki}/missing.crt`, '--etcd-servers=https://127.0.0.1:2379'],
    });
    expect((await simulation.settle(child.exit, 1_000, 'the end')).code).toBe(1);
  });
});
