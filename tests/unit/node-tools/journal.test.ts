/** Lines of the journal as journalctl prints them. */
import { describe, expect, it } from 'vitest';
import { journalLine, journalTime } from '../../../src/node-tools/journalctl.ts';

const entry = { unit: 'kubelet', wallMs: Date.UTC(2026, 0, 5, 9, 0, 7), pid: 42, message: 'one\ntwo' };

describe('journalctl', () => {
  it('says when, where, who and what', () => {
    expect(journalTime(entry.wallMs)).toBe('Jan 05 09:00:07');
    expect(journalLine('worker-1', { ...entry, message: 'one' }, 'short')).toBe('Jan 05 09:00:07 worker-1 kubelet[42]: one\n');
    expect(journalLine('worker-1', { ...entry, message: 'one' }, 'cat')).toBe('one\n');
    expect(journalLine('worker-1', { ...entry, message: 'one' }, 'short-iso')).toBe('2026-01-05T09:00:07+0000 worker-1 kubelet[42]: one\n');
  });

  it('indents further lines of a message', () => {
    expect(journalLine('w', entry, 'short').split('\n')[1]).toBe(`${' '.repeat(18)}two`);
  });
});
