/** The cluster's names as CoreDNS answers for them. */
import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '../../../src/api/index.ts';
import type { DnsAnswer, DnsType } from '../../../src/host/index.ts';
import { answerFor, type ClusterNames } from '../../../src/network/dns/records.ts';

const service = (name: string, spec: object): Service =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec }) as unknown as Service;

const services: Readonly<Record<string, Service>> = {
  web: service('web', { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80 }] }),
  headless: service('headless', { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] }),
  inside: service('inside', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
  outside: service('outside', { type: 'ExternalName', externalName: 'example.com' }),
};
const slice = {
  metadata: { name: 'headless-a', namespace: 'default' },
  ports: [{ name: 'http', port: 8080 }],
  endpoints: [
    { addresses: ['10.244.1.2'], conditions: { ready: true } },
    { addresses: ['10.244.1.3'], hostname: 'first', conditions: { ready: true } },
    { addresses: ['10.244.1.4'], conditions: { ready: false } },
  ],
} as unknown as EndpointSlice;

const names: ClusterNames = {
  domain: 'cluster.local',
  ttl: 30,
  service: (namespace, name) => (namespace === 'default' ? services[name] : undefined),
  slices: (_namespace, name) => (name === 'headless' ? [slice] : []),
  hasNamespace: (name) => name === 'default',
  reverse: (address) => (address === '10.96.0.7' ? 'web.default.svc.cluster.local' : undefined),
};
const ask = (name: string, type: DnsType = 'A'): DnsAnswer | undefined => answerFor(names, { id: 1, name, type });
const dataOf = (answer: DnsAnswer | undefined): string[] => (answer?.answers ?? []).map(({ type, data }) => `${type} ${data}`);

describe('answers for the names of a cluster', () => {
  it.each([
    ['web.default.svc.cluster.local', 'A', ['A 10.96.0.7']],
    ['headless.default.svc.cluster.local', 'A', ['A 10.244.1.2', 'A 10.244.1.3']],
    ['first.headless.default.svc.cluster.local', 'A', ['A 10.244.1.3']],
    ['10-244-1-2.headless.default.svc.cluster.local', 'A', ['A 10.244.1.2']],
    ['10-244-1-2.default.pod.cluster.local', 'A', ['A 10.244.1.2']],
    ['_http._tcp.web.default.svc.cluster.local', 'SRV', ['SRV 0 100 80 web.default.svc.cluster.local.']],
    [
      '_http._tcp.headless.default.svc.cluster.local',
      'SRV',
      ['SRV 0 50 8080 10-244-1-2.headless.default.svc.cluster.local.', 'SRV 0 50 8080 first.headless.default.svc.cluster.local.'],
    ],
    ['7.0.96.10.in-addr.arpa', 'PTR', ['PTR web.default.svc.cluster.local.']],
    ['inside.default.svc.cluster.local', 'A', ['CNAME web.default.svc.cluster.local', 'A 10.96.0.7']],
    ['inside.default.svc.cluster.local', 'CNAME', ['CNAME web.default.svc.cluster.local']],
    ['outside.default.svc.cluster.local', 'A', ['CNAME example.com']],
  ] as const)('%s %s', (name, type, expected) => {
    expect(dataOf(ask(name, type))).toEqual(expected);
  });

  it('say what does not exist, and leave other domains to others', () => {
    expect(ask('nope.default.svc.cluster.local')?.rcode).toBe('NXDOMAIN');
    expect(ask('web.nowhere.svc.cluster.local')?.rcode).toBe('NXDOMAIN');
    expect(ask('web.default.svc.cluster.local', 'AAAA')).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(ask('example.com')).toBeUndefined();
  });
});
