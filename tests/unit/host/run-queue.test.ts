/** The run queue of a machine: what runs in which turn of the platform. */
import { describe, expect, it } from 'vitest';
import { createRunQueue } from '../../../src/host/run-queue.ts';

/** A queue whose turns, and stretches of work as microtasks, are taken by hand. */
function byHand({ isWatched = true } = {}) {
  const turns: (() => void)[] = [];
  const stretches: (() => void)[] = [];
  const trail: string[] = [];
  const queue = createRunQueue(
    { turn: (callback) => void turns.push(callback), soon: (callback) => void stretches.push(callback) },
    (error) => trail.push(`fault: ${String(error)}`),
    { isOn: () => isWatched, onIdle: () => trail.push('idle') },
  );
  return {
    queue,
    trail,
    note: (text: string) => (): void => void trail.push(text),
    stretch: () => stretches.shift()?.(),
    turn: () => turns.shift()?.(),
    turnCount: () => turns.length,
  };
}

describe('what is enqueued', () => {
  it('runs as a microtask, and idleness is told after a turn', () => {
    const { queue, trail, note, stretch, turn } = byHand();
    queue.enqueue(note('task'));
    expect(trail).toEqual([]);
    stretch();
    expect(trail).toEqual(['task']);
    expect(queue.isIdle).toBe(false);
    queue.enqueue(note('what a microtask of it enqueued'));
    stretch();
    turn();
    expect(trail).toEqual(['task', 'what a microtask of it enqueued', 'idle']);
    expect(queue.isIdle).toBe(true);
  });

  it('leaves the platform its turn after so many tasks', () => {
    const { queue, trail, note, stretch, turn, turnCount } = byHand({ isWatched: false });
    for (let count = 0; count < 200; count++) {
      queue.enqueue(note(String(count)));
      stretch();
    }
    expect(trail).toHaveLength(128);
    expect(turnCount()).toBe(1);
    turn();
    expect(trail).toHaveLength(200);
    expect(turnCount()).toBe(0);
  });

  it('runs what is meant for the next turn behind everything that this one sets off', () => {
    const { queue, trail, note, stretch, turn } = byHand({ isWatched: false });
    queue.enqueueForNextTurn(note('next turn'));
    queue.enqueue(note('first'));
    stretch();
    queue.enqueue(note('second'));
    stretch();
    expect(trail).toEqual(['first', 'second']);
    expect(queue.isIdle).toBe(false);
    turn();
    expect(trail).toEqual(['first', 'second', 'next turn']);
    expect(queue.isIdle).toBe(true);
  });

  it('keeps what is meant for the next turn while it is paused', () => {
    const { queue, trail, note, turn } = byHand({ isWatched: false });
    queue.pause();
    queue.enqueueForNextTurn(note('next turn'));
    queue.resume();
    turn();
    expect(trail).toEqual(['next turn']);
  });

  it('keeps a barrier for a turn of its own', () => {
    const { queue, trail, note, stretch, turn } = byHand({ isWatched: false });
    queue.enqueue(note('before'));
    queue.enqueue(note('barrier'), { barrier: true });
    queue.enqueue(note('after'));
    stretch();
    expect(trail).toEqual(['before']);
    stretch();
    expect(trail).toEqual(['before']);
    turn();
    expect(trail).toEqual(['before', 'barrier']);
    turn();
    expect(trail).toEqual(['before', 'barrier', 'after']);
  });
});

describe('a queue that nobody watches', () => {
  it('spends no turn on telling that it is idle', () => {
    const { queue, trail, note, stretch, turnCount } = byHand({ isWatched: false });
    queue.enqueue(note('task'));
    stretch();
    queue.look();
    expect(turnCount()).toBe(0);
    expect(trail).toEqual(['task']);
  });

  it('still tells those who wait until it is drained', async () => {
    const { queue, trail, note, stretch, turn, turnCount } = byHand({ isWatched: false });
    queue.enqueue(note('task'));
    const drained = queue.drained();
    stretch();
    turn();
    await drained;
    expect(trail).toEqual(['task', 'idle']);
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
    const { queue, trail, note, stretch } = byHand();
    queue.enqueue(note('first'));
    queue.inTurn(() => queue.enqueue(note('second')));
    expect(trail).toEqual([]);
    stretch();
    expect(trail).toEqual(['first', 'second']);
  });

  it('tells of idleness also when nothing was enqueued in it', () => {
    const { queue, trail, note, turnCount } = byHand();
    queue.inTurn(note('counted'));
    expect(trail).toEqual(['counted', 'idle']);
    expect(turnCount()).toBe(0);
  });

  it('runs nothing while the queue is paused, but tells of idleness when all that came is kept', () => {
    const { queue, trail, note, stretch } = byHand();
    queue.pause();
    queue.inTurn(() => queue.enqueue(note('frame')));
    expect(trail).not.toContain('frame');
    expect(trail.at(-1)).toBe('idle');
    expect(queue.isIdle).toBe(true);
    trail.length = 0;
    queue.resume();
    stretch();
    expect(trail).toEqual(['frame']);
  });
});
