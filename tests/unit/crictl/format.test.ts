/** crictl's columns, durations and sizes. */
import { describe, expect, it } from 'vitest';
import { columns, humanDuration, humanSize } from '../../../src/crictl/format.ts';

describe('crictl', () => {
  it('has columns at least twenty wide and three blanks between them', () => {
    expect(
      columns([
        ['ID', 'NAME', 'END'],
        ['1', 'x'.repeat(20), 'z'],
      ]),
    ).toBe(`ID${' '.repeat(18)}NAME${' '.repeat(19)}END\n1${' '.repeat(19)}${'x'.repeat(20)}   z\n`);
  });

  it.each([
    [500, 'Less than a second'],
    [1_500, '1 second'],
    [42_000, '42 seconds'],
    [90_000, 'About a minute'],
    [600_000, '10 minutes'],
    [3_600_000, 'About an hour'],
    [10 * 3_600_000, '10 hours'],
    [3 * 86_400_000, '3 days'],
    [21 * 86_400_000, '3 weeks'],
  ])('says %d ms as %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });

  it.each([
    [320_368, '320kB'],
    [58_938_593, '58.9MB'],
    [20_939_036, '20.9MB'],
  ])('says %d bytes as %s', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });
});
