/** The health check of etcd: how often it looks, and what it tells in between. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/host/index.ts';
import { etcdCheck } from '../../../src/apiserver/health/etcd-check.ts';

/** A check of an etcd that answers as it is told, on a clock that stands until it is moved. */
function bench() {
  let nowMs = 5_000;
  let looks = 0;
  let answer: () => Promise<unknown> = () => Promise.resolve(1);
  const due: { atMs: number; run: () => void }[] = [];
  const clock = {
    monotonicMs: () => nowMs,
    after(ms: number, run: () => void) {
      const timer = { atMs: nowMs + ms, run };
      due.push(timer);
      return () => void due.splice(due.indexOf(timer), 1);
    },
  } as Clock;
  const check = etcdCheck(clock, () => {
    looks++;
    return answer();
  });
  return {
    check,
    looks: () => looks,
    answers: (promise: () => Promise<unknown>) => (answer = promise),
    pass(ms: number) {
      nowMs += ms;
      for (const timer of [...due]) if (timer.atMs <= nowMs) timer.run();
    },
  };
}

describe('the check of etcd', () => {
  it('looks at most once a second, however many ask', async () => {
    const { check, looks, pass } = bench();
    await check();
    await check();
    pass(999);
    await check();
    expect(looks()).toBe(1);
    pass(1);
    await check();
    expect(looks()).toBe(2);
  });

  it('tells in between what it found last', async () => {
    const { check, answers, pass } = bench();
    answers(() => Promise.reject(new Error('etcdserver: request timed out')));
    await expect(check()).rejects.toThrow('request timed out');
    answers(() => Promise.resolve(1));
    pass(500);
    await expect(check()).rejects.toThrow('request timed out');
    pass(500);
    await check();
    pass(500);
    await check();
  });

  it('does not take a slow look for newer than a quick one that was begun later', async () => {
    const { check, answers, pass } = bench();
    answers(() => new Promise(() => undefined));
    const slow = check();
    pass(1_000);
    answers(() => Promise.resolve(1));
    await check();
    pass(1_000);
    await expect(slow).rejects.toThrow();
    pass(-500);
    await check();
  });

  it('fails when there is no answer within two seconds', async () => {
    const { check, answers, pass } = bench();
    answers(() => new Promise(() => undefined));
    const checked = check();
    pass(2_000);
    await expect(checked).rejects.toThrow();
  });
});
