import { describe, expect, test } from 'vitest';
import { parseJsonPath, relaxedJsonPath } from '#apimachinery';

const data = {
  kind: 'List',
  items: [
    { metadata: { name: 'a', labels: { 'app.kubernetes.io/name': 'web' } }, spec: { n: 1 }, status: { ready: true } },
    { metadata: { name: 'b', labels: {} }, spec: { n: 2 }, status: { ready: false } },
    { metadata: { name: 'c' }, spec: { n: 3 } },
  ],
};

describe('JSONPath templates', () => {
  test.each([
    ['{.kind}', 'List'],
    ['{$.kind}', 'List'],
    ['{.items[*].metadata.name}', 'a b c'],
    ['{.items[0].metadata.name}', 'a'],
    ['{.items[-1].metadata.name}', 'c'],
    ['{.items[0:2].metadata.name}', 'a b'],
    ['{.items[::2].metadata.name}', 'a c'],
    ['{.items[0,2].metadata.name}', 'a c'],
    ["{.items[*]['metadata.name','spec.n']}", ''],
    ['{.items[?(@.spec.n>1)].metadata.name}', 'b c'],
    ['{.items[?(@.metadata.name=="b")].spec.n}', '2'],
    ['{.items[?(@.status.ready==true)].metadata.name}', 'a'],
    ['{.items[?(@.status)].metadata.name}', 'a b'],
    ['{..name}', 'a b c'],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.spec.n}{"\\n"}{end}', 'a\t1\nb\t2\nc\t3\n'],
    ['{.items[0].metadata.labels.app\\.kubernetes\\.io/name}', 'web'],
    ["{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}", 'web'],
    ['{.items[0].spec}', '{"n":1}'],
    ['name: {.kind}', 'name: List'],
    ['{.missing}', ''],
  ])('%s', (template, expected) => {
    expect(parseJsonPath(template).execute(data, { allowMissingKeys: true })).toBe(expected);
  });

  test('a missing field is an error unless it is allowed', () => {
    expect(() => parseJsonPath('{.missing}').execute(data)).toThrow('missing is not found');
    expect(() => parseJsonPath('{.items[7]}').execute(data)).toThrow('array index out of bounds: index 7, length 3');
  });

  test('malformed templates are refused', () => {
    expect(() => parseJsonPath('{.a')).toThrow('unclosed action');
    expect(() => parseJsonPath('{end}')).toThrow('not in range, nothing to end');
    expect(() => parseJsonPath('{.items[x]}')).toThrow('invalid array index x');
  });

  test('the relaxed form of columns is completed', () => {
    expect(relaxedJsonPath('metadata.name')).toBe('{.metadata.name}');
    expect(relaxedJsonPath('.metadata.name')).toBe('{.metadata.name}');
    expect(relaxedJsonPath('{.metadata.name}')).toBe('{.metadata.name}');
  });
});
