import { describe, expect, it } from 'vitest';
import { shrink } from './shrink.ts';

describe('making a failure smaller', () => {
  it('finds the faults that are needed, and only those', async () => {
    const needed = [3, 11, 12];
    const tried: number[] = [];
    const kept = await shrink(16, (keep) => {
      tried.push(keep.length);
      return Promise.resolve(needed.every((place) => keep.includes(place)));
    });
    expect(kept).toEqual(needed);
    expect(tried.length).toBeLessThan(60);
  });

  it('finds nothing at all where no fault is needed', async () => {
    expect(await shrink(9, () => Promise.resolve(true))).toEqual([]);
  });

  it('gives up after so many runs with what it has', async () => {
    expect(await shrink(8, () => Promise.resolve(false), 3)).toHaveLength(8);
  });
});
