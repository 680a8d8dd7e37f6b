import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  milliValue,
  parseQuantity,
  quantityFromMillis,
  quantityFromUnits,
  quantityValue,
  subtractQuantity,
} from '#apimachinery';

describe('quantities', () => {
  test.each([
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Ki', '1Mi'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['0', '0'],
    ['0Gi', '0'],
    ['0.5Ki', '512'],
    ['2e3', '2e3'],
    ['12E3', '12e3'],
    ['1e-3', '1e-3'],
    ['-1Ki', '-1Ki'],
    ['+5', '5'],
    ['.5', '500m'],
    ['1.', '1'],
    ['0.0000000001', '1n'],
    ['100Mi', '100Mi'],
    ['1E', '1E'],
    ['1500Mi', '1500Mi'],
    ['1.1Ki', '1127'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });
  test.each([['lots'], [''], ['1.2.3'], ['1 Gi'], ['--1'], ['.']])('"%s" is no quantity', (text) => {
    expect(() => parseQuantity(text)).toThrow(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  });
  test('a wrong suffix has its own text', () => {
    expect(() => parseQuantity('1i')).toThrow("unable to parse quantity's suffix");
  });
  test('values are rounded up', () => {
    expect(milliValue('250m')).toBe(250);
    expect(milliValue('1.0001')).toBe(1001);
    expect(quantityValue('1Ki')).toBe(1024);
    expect(quantityValue('100m')).toBe(1);
  });
  test('a written quantity reads back as the same value, and sums can be undone', () => {
    const quantity = fc
      .bigInt({ min: -(10n ** 15n), max: 10n ** 15n })
      .chain((millis) => fc.constantFrom(quantityFromMillis(millis), quantityFromUnits(millis / 1000n, 'BinarySI')));
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        expect(compareQuantity(parseQuantity(formatQuantity(a)), a)).toBe(0);
        expect(formatQuantity(parseQuantity(formatQuantity(a)))).toBe(formatQuantity(a));
        expect(compareQuantity(subtractQuantity(addQuantity(a, b), b), a)).toBe(0);
      }),
      { seed: 11, numRuns: 100 },
    );
  });
});
