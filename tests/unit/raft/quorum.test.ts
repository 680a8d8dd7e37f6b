import { committedIndex, voteOutcome, type Quorum } from '#raft';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

fc.configureGlobal({ seed: 20250401, numRuns: 300 });

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 7 });
const quorums: fc.Arbitrary<Quorum> = fc.record({ voters: ids, outgoing: ids });
const acks = fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8', '9'), fc.integer({ min: 0, max: 20 }));
const votes = fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8', '9'), fc.boolean());

/** The definition, by counting: more than half of the voters reached the index. */
function majorityHas(voters: readonly number[], acked: Record<string, number>, index: number): boolean {
  return voters.filter((id) => (acked[id] ?? 0) >= index).length * 2 > voters.length;
}

describe('a quorum', () => {
  it('commits the highest index that a majority of each half has', () => {
    fc.assert(
      fc.property(quorums, acks, (quorum, acked) => {
        const index = committedIndex(quorum, (id) => acked[id]);
        const halves = [quorum.voters, quorum.outgoing].filter((half) => half.length > 0);
        if (halves.length === 0) {
          expect(index).toBe(Infinity);
          return;
        }
        const best = Math.max(...Array.from({ length: 21 }, (_, i) => (halves.every((half) => majorityHas(half, acked, i)) ? i : 0)));
        expect(index).toBe(best);
      }),
    );
  });

  it('elects when a majority of each half granted, and gives up when one half no longer can', () => {
    fc.assert(
      fc.property(quorums, votes, (quorum, cast) => {
        const outcomes = [quorum.voters, quorum.outgoing].map((half) => {
          const granted = half.filter((id) => cast[id] === true).length;
          const refused = half.filter((id) => cast[id] === false).length;
          if (half.length === 0 || granted * 2 > half.length) return 'won';
          return (half.length - refused) * 2 > half.length ? 'pending' : 'lost';
        });
        const expected = outcomes.includes('lost') ? 'lost' : outcomes.includes('pending') ? 'pending' : 'won';
        expect(voteOutcome(quorum, (id) => cast[id])).toBe(expected);
      }),
    );
  });

  it('never lets two disjoint groups of voters win', () => {
    fc.assert(
      fc.property(quorums, votes, ({ voters, outgoing }, side) => {
        fc.pre(voters.length > 0);
        const left = voteOutcome({ voters, outgoing }, (id) => (side[id] === true ? true : undefined));
        const right = voteOutcome({ voters, outgoing }, (id) => (side[id] === true ? undefined : true));
        expect(left === 'won' && right === 'won').toBe(false);
      }),
    );
  });

  it('does not care which half is called outgoing', () => {
    fc.assert(
      fc.property(quorums, acks, votes, ({ voters, outgoing }, acked, cast) => {
        const swapped = { voters: outgoing, outgoing: voters };
        expect(committedIndex(swapped, (id) => acked[id])).toBe(committedIndex({ voters, outgoing }, (id) => acked[id]));
        expect(voteOutcome(swapped, (id) => cast[id])).toBe(voteOutcome({ voters, outgoing }, (id) => cast[id]));
      }),
    );
  });
});
