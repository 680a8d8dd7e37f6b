/** What etcd logs is read by `kubectl logs` and `crictl logs`, in the form its own logger has. */
import { describe, expect, it } from 'vitest';
import type { Process } from '#host';
import { logLine, withLogLines } from '../../../src/etcd/log-lines.ts';

const WALL_MS = Date.UTC(2026, 0, 5, 9, 0, 41, 344);

describe('a line of etcd’s log', () => {
  it('is JSON with level, time, message and fields, in this order', () => {
    expect(logLine('warning', WALL_MS, 'lost TCP streaming connection with remote peer', { 'remote-peer-id': 'ab' })).toBe(
      '{"level":"warn","ts":"2026-01-05T09:00:41.344000Z","msg":"lost TCP streaming connection with remote peer","remote-peer-id":"ab"}\n',
    );
  });

  it('goes to standard error and to the lab, and is counted where standard error is closed', async () => {
    const [written, recorded]: [string[], string[]] = [[], []];
    let [isClosed, lost] = [false, 0];
    const process = withLogLines({
      clock: { wallMs: () => WALL_MS },
      stderr: { write: (text: string) => (isClosed ? Promise.reject(new Error('closed')) : Promise.resolve(void written.push(text))) },
      telemetry: {
        metrics: { counter: () => ({ add: () => lost++ }) },
        log: (level: string, message: string) => recorded.push(`${level} ${message}`),
      },
      pid: 7,
    } as unknown as Process);
    process.telemetry.log('info', 'Starting etcd', { name: 'a' });
    isClosed = true;
    process.telemetry.log('error', 'server error');
    await Promise.resolve();
    await Promise.resolve();
    expect(written).toEqual(['{"level":"info","ts":"2026-01-05T09:00:41.344000Z","msg":"Starting etcd","name":"a"}\n']);
    expect(recorded).toEqual(['info Starting etcd', 'error server error']);
    expect({ lost, pid: process.pid }).toEqual({ lost: 1, pid: 7 });
  });
});
