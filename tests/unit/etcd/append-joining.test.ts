/** Appends that follow on each other travel as one. */
import { describe, expect, it } from 'vitest';
import type { Message } from '#raft';
import { joinAppends } from '../../../src/etcd/append-joining.ts';

type Append = Extract<Message, { type: 'append' }>;

/** An append of `count` entries of a term behind `index`, whose own entry is of that term too unless told otherwise. */
const append = (to: number, index: number, count: number, commit = 0, term = 2, logTerm = term): Append => ({
  type: 'append',
  from: 1,
  to,
  term: 2,
  index,
  logTerm,
  commit,
  entries: Array.from({ length: count }, (_, at) => ({ index: index + at + 1, term, kind: 'normal', data: `${index + at + 1}` })),
});
const heartbeat = (to: number): Message => ({ type: 'heartbeat', from: 1, to, term: 2, commit: 0, ctx: '' });

const shown = (messages: readonly Message[]): string[] =>
  messages.map((message) =>
    message.type === 'append'
      ? `${message.to}: ${message.entries.map(({ index }) => index).join()} behind ${message.index}, commit ${message.commit}`
      : `${message.to}: ${message.type}`,
  );

describe('appends to a peer', () => {
  it('are joined where each begins at the end of the one before, with the last commit index', () => {
    const messages = [append(2, 4, 1, 3), append(3, 4, 1, 3), append(2, 5, 2, 4), append(3, 5, 2, 4), append(2, 7, 0, 5)];
    expect(shown(joinAppends(messages))).toEqual(['2: 5,6,7 behind 4, commit 5', '3: 5,6,7 behind 4, commit 4']);
    expect(messages[0]).toEqual(append(2, 4, 1, 3));
  });

  it('stay apart where something else for that peer lies between them', () => {
    const messages = [append(2, 4, 1), heartbeat(2), append(2, 5, 1), heartbeat(3), append(2, 6, 1)];
    expect(shown(joinAppends(messages))).toEqual(['2: 5 behind 4, commit 0', '2: heartbeat', '2: 6,7 behind 5, commit 0', '3: heartbeat']);
  });

  it('stay apart where the second goes back, leaves a gap, or follows an entry of another term', () => {
    for (const second of [append(2, 4, 2), append(2, 6, 1), append(2, 5, 1, 0, 2, 1)])
      expect(joinAppends([append(2, 4, 1), second])).toEqual([append(2, 4, 1), second]);
  });

  it('stay apart where they would be too large together', () => {
    const large = (index: number): Append => {
      const made = append(2, index, 1);
      return { ...made, entries: made.entries.map((entry) => ({ ...entry, data: 'x'.repeat(300 * 1024) })) };
    };
    expect(joinAppends([large(4), large(5)])).toHaveLength(2);
  });
});
