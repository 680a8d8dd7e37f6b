/** What waits for the log is written together where it may be, and what waited for a write is delivered after it. */
import { describe, expect, it } from 'vitest';
import { emptyConf, LOCAL_APPEND, type Entry, type HardState, type Message, type Snapshot } from '#raft';
import { LogWriter } from '../../../src/etcd/log-writer.ts';
import type { RaftLogMirror } from '../../../src/etcd/raft-log-mirror.ts';
import type { Wal } from '../../../src/etcd/wal.ts';

type Request = Extract<Message, { type: 'storageAppend' }>;

const entry = (index: number, term = 1): Entry => ({ index, term, kind: 'normal', data: `${index}` });
const reply = (index: number): Message => ({ type: 'appendReply', from: 1, to: 2, term: 1, index, success: true });
const request = (entries: Entry[], hardState?: HardState, snapshot?: Snapshot): Request => ({
  type: 'storageAppend',
  from: 1,
  to: LOCAL_APPEND,
  term: 1,
  hardState,
  snapshot,
  entries,
  replies: [reply(entries.at(-1)?.index ?? 0)],
});

/** A writer whose disk finishes a write when told to, and what happened. */
function observed(): { writer: LogWriter; happened: string[]; finish(): Promise<void> } {
  const happened: string[] = [];
  const waiting: (() => void)[] = [];
  const wal = {
    append: (entries: readonly Entry[], { term, vote }: HardState) => {
      happened.push(`write ${entries.map(({ index }) => index).join()} in term ${term}, vote ${vote}`);
      return new Promise<void>((resolve) => waiting.push(resolve));
    },
    compactTo: () => Promise.resolve(),
  } as unknown as Wal;
  const mirror = { lastIndex: () => 0, append: () => undefined, setHardState: () => undefined } as unknown as RaftLogMirror;
  const writer = new LogWriter(
    { wal, mirror, synced: () => undefined, appending: () => () => undefined, nowMs: () => 0 },
    { term: 1, vote: 1, commit: 0 },
    {
      saveSnapshot: ({ index }) => Promise.resolve(void happened.push(`save snapshot ${index}`)),
      written: (_, replies) => happened.push(`deliver ${replies.map((each) => (each.type === 'appendReply' ? each.index : '')).join()}`),
    },
  );
  const finish = async (): Promise<void> => {
    waiting.shift()!();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { writer, happened, finish };
}

const started = async (writer: LogWriter, ...requests: Request[]): Promise<void> => {
  for (const each of requests) writer.add(each);
  void writer.start();
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

describe('the writer of the log', () => {
  it('takes everything that waits into one write, and delivers nothing before it is durable', async () => {
    const { writer, happened, finish } = observed();
    await started(writer, request([entry(1)]));
    await started(writer, request([entry(2)]), request([entry(3), entry(4)]));
    expect(happened).toEqual(['write 1 in term 1, vote 1']);
    await finish();
    expect(happened.slice(1)).toEqual(['deliver 1', 'write 2,3,4 in term 1, vote 1']);
    await finish();
    expect(happened.at(-1)).toBe('deliver 2,4');
  });

  it('never lets another term or vote, a snapshot, or entries in the place of others share a write', async () => {
    const { writer, happened, finish } = observed();
    const vote = { term: 2, vote: 3, commit: 0 };
    const snapshot: Snapshot = { index: 9, term: 2, conf: emptyConf, data: '' };
    await started(writer, request([entry(1), entry(2)]), request([], vote), request([entry(2, 2)]), request([entry(2, 3)]));
    await started(writer, request([], undefined, snapshot), request([entry(10, 3)]));
    for (let write = 0; write < 5; write++) await finish();
    expect(happened.filter((each) => !each.startsWith('deliver'))).toEqual([
      'write 1,2 in term 1, vote 1',
      'write 2 in term 2, vote 3',
      'write 2 in term 2, vote 3',
      'save snapshot 9',
      'write  in term 2, vote 3',
      'write 10 in term 2, vote 3',
    ]);
  });

  it('writes nothing for a commit index alone, but keeps its replies behind the writes before', async () => {
    const { writer, happened, finish } = observed();
    await started(writer, request([], { term: 1, vote: 1, commit: 7 }));
    expect(happened).toEqual(['deliver 0']);
    await started(writer, request([entry(1)]), request([], { term: 2, vote: 1, commit: 8 }));
    expect(happened.slice(1)).toEqual(['write 1 in term 1, vote 1']);
    await finish();
    expect(happened.slice(2)).toEqual(['deliver 1', 'write  in term 2, vote 1']);
  });

  it('delivers nothing any more once it was stopped', async () => {
    const { writer, happened, finish } = observed();
    await started(writer, request([entry(1)]));
    writer.stop();
    await finish();
    expect(happened).toEqual(['write 1 in term 1, vote 1']);
  });
});
