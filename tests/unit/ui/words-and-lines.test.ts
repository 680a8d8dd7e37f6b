import { describe, expect, test } from 'vitest';
import { ageText, clockText, dateText, groupedNumber, rateText } from '../../../src/ui/lab-clock.ts';
import { linkPaths, type Box } from '../../../src/ui/map/link-paths.ts';
import { pointsAlong } from '../../../src/ui/map/path-points.ts';
import { readMarkdown } from '../../../src/ui/markdown-blocks.ts';

describe('lab time', () => {
  test('is told in UTC, in figures of one width', () => {
    expect(clockText(Date.UTC(2026, 0, 5, 3, 4, 9, 999))).toBe('03:04:09');
    expect(dateText(Date.UTC(2026, 0, 5, 23, 0, 0))).toBe('2026-01-05 23:00:00 UTC');
  });

  test.each([
    [-5, '0s'],
    [45_900, '45s'],
    [119_000, '119s'],
    [134_000, '2m14s'],
    [180_000, '3m'],
    [12 * 60_000, '12m'],
    [185 * 60_000, '3h5m'],
    [9 * 3_600_000 + 60_000, '9h'],
    [50 * 3_600_000, '2d'],
  ])('an age of %d ms reads %s', (ms, text) => {
    expect(ageText(ms)).toBe(text);
  });

  test('rates and large numbers are short', () => {
    expect([rateText(1), rateText(0.05), rateText(57.6), rateText(4.256)]).toEqual(['1×', '0.05×', '58×', '4.26×']);
    expect([groupedNumber(7), groupedNumber(1_207), groupedNumber(1_234_567)]).toEqual(['7', '1\u202f207', '1\u202f234\u202f567']);
  });
});

describe('hairlines', () => {
  const box = (x: number, y: number): Box => ({ x, y, width: 100, height: 40 });
  const input = {
    boxes: new Map([
      ['lb', box(200, 0)],
      ['ws', box(500, 0)],
      ['cp-1', box(100, 100)],
      ['cp-2', box(300, 100)],
      ['etcd/cp-1', box(100, 110)],
      ['etcd/cp-2', box(300, 110)],
      ['worker-1', box(200, 300)],
    ]),
    loadBalancer: 'lb',
    workstation: 'ws',
    controlPlanes: ['cp-1', 'cp-2'],
    workers: ['worker-1'],
    members: ['cp-1', 'cp-2'],
    isUp: () => true,
    faultOf: () => undefined,
  };

  test('run from the load balancer to each API server and to each worker, and from member to member', () => {
    expect(linkPaths(input).map(({ key }) => key)).toEqual([
      'workstation',
      'backend/cp-1',
      'backend/cp-2',
      'worker/worker-1',
      'peer/cp-1/cp-2',
    ]);
  });

  test('begin and end at the boxes', () => {
    const paths = new Map(linkPaths(input).map(({ key, path }) => [key, path]));
    expect(paths.get('workstation')).toBe('M500 20H300');
    expect(paths.get('backend/cp-1')).toMatch(/^M250 40C.* 150 100$/);
    expect(paths.get('worker/worker-1')).toMatch(/^M200 20H.*V300$/);
    expect(paths.get('peer/cp-1/cp-2')).toBe('M200 130H300');
  });

  test('are drawn as dead where one end is not there to talk', () => {
    const dead = linkPaths({ ...input, isUp: (name) => name !== 'cp-2' }).filter(({ isDead }) => isDead);
    expect(dead.map(({ key }) => key)).toEqual(['backend/cp-2', 'peer/cp-1/cp-2']);
  });

  test('say what is wrong with them, also between members that do not stand side by side', () => {
    const members = ['cp-1', 'cp-2', 'cp-3'];
    const boxes = new Map([...input.boxes, ['etcd/cp-3', box(500, 110)] as const]);
    const cut = (a: string, b: string) => (`${a} ${b}` === 'cp-1 cp-3' ? { words: 'cut', isCut: true } : undefined);
    expect(linkPaths({ ...input, boxes, members, faultOf: cut }).filter(({ fault }) => fault !== '')).toMatchObject([
      { key: 'peer/cp-1/cp-3', a: 'cp-1', b: 'cp-3', fault: 'cut', isCut: true },
    ]);
    expect(linkPaths({ ...input, boxes, members }).some(({ key }) => key === 'peer/cp-1/cp-3')).toBe(false);
  });

  test('are left out until both ends have been measured', () => {
    expect(linkPaths({ ...input, boxes: new Map([['lb', box(0, 0)]]) })).toEqual([]);
  });
});

test('a page of Markdown becomes blocks of plain text', () => {
  expect(readMarkdown('# Title\n\nSome `code` that\ngoes on.\n\n## Part\n\n- one **two**\n  three\n- [four](five.md)\n')).toEqual([
    { kind: 'title', text: 'Title' },
    { kind: 'paragraph', text: 'Some code that goes on.' },
    { kind: 'heading', text: 'Part' },
    { kind: 'item', text: 'one two three' },
    { kind: 'item', text: 'four' },
  ]);
});

describe('points along a path', () => {
  test('are equally far apart on straight pieces and end where the path ends', () => {
    expect(pointsAlong('M0 0H30V10', 4)).toEqual([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 20, y: 0 },
      { x: 30, y: 0 },
      { x: 30, y: 10 },
    ]);
  });

  test('follow bends: a curve passes through its middle, a corner does not', () => {
    const curve = pointsAlong('M0 0C0 30 40 -30 40 0', 2);
    expect(curve[1]!.x).toBeCloseTo(20, 5);
    expect(curve[1]!.y).toBeCloseTo(0, 5);
    const corner = pointsAlong('M0 20Q0 0 20 0', 2)[1]!;
    expect(corner.x).toBeCloseTo(5, 0);
    expect(corner.y).toBeCloseTo(5, 0);
  });

  test('stay where they are on a path of no length', () => {
    expect(pointsAlong('M5 5V5', 2)).toEqual([
      { x: 5, y: 5 },
      { x: 5, y: 5 },
      { x: 5, y: 5 },
    ]);
  });
});
