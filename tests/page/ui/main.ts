/** The page over a lab of pretence. Served by the tests and for looking at it; never built into the lab. `fake-ready`, `fake-off` and `fake-states` say how it begins. */
import { mountPage, readParameters } from '#ui';
import { createFakeLab, type FakeOptions } from './fake-lab.ts';

const parameters = readParameters(location.search);
const query = new URLSearchParams(location.search);
const target = document.getElementById('page');
if (!target) throw new Error('there is no place for the page');
const page = mountPage(target, parameters);
const standard = {
  topology: 'stacked',
  controlPlanes: 3,
  workers: 3,
  etcdMembers: 3,
  addons: [],
  proxyMode: 'iptables',
  runtime: 'containerd',
  cloudProvider: 'none',
  extraArgs: {},
  etcd: { heartbeatMs: 100, electionMs: 1_000, quotaBytes: 1 },
  zones: 3,
  seed: 1,
} as const;
const lab = createFakeLab({
  spec: { ...standard, ...parameters.spec },
  ready: (query.get('fake-ready') ?? 'at once') as FakeOptions['ready'],
  off: query.get('fake-off')?.split(','),
  states: Object.fromEntries((query.get('fake-states') ?? '').split(',').map((each) => each.split('=') as [string, string])),
});
Object.assign(globalThis, { lab });
page.attach(lab);
