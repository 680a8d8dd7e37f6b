/** Server blocks of a Corefile at work: stub domains, hosts, rewrites, forwards. */
import { describe, expect, it } from 'vitest';
import type { DnsAnswer } from '../../../src/host/index.ts';
import { parseCorefile } from '../../../src/network/dns/corefile.ts';
import { answerBy, blockFor, rewritten, type PluginSurroundings } from '../../../src/network/dns/plugins.ts';

const COREFILE = `
.:53 {
    errors
    rewrite name old.example.com web.default.svc.cluster.local
    rewrite stop name suffix .short .default.svc.cluster.local
    hosts {
        10.1.2.3 printer.example.com printer
        fallthrough
    }
    kubernetes cluster.local in-addr.arpa {
        ttl 30
    }
    forward . /etc/resolv.conf
    reload
}
corp.example:53 {
    forward . 10.9.9.9
}
`;
const blocks = parseCorefile(COREFILE, 'Corefile');
const asked: string[] = [];
const surroundings: PluginSurroundings = {
  names: {
    domain: 'cluster.local',
    ttl: 30,
    service: (_namespace, name) =>
      name === 'web' ? ({ metadata: { name, namespace: 'default' }, spec: { clusterIP: '10.96.0.7' } } as never) : undefined,
    slices: () => [],
    hasNamespace: () => true,
    reverse: () => undefined,
  },
  ask: (server, query) => {
    asked.push(`${server} ${query.name}`);
    const answers = [{ name: query.name, type: 'A' as const, ttl: 5, data: '192.0.2.1' }];
    return Promise.resolve(server === '10.9.9.9' ? { id: 0, rcode: 'NOERROR', authoritative: false, answers } : undefined);
  },
  serversOf: () => ['10.0.0.2'],
  linesOf: () => [],
};
const ask = (name: string): Promise<DnsAnswer> => answerBy(blocks, { id: 7, name, type: 'A' }, surroundings);

describe('the blocks of a Corefile', () => {
  it('answer for the longest zone a name is in', () => {
    expect(blockFor(blocks, 'db.corp.example')?.zone).toBe('corp.example');
    expect(blockFor(blocks, 'notcorp.example')?.zone).toBe('.');
  });

  it('rewrite names exactly and by suffix, and answer under the name that was asked', async () => {
    expect(rewritten(blocks[0]!, 'web.short')).toBe('web.default.svc.cluster.local');
    expect(await ask('old.example.com')).toMatchObject({
      id: 7,
      rcode: 'NOERROR',
      answers: [{ name: 'old.example.com', data: '10.96.0.7' }],
    });
  });

  it('know the hosts that are written into them', async () => {
    expect(await ask('printer.example.com')).toMatchObject({ rcode: 'NOERROR', answers: [{ data: '10.1.2.3' }] });
  });

  it('forward what is not theirs: a stub domain to its own server, the rest to the resolver, which fails where it does not answer', async () => {
    expect(await ask('db.corp.example')).toMatchObject({ id: 7, answers: [{ data: '192.0.2.1' }] });
    expect(await ask('kubernetes.io')).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
    expect(asked).toEqual(['10.9.9.9 db.corp.example', '10.0.0.2 kubernetes.io']);
  });
});
