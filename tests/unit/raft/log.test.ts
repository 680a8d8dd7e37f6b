import { emptyConf, entrySize, MemoryStorage, RaftInvariantError, RaftLog, StorageError, type Entry } from '#raft';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

fc.configureGlobal({ seed: 20250401, numRuns: 300 });

function entries(first: number, ...terms: readonly number[]): Entry[] {
  return terms.map((term, i) => ({ index: first + i, term, kind: 'normal', data: `e${first + i}` }));
}

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof StorageError) return error.reason;
    throw error;
  }
  return 'nothing thrown';
}

describe('the log in memory', () => {
  it('names what is compacted and what is not there yet', () => {
    const storage = new MemoryStorage();
    storage.append(entries(1, 1, 1, 2, 2));
    storage.compact(2);
    expect(reasonOf(() => storage.term(1))).toBe('compacted');
    expect(storage.term(2)).toBe(1);
    expect(reasonOf(() => storage.term(5))).toBe('unavailable');
    expect(reasonOf(() => storage.entries(2, 4, Infinity))).toBe('compacted');
    expect(reasonOf(() => storage.compact(1))).toBe('compacted');
    expect([storage.firstIndex(), storage.lastIndex()]).toEqual([3, 4]);
  });

  it('gives as many entries as fit, and always one', () => {
    const storage = new MemoryStorage();
    storage.append(entries(1, 1, 1, 1, 1));
    const size = entrySize(storage.entries(1, 2, Infinity)[0]!);
    const counts = [0, size, 2 * size - 1, 2 * size, Infinity].map((limit) => storage.entries(1, 5, limit).length);
    expect(counts).toEqual([1, 1, 1, 2, 4]);
  });

  it('replaces the tail where new entries begin, and refuses a gap', () => {
    const storage = new MemoryStorage();
    storage.append(entries(1, 1, 1, 1));
    storage.append(entries(2, 2));
    expect(storage.entries(1, 3, Infinity).map(({ term }) => term)).toEqual([1, 2]);
    expect(() => storage.append(entries(5, 2))).toThrow(RaftInvariantError);
  });

  it('refuses a snapshot that is not newer', () => {
    const storage = new MemoryStorage({ index: 5, term: 2, conf: emptyConf, data: '' });
    expect(reasonOf(() => storage.applySnapshot({ index: 5, term: 2, conf: emptyConf, data: '' }))).toBe('snapshot-out-of-date');
  });
});

describe('the log of a member', () => {
  it('is the stored log with the unstable tail over it, whatever was written and truncated when', () => {
    const moves = fc.array(
      fc.record({ back: fc.integer({ min: 0, max: 3 }), count: fc.integer({ min: 1, max: 4 }), store: fc.boolean() }),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(moves, (list) => {
        const storage = new MemoryStorage();
        const log = new RaftLog(storage);
        let model: Entry[] = [];
        let term = 0;
        for (const { back, count, store } of list) {
          const first = Math.max(1, model.length + 1 - back);
          const added = entries(first, ...Array.from({ length: count }, () => term + 1));
          term++;
          log.append(added);
          model = [...model.slice(0, first - 1), ...added];
          if (store) {
            storage.append(log.unstable.nextEntries());
            log.unstable.acceptInProgress();
            log.unstable.stableTo(log.lastIndex(), log.lastTerm());
            expect(log.unstable.entries).toEqual([]);
          }
          expect(log.entries(1, Infinity)).toEqual(model);
          expect(log.unstable.offset).toBe(log.unstable.offsetInProgress);
        }
      }),
    );
  });

  it('does not take a write for done whose entries were replaced meanwhile', () => {
    const log = new RaftLog(new MemoryStorage());
    log.append(entries(1, 1, 1, 1));
    log.unstable.acceptInProgress();
    log.append(entries(2, 2));
    log.unstable.stableTo(3, 1);
    log.unstable.stableTo(2, 1);
    expect(log.unstable.offset).toBe(1);
    expect(log.unstable.nextEntries().map(({ index }) => index)).toEqual([2]);
    log.unstable.stableTo(2, 2);
    expect(log.unstable.offset).toBe(3);
  });

  it('hands out committed entries up to the bound, and then waits until they are applied', () => {
    // Room for two entries and a half: the third waits, though the bound is not reached.
    const log = new RaftLog(new MemoryStorage(), 2.5 * entrySize(entries(1, 1)[0]!));
    log.append(entries(1, 1, 1, 1, 1, 1));
    log.commitTo(5);
    const first = log.nextCommitted(true);
    expect(first.map(({ index }) => index)).toEqual([1, 2]);
    log.acceptApplying(2, first.length * entrySize(first[0]!), true);
    expect(log.hasNextCommitted(true)).toBe(false);
    log.appliedTo(2, first.length * entrySize(first[0]!));
    expect(log.nextCommitted(true).map(({ index }) => index)).toEqual([3, 4]);
  });

  it('stops at the first sign that a committed entry would be lost', () => {
    const log = new RaftLog(new MemoryStorage());
    log.append(entries(1, 1, 1));
    log.commitTo(2);
    expect(() => log.append(entries(2, 2))).toThrow(RaftInvariantError);
    expect(() => log.commitTo(3)).toThrow(RaftInvariantError);
    expect(() => log.appliedTo(3, 0)).toThrow(RaftInvariantError);
  });
});
