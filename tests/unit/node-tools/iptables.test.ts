/** Address rules as iptables-save shows kube-proxy's chains. */
import { createCrypto, seededRandom, type ServiceRule } from '#host';
import { describe, expect, it } from 'vitest';
import { chainName, filterTable, natTable } from '../../../src/node-tools/iptables.ts';

const crypto = createCrypto(seededRandom('iptables'));
const rule = (more: Partial<ServiceRule>): ServiceRule => ({
  address: '10.96.0.1',
  port: 443,
  protocol: 'TCP',
  backends: [],
  withoutBackends: 'reject',
  affinityMs: 0,
  comment: 'default/kubernetes:https',
  ...more,
});

describe('chains of kube-proxy', () => {
  it('have the names of a real cluster', () => {
    // As every cluster shows them: the hash is over name and protocol alone.
    expect(chainName(crypto, 'KUBE-SVC-', 'default/kubernetes:https', 'tcp')).toBe('KUBE-SVC-NPX46M4PTMTKRN6Y');
    expect(chainName(crypto, 'KUBE-SVC-', 'kube-system/kube-dns:dns', 'udp')).toBe('KUBE-SVC-TCOU7JCQXEZGVUNU');
    expect(chainName(crypto, 'KUBE-SVC-', 'kube-system/kube-dns:dns-tcp', 'tcp')).toBe('KUBE-SVC-ERIFXISQEP7F7OF4');
    expect(chainName(crypto, 'KUBE-SVC-', 'kube-system/kube-dns:metrics', 'tcp')).toBe('KUBE-SVC-JD5MR3NA4I4DYORP');
  });

  it('choose among endpoints with the chances that make all equally likely', () => {
    const backends = ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => ({ address, port: 6443 }));
    const { rules } = natTable(crypto, [rule({ backends })]);
    const chances = rules
      .filter(({ chain, target }) => chain === 'KUBE-SVC-NPX46M4PTMTKRN6Y' && target.startsWith('KUBE-SEP-'))
      .map(({ match }) => /probability ([\d.]+)/.exec(match)?.[1]);
    expect(chances).toEqual(['0.33333333333', '0.50000000000', undefined]);
    expect(rules.filter(({ target }) => target === 'DNAT').map(({ targetOptions }) => targetOptions)).toEqual(
      backends.map(({ address }) => `--to-destination ${address}:6443`),
    );
  });

  it('share one service chain between cluster address and node port', () => {
    const backends = [{ address: '10.244.1.2', port: 80 }];
    const { rules } = natTable(crypto, [
      rule({ comment: 'default/web', address: '10.96.5.5', port: 80, backends }),
      rule({ comment: 'default/web', address: 'node', port: 30_080, backends }),
    ]);
    const chain = chainName(crypto, 'KUBE-SVC-', 'default/web', 'tcp');
    expect(rules.filter(({ target }) => target === chain).map((each) => each.chain)).toEqual([
      chainName(crypto, 'KUBE-EXT-', 'default/web', 'tcp'),
      'KUBE-SERVICES',
    ]);
    expect(rules.filter((each) => each.chain === chain)).toHaveLength(2);
  });

  it('refuse Services without endpoints in the filter table', () => {
    const refused = filterTable([rule({ comment: 'default/empty' })]).rules.at(-1)!;
    expect(refused).toMatchObject({ chain: 'KUBE-SERVICES', target: 'REJECT', destination: '10.96.0.1' });
    expect(natTable(crypto, [rule({ comment: 'default/empty' })]).rules.some(({ match }) => match.includes('default/empty'))).toBe(false);
  });
});
