/** The run queue of a machine: what runs in which turn of the platform. */
import { describe, expect, it } from 'vitest';
import { createRunQueue } from '../../../src/host/run-queue.ts';

/** A queue whose turns are taken by hand. */
function byHand({ isWatched = true } = {}) {
  const turns: (() => void)[] = [];
  const trail: string[] = [];
  const queue = createRunQueue(
    (callback) => void turns.push(callback),
    (error) => trail.push(`fault: ${String(error)}`),
    { isOn: () => isWatched, onIdle: () => trail.push('idle') },
  );
  const note = (text: string) => (): void => void trail.push(text);
  return { queue, trail, note, turn: () => turns.shift()?.(), turnCount: () => turns.length };
}

describe('a queue that nobody watches', () => {
  it('spends no turn on telling that it is idle', () => {
    const { queue, trail, note, turn, turnCount } = byHand({ isWatched: false });
    queue.enqueue(note('task'));
    turn();
    expect(turnCount()).toBe(0);
    queue.look();
    expect(turnCount()).toBe(0);
    expect(trail).toEqual(['task']);
  });

  it('still runs what is left, and tells those who wait until it is drained', async () => {
    const { queue, trail, note, turn, turnCount } = byHand({ isWatched: false });
    queue.enqueue(note('barrier'), { barrier: true });
    queue.enqueue(note('last'));
    const drained = queue.drained();
    turn();
    expect(trail).toEqual(['barrier']);
    turn();
    turn();
    await drained;
    expect(trail).toEqual(['barrier', 'last', 'idle']);
    expect(turnCount()).toBe(0);
  });
});

describe('a turn that the caller brings', () => {
  it('runs at once what is enqueued in it, and tells of idleness only after a turn of its own', () => {
    const { queue, trail, note, turn } = byHand();
    queue.inTurn(() => queue.enqueue(note('frame')));
    expect(trail).toEqual(['frame']);
    expect(queue.isIdle).toBe(false);
    turn();
    expect(trail).toEqual(['frame', 'idle']);
    expect(queue.isIdle).toBe(true);
  });

  it('overtakes nothing that waits for a turn already', () => {
    const { queue, trail, note, turn } = byHand();
    queue.enqueue(note('first'));
    queue.inTurn(() => queue.enqueue(note('second')));
    expect(trail).toEqual([]);
    turn();
    expect(trail).toEqual(['first', 'second']);
  });

  it('tells of idleness also when nothing was enqueued in it', () => {
    const { queue, trail, note, turnCount } = byHand();
    queue.inTurn(note('counted'));
    expect(trail).toEqual(['counted', 'idle']);
    expect(turnCount()).toBe(0);
  });

  it('runs nothing while the queue is paused, but tells of idleness when all that came is kept', () => {
    const { queue, trail, note, turn } = byHand();
    queue.pause();
    queue.inTurn(() => queue.enqueue(note('frame')));
    expect(trail).not.toContain('frame');
    expect(trail.at(-1)).toBe('idle');
    expect(queue.isIdle).toBe(true);
    trail.length = 0;
    queue.resume();
    turn();
    expect(trail).toEqual(['frame']);
  });
});
