import { describe, expect, test } from 'vitest';
import { HELPER_KEYS, meaningOf, withControl, type Key } from '../../../src/ui/terminal/keys.ts';

const key = (name: string, ...modifiers: ('ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey')[]): Key => ({
  key: name,
  ctrlKey: modifiers.includes('ctrlKey'),
  shiftKey: modifiers.includes('shiftKey'),
  altKey: modifiers.includes('altKey'),
  metaKey: modifiers.includes('metaKey'),
});

describe('a key in the terminal', () => {
  test('Ctrl-C copies what is selected, else it interrupts', () => {
    expect(meaningOf(key('c', 'ctrlKey'), true, false).kind).toBe('copy');
    expect(meaningOf(key('c', 'ctrlKey'), false, false).kind).toBe('terminal');
  });

  test.each([
    [key('C', 'ctrlKey', 'shiftKey'), 'copy'],
    [key('Insert', 'ctrlKey'), 'copy'],
    [key('V', 'ctrlKey', 'shiftKey'), 'browser'],
    [key('v', 'ctrlKey'), 'browser'],
    [key('v', 'metaKey'), 'browser'],
    [key('Insert', 'shiftKey'), 'browser'],
    [key('Insert'), 'terminal'],
    [key('w', 'ctrlKey'), 'terminal'],
    [key('ArrowUp'), 'terminal'],
  ])('%o means %s', (pressed, kind) => {
    expect(meaningOf(pressed, false, false).kind).toBe(kind);
  });

  test('there is always a way out: Esc then Tab, Shift-Tab, F6', () => {
    expect(meaningOf(key('Tab'), false, false).kind).toBe('terminal');
    expect(meaningOf(key('Tab'), false, true).kind).toBe('browser');
    expect(meaningOf(key('Tab', 'shiftKey'), false, false).kind).toBe('browser');
    expect(meaningOf(key('F6'), true, false).kind).toBe('browser');
  });

  test('Ctrl-Alt-W deletes a word, because Ctrl-W closes the tab', () => {
    expect(meaningOf(key('w', 'ctrlKey', 'altKey'), false, false)).toEqual({ kind: 'send', data: '\u0017' });
  });
});

test('the helper row’s Ctrl makes control letters of letters, and leaves the rest', () => {
  expect([withControl('c'), withControl('D'), withControl('['), withControl('1'), withControl('ls')]).toEqual([
    '\u0003',
    '\u0004',
    '\u001b',
    '1',
    'ls',
  ]);
  expect(new Set(HELPER_KEYS.map(({ name }) => name)).size).toBe(HELPER_KEYS.length);
});
