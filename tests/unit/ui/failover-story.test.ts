import { describe, expect, test } from 'vitest';
import type { ComponentInfo, MachineInfo } from '#lab';
import { followFailover, leadershipOf, type FailoverStory, type Leadership } from '../../../src/ui/failover-story.ts';

interface Seen {
  readonly role?: 'leader' | 'follower' | 'candidate';
  readonly term?: number;
  readonly off?: boolean;
  readonly holds?: readonly string[];
}

function machine(name: string, { role = 'follower', term = 4, off = false, holds = [] }: Seen): MachineInfo {
  const components: ComponentInfo[] = [
    { name: 'kube-apiserver', state: 'running' },
    { name: 'etcd', state: 'serving', raft: { role, term, commit: 1208, applied: 1208 } },
    ...['kube-scheduler', 'kube-controller-manager'].map((each) => ({ name: each, state: 'running', leader: holds.includes(each) })),
  ];
  return {
    name,
    roles: ['control-plane'],
    power: off ? 'off' : 'on',
    state: off ? 'off' : 'running',
    address: '10.0.0.11',
    zone: 'zone-a',
    components: off ? [] : components,
  };
}

const all = ['a', 'b', 'c'];
/** One look after the other: what each tells, under `key`. */
function watch(
  looks: readonly (readonly [nowMs: number, seen: Readonly<Record<string, Seen>>, ready?: readonly string[]])[],
): FailoverStory | undefined {
  let story: FailoverStory | undefined;
  let led: Leadership | undefined;
  for (const [nowMs, seen, ready = all] of looks) {
    const machines = new Map(Object.entries(seen).map(([name, each]) => [name, machine(name, each)]));
    story = followFailover(story, led, { machines, readyNodes: new Set(ready), nowMs });
    led = leadershipOf(machines) ?? led;
  }
  return story;
}

const before = { a: { role: 'leader', holds: ['kube-scheduler'] }, b: {}, c: {} } as const;
const lost = { ...before, a: { off: true } } as const;
const led = { a: { off: true }, b: {}, c: { role: 'leader', term: 5 } } as const;

describe('the story of a lost leader', () => {
  test('is not begun by a machine that does not lead, nor by a quiet cluster', () => {
    expect(
      watch([
        [0, before],
        [100, { ...before, b: { off: true } }],
      ]),
    ).toBeUndefined();
    expect(
      watch([
        [0, before],
        [100, before],
      ]),
    ).toBeUndefined();
  });

  test('tells who waits, who asks and who is elected, each once, with the time since the loss', () => {
    const story = watch([
      [0, before],
      [1_000, lost],
      [2_100, { ...lost, c: { role: 'candidate', term: 5 } }],
      [2_300, led],
      [2_400, led],
    ]);
    expect(story).toMatchObject({ phase: 'led', lostAtMs: 1_000, lost: { machine: 'a', term: 4, held: ['kube-scheduler'] } });
    expect(story?.steps.map(({ key, afterMs }) => [key, afterMs])).toEqual([
      ['lost', 0],
      ['asks', 1_100],
      ['backends', 1_100],
      ['led', 1_300],
    ]);
    expect(story?.steps.at(-1)?.text).toContain('c is elected leader of term 5, 1.3\u00a0s after the loss. 2 of 3 members are a quorum');
  });

  test('tells of leases taken over, of the node, and of the way back until it is over', () => {
    const holds = ['kube-scheduler'];
    const back = { ...led, a: { role: 'follower', term: 5 } } as const;
    const looks = [
      [0, before],
      [1_000, lost],
      [2_000, led],
      [16_000, { ...led, b: { holds } }],
      [51_000, { ...led, b: { holds } }, ['b', 'c']],
      [60_000, { ...back, b: { holds } }, ['b', 'c']],
      [61_000, { ...back, b: { holds } }, all],
    ] as const;
    expect(watch(looks.slice(0, 6))).toMatchObject({ phase: 'returning' });
    const story = watch(looks);
    expect(story?.phase).toBe('over');
    expect(story?.steps.map(({ key }) => key)).toEqual([
      'lost',
      'led',
      'backends',
      'lease/kube-scheduler',
      'not-ready',
      'power',
      'follows',
      'over',
    ]);
    expect(story?.steps.at(-1)?.text).toBe('a is back. Leadership stays with c: only a loss moves it.');
  });

  test('says that nobody can be elected without a quorum', () => {
    const story = watch([
      [0, before],
      [100, { ...before, b: { off: true } }],
      [200, { ...lost, b: { off: true } }],
    ]);
    expect(story?.steps[0]?.text).toContain('Members left: 1 of 3, less than the quorum of 2.');
  });

  test('begins anew when the next leader is lost as well', () => {
    const story = watch([
      [0, before],
      [1_000, lost],
      [2_000, led],
      [3_000, { ...led, c: { off: true } }],
    ]);
    expect(story).toMatchObject({ lost: { machine: 'c', term: 5 }, phase: 'waiting' });
  });
});
