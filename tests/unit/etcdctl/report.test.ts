/** Latencies summed up and shown. */
import { describe, expect, it } from 'vitest';
import { percentile, Report, reportText } from '../../../src/etcdctl/report.ts';

const reportOf = (seconds: readonly number[]): Report => {
  const report = new Report();
  for (const each of seconds) report.answered(each);
  return report;
};

describe('a report of latencies', () => {
  it('sums up', () => {
    const { total, fastest, slowest, average, deviation, perSecond } = reportOf([0.003, 0.001, 0.002]).stats(0.5);
    expect({ total, fastest, slowest, perSecond }).toEqual({ total: 0.5, fastest: 0.001, slowest: 0.003, perSecond: 6 });
    expect(average).toBeCloseTo(0.002);
    expect(deviation).toBeCloseTo(Math.sqrt(2e-6 / 3));
  });

  it('gives the latency that so many per cent did not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
    expect([1, 50, 90, 99, 99.9].map((percent) => percentile(hundred, percent))).toEqual([2, 51, 91, 100, 100]);
    expect(percentile([], 50)).toBe(0);
  });

  it('counts each latency in the bucket whose edge it does not exceed', () => {
    const text = reportText(reportOf([0, 0.5, 1, 10]).stats(2), 4);
    const counts = [...text.matchAll(/\[(\d+)\]/g)].map(([, count]) => Number(count));
    expect(counts).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(text).toContain('  1.0000 [2]\t|∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎∎\n');
    expect(text).toContain('  Requests/sec:\t2.0000\n');
    expect(text).toContain('  99% in 10.0000 secs.\n');
  });

  it('tells errors by their text, and nothing else where nothing was answered', () => {
    const report = new Report();
    for (const text of ['etcdserver: request timed out', 'other', 'other']) report.failed(text);
    expect(reportText(report.stats(1), 4)).toBe('\nError distribution:\n  [1]\tetcdserver: request timed out\n  [2]\tother\n');
  });
});
