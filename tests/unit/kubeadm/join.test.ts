/** What kubeadm join trusts, and what a machine that will join carries. */
import { createCrypto, seededRandom } from '#host';
import { createClusterPki, defaultClusterConfiguration, joiningFiles, type ClusterConfiguration } from '#kubeadm';
import { describe, expect, it } from 'vitest';
import { clusterConfigurationText } from '../../../src/kubeadm/bootstrap-objects.ts';
import { caCertHash, isSignedByToken, parseClusterConfiguration } from '../../../src/kubeadm/join/discovery.ts';

const crypto = createCrypto(seededRandom('join'));
const NOW = Date.UTC(2026, 0, 5);
const pki = createClusterPki(crypto, NOW);

describe('discovery by token', () => {
  it('accepts the signature of the token and no other', () => {
    // `alg: HS256`, detached payload, as kube-controller-manager signs cluster-info.
    const encode = (text: string): string => btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    const header = encode('{"alg":"HS256","kid":"abcdef"}');
    const bytes = new TextEncoder();
    const mac = crypto.hmacSha256(bytes.encode('0123456789abcdef'), bytes.encode(`${header}.${encode('the kubeconfig')}`));
    const jws = `${header}..${encode(String.fromCharCode(...mac))}`;
    expect(isSignedByToken(crypto, jws, 'the kubeconfig', '0123456789abcdef')).toBe(true);
    expect(isSignedByToken(crypto, jws, 'another kubeconfig', '0123456789abcdef')).toBe(false);
    expect(isSignedByToken(crypto, jws, 'the kubeconfig', 'fedcba9876543210')).toBe(false);
  });

  it('pins the authority by the hash of its public key', () => {
    const hash = caCertHash(crypto, pki.ca.certificate.publicKey);
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(caCertHash(crypto, pki.etcdCa.certificate.publicKey)).not.toBe(hash);
  });

  it('reads back what init wrote, extra arguments too', () => {
    const cluster: ClusterConfiguration = {
      ...defaultClusterConfiguration,
      controlPlaneEndpoint: '10.0.0.10:6443',
      certSANs: ['lab.example'],
      extraArgs: { apiServer: {}, controllerManager: { v: '4' }, scheduler: {}, etcd: { 'election-timeout': '1000' } },
    };
    expect(parseClusterConfiguration(clusterConfigurationText(cluster))).toEqual(cluster);
    const external: ClusterConfiguration = {
      ...cluster,
      extraArgs: { ...cluster.extraArgs, etcd: {} },
      etcd: { kind: 'external', endpoints: ['https://10.0.0.31:2379'] },
    };
    expect(parseClusterConfiguration(clusterConfigurationText(external))).toEqual(external);
  });
});

describe('a machine that will join', () => {
  const input = { crypto, nowMs: NOW, pki, cluster: defaultClusterConfiguration, node: { name: 'machine', address: '10.0.0.42' } };
  const paths = (role: Parameters<typeof joiningFiles>[1], cluster = defaultClusterConfiguration): string[] =>
    joiningFiles({ ...input, cluster }, role).map(({ path }) => path);

  it('as a worker has signed credentials and no key of an authority', () => {
    expect(paths('worker')).toEqual(['/var/lib/cloud/data/kubelet-client.crt', '/var/lib/cloud/data/kubelet-client.key']);
  });

  it('as a control plane has the certificates that control planes share, and no manifest', () => {
    expect(paths('control-plane')).toContain('/etc/kubernetes/pki/etcd/ca.key');
    expect(paths('control-plane').some((path) => path.includes('manifests') || path.endsWith('.conf'))).toBe(false);
    const external = paths('control-plane', { ...defaultClusterConfiguration, etcd: { kind: 'external', endpoints: [] } });
    expect(external).not.toContain('/etc/kubernetes/pki/etcd/ca.key');
    expect(external).toContain('/etc/kubernetes/pki/apiserver-etcd-client.key');
  });

  it('as an etcd host has its certificates and no manifest yet', () => {
    expect(paths('etcd')).toContain('/etc/kubernetes/pki/etcd/peer.key');
    expect(paths('etcd').some((path) => path.includes('manifests'))).toBe(false);
  });
});
