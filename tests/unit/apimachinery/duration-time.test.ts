import { describe, expect, test } from 'vitest';
import {
  ageOf,
  formatDuration,
  formatMicroTime,
  formatTime,
  humanDuration,
  isPercent,
  parseDuration,
  parseTime,
  scaledValue,
} from '#apimachinery';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('durations', () => {
  test.each([
    [-5 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [5 * second, '5s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [150 * second, '2m30s'],
    [10 * minute + 5 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [3 * hour + 5 * minute, '3h5m'],
    [8 * hour + 5 * minute, '8h'],
    [47 * hour, '47h'],
    [48 * hour, '2d'],
    [4 * day + 2 * hour, '4d2h'],
    [8 * day + 2 * hour, '8d'],
    [400 * day, '400d'],
    [2 * 365 * day + 30 * day, '2y30d'],
    [9 * 365 * day, '9y'],
  ])('%i ms of age are shown as %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
  test.each([
    [0, '0s'],
    [90_000, '1m30s'],
    [1500, '1.5s'],
    [100, '100ms'],
    [0.5, '500µs'],
    [hour, '1h0m0s'],
    [-1000, '-1s'],
  ])('%d ms are written %s as Go does', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
    expect(parseDuration(text)).toBe(ms);
  });
  test.each([
    ['x', 'time: invalid duration "x"'],
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['5y', 'time: unknown unit "y" in duration "5y"'],
  ])('"%s" is refused as Go does', (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });
});

describe('times', () => {
  test('are written in UTC with seconds or microseconds, and read back', () => {
    const ms = Date.parse('2026-01-02T03:04:05.678Z');
    expect(formatTime(ms)).toBe('2026-01-02T03:04:05Z');
    expect(formatMicroTime(ms)).toBe('2026-01-02T03:04:05.678000Z');
    expect(parseTime('2026-01-02T03:04:05.678000Z')).toBe(ms);
    expect(parseTime('2026-01-02T05:04:05+02:00')).toBe(Date.parse('2026-01-02T03:04:05Z'));
    expect(() => parseTime('yesterday')).toThrow(
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    );
    expect(ageOf(undefined, ms)).toBe('<unknown>');
  });
});

describe('numbers or percentages', () => {
  test('are scaled to a total', () => {
    expect(scaledValue('25%', 10, true)).toBe(3);
    expect(scaledValue('25%', 10, false)).toBe(2);
    expect(scaledValue(4, 10, false)).toBe(4);
    expect(isPercent('25%')).toBe(true);
    expect(isPercent('25')).toBe(false);
    expect(() => scaledValue('many', 10, true)).toThrow('invalid type: string is not a percentage');
  });
});
