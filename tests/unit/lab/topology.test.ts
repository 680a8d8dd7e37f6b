/** The arithmetic of topologies: machines needed, quorums, losses survived. */
import { DEFAULT_SPEC, quorumOf, survives } from '#lab';
import { describe, expect, it } from 'vitest';

const facts = (topology: 'stacked' | 'external', controlPlanes: number, etcdMembers = 3, zones = 3) =>
  survives({ ...DEFAULT_SPEC, topology, controlPlanes, etcdMembers, workers: 3, zones });

describe('a quorum', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %d members is %d', (members, quorum) => {
    expect(quorumOf(members)).toBe(quorum);
  });
});

describe('a topology', () => {
  it.each([
    ['stacked', 1, 0, 6, 0, 0],
    ['stacked', 2, 0, 7, 0, 0],
    ['stacked', 3, 0, 8, 1, 1],
    ['stacked', 5, 0, 10, 2, 2],
    ['external', 3, 3, 11, 2, 1],
    ['external', 2, 3, 10, 1, 1],
    ['external', 3, 5, 13, 2, 2],
    ['external', 3, 1, 9, 2, 0],
  ] as const)(
    '%s with %d control planes (and %d members) takes %d machines and survives %d and %d losses',
    (topology, controlPlanes, members, machines, planes, hosts) => {
      const found = facts(topology, controlPlanes, members);
      expect(found.machines).toBe(machines);
      expect(found.survives).toMatchObject({ controlPlanes: planes, etcdHosts: hosts });
    },
  );

  it('survives a zone only when no zone holds more members than may be lost', () => {
    expect(facts('stacked', 3, 0, 3).survives.zone).toBe(true);
    expect(facts('stacked', 3, 0, 2).survives.zone).toBe(false);
    expect(facts('stacked', 5, 0, 3).survives.zone).toBe(true);
    expect(facts('stacked', 3, 0, 1).survives.zone).toBe(false);
  });

  it('says that an even number of members buys nothing', () => {
    expect(facts('stacked', 4).weaknesses).toContain('4 members survive no more losses than 3.');
    expect(facts('stacked', 3).weaknesses.join()).not.toContain('no more losses');
  });
});
