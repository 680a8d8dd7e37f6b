import { describe, expect, test } from 'vitest';
import type { MachineInfo, MachineRole } from '#lab';
import { legsBetween } from '../../../src/ui/map/message-legs.ts';

const machine = (name: string, role: MachineRole): [string, MachineInfo] => [
  name,
  { name, roles: [role], power: 'on', state: 'running', address: '', zone: '', components: [] },
];
const places = {
  machines: new Map([
    machine('lb', 'load-balancer'),
    machine('ws', 'workstation'),
    ...['cp-1', 'cp-2', 'cp-3'].map((name) => machine(name, 'control-plane')),
    ...['worker-1', 'worker-2'].map((name) => machine(name, 'worker')),
  ]),
  members: ['cp-1', 'cp-2', 'cp-3'],
};

describe('the way of a message over the hairlines', () => {
  test.each([
    ['ws', 'cp-2', ['workstation', 'backend/cp-2']],
    ['cp-2', 'ws', ['<backend/cp-2', '<workstation']],
    ['worker-1', 'cp-3', ['<worker/worker-1', 'backend/cp-3']],
    ['cp-3', 'worker-1', ['<backend/cp-3', 'worker/worker-1']],
    ['lb', 'cp-1', ['backend/cp-1']],
    ['cp-1', 'lb', ['<backend/cp-1']],
    ['cp-1', 'cp-2', ['peer/cp-1/cp-2']],
    ['cp-3', 'cp-1', ['<peer/cp-2/cp-3', '<peer/cp-1/cp-2']],
    ['worker-1', 'worker-2', []],
    ['worker-1', 'gone', []],
  ])('from %s to %s', (from, to, links) => {
    expect(legsBetween(from, to, places).map(({ link, isBack }) => (isBack ? `<${link}` : link))).toEqual(links);
  });
});
