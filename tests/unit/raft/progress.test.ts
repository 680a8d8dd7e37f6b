import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inflights } from '../../../src/raft/inflights.ts';
import { Progress } from '../../../src/raft/progress.ts';

fc.configureGlobal({ seed: 20250401, numRuns: 300 });

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('send' as const), count: fc.integer({ min: 0, max: 4 }), bytes: fc.integer({ min: 0, max: 30 }) }),
    fc.record({ do: fc.constant('ack' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({
      do: fc.constant('refuse' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      hint: fc.integer({ min: 0, max: 20 }),
    }),
    fc.record({ do: fc.constantFrom('heartbeat' as const, 'unreachable' as const) }),
    fc.record({ do: fc.constant('snapshot' as const), beyond: fc.integer({ min: 1, max: 5 }) }),
  ),
  { maxLength: 60 },
);

describe('the progress of a peer', () => {
  it('never takes match back, keeps match below next, and stays within the window', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const progress = new Progress(1, new Inflights(3, 40), false);
        let match = 0;
        for (const step of list) {
          if (step.do === 'send' && !progress.isPaused()) {
            const isFull = progress.mode === 'replicate' && progress.inflights.isFull();
            progress.sentEntries(isFull ? 0 : step.count, step.bytes);
          } else if (step.do === 'ack') {
            // A peer acknowledges what was sent to it, or less.
            const index = Math.floor(step.at * (progress.next - 1));
            const isNews = progress.maybeUpdate(index);
            if (isNews && progress.mode === 'probe') progress.becomeReplicate();
            else if (isNews && progress.mode === 'replicate') progress.inflights.freeTo(index);
          } else if (step.do === 'refuse') {
            const isTaken = progress.maybeDecreaseTo(Math.floor(step.at * progress.next), step.hint);
            if (isTaken && progress.mode === 'replicate') progress.becomeProbe();
          } else if (step.do === 'heartbeat') {
            progress.appendsPaused = false;
          } else if (step.do === 'unreachable') {
            progress.becomeProbe();
          } else if (step.do === 'snapshot') {
            progress.becomeSnapshot(progress.match + step.beyond);
          }
          expect(progress.match).toBeGreaterThanOrEqual(match);
          expect(progress.match).toBeLessThan(progress.next);
          expect(progress.inflights.count()).toBeLessThanOrEqual(3);
          expect(progress.sentCommit).toBeLessThan(progress.next);
          if (progress.mode !== 'snapshot') expect(progress.pendingSnapshot).toBe(0);
          if (progress.mode !== 'replicate') expect(progress.inflights.count()).toBe(0);
          ({ match } = progress);
        }
      }),
    );
  });

  it('is not led astray by refusals that come late or twice', () => {
    const probing = new Progress(8, new Inflights(3, 0), false);
    expect([probing.maybeDecreaseTo(3, 2), probing.next]).toEqual([false, 8]);
    expect([probing.maybeDecreaseTo(7, 4), probing.next]).toEqual([true, 5]);
    expect([probing.maybeDecreaseTo(7, 4), probing.next]).toEqual([false, 5]);
    const replicating = new Progress(1, new Inflights(3, 0), false);
    replicating.maybeUpdate(5);
    replicating.becomeReplicate();
    replicating.sentEntries(3, 0);
    expect([replicating.maybeDecreaseTo(5, 2), replicating.next]).toEqual([false, 9]);
    expect([replicating.maybeDecreaseTo(8, 2), replicating.next]).toEqual([true, 6]);
  });

  it('waits after one append while probing, and after a snapshot until it is told', () => {
    const progress = new Progress(5, new Inflights(3, 0), false);
    progress.sentEntries(1, 10);
    expect(progress.isPaused()).toBe(true);
    progress.becomeSnapshot(9);
    progress.appendsPaused = false;
    expect(progress.isPaused()).toBe(true);
    progress.becomeProbe();
    expect([progress.next, progress.isPaused()]).toEqual([10, false]);
  });
});

describe('the window of appends under way', () => {
  it('frees what is acknowledged, in order, like a plain list does', () => {
    const moves = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 20 })), { maxLength: 300 });
    fc.assert(
      fc.property(moves, (list) => {
        const window = new Inflights(200, 1000);
        let model: [number, number][] = [];
        let last = 0;
        for (const [isSend, by, bytes] of list) {
          if (isSend && !window.isFull()) {
            window.add((last += by), bytes);
            model.push([last, bytes]);
          } else if (!isSend) {
            const to = model[Math.floor(model.length / 2)]?.[0] ?? last;
            window.freeTo(to);
            model = model.filter(([index]) => index > to);
          }
          expect(window.count()).toBe(model.length);
          expect(window.bytes).toBe(model.reduce((sum, [, size]) => sum + size, 0));
        }
      }),
    );
  });

  it('is full by bytes as well as by count, and lets the crossing message through', () => {
    const window = new Inflights(10, 100);
    window.add(1, 99);
    expect(window.isFull()).toBe(false);
    window.add(2, 500);
    expect(window.isFull()).toBe(true);
    expect(() => window.add(3, 1)).toThrow('beyond the window');
    window.freeTo(2);
    expect(window.isFull()).toBe(false);
  });
});
