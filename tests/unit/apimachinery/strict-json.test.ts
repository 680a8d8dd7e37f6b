import { describe, expect, test } from 'vitest';
import { deepCopy, deepEqual, parseJson, parseJsonStrict, semanticEqual, strictDecodingError } from '#apimachinery';

describe('strict JSON', () => {
  test('lists duplicate fields by path and keeps the last value', () => {
    expect(parseJsonStrict('{"a":{"b":1,"b":2},"c":[{"d":1,"d":2}]}')).toEqual({
      value: { a: { b: 2 }, c: [{ d: 2 }] },
      duplicates: ['a.b', 'c[0].d'],
    });
    expect(strictDecodingError(['unknown field "spec.foo"', 'unknown field "bar"'])).toBe(
      'strict decoding error: unknown field "spec.foo", unknown field "bar"',
    );
  });
  test.each([
    ['{"kind":', 'unexpected end of JSON input'],
    ['', 'unexpected end of JSON input'],
    ['not json', "invalid character 'o' in literal null (expecting 'u')"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['x', "invalid character 'x' looking for beginning of value"],
  ])('%s is refused in the words of Go', (text, message) => {
    expect(() => parseJsonStrict(text)).toThrow(message);
    expect(() => parseJson(text)).toThrow(message);
  });
  test('reads what JSON.parse reads', () => {
    const text = '{"a":[1,-2.5e3,true,false,null,"\\u00e9\\n\\"x"],"__proto__":{"y":1},"b":{}}';
    expect(parseJsonStrict(text).value).toEqual(JSON.parse(text));
  });
});

describe('equality', () => {
  test('ignores order and undefined fields, and semantically all that is empty', () => {
    expect(deepEqual({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(deepEqual({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
    expect(deepEqual({ a: {} }, {})).toBe(false);
    expect(semanticEqual({ a: {}, b: [] }, {})).toBe(true);
    expect(semanticEqual({ a: 0 }, {})).toBe(false);
  });
  test('copies share nothing', () => {
    const original = { a: [{ b: 1 }] };
    const copy = deepCopy(original);
    (copy.a[0] ?? { b: 0 }).b = 2;
    expect(original.a[0]?.b).toBe(1);
  });
});
