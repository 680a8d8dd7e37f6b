import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatLabelSelector, parseFieldSelector, parseSelector, selectorFromLabelSelector, selectorFromMap } from '#apimachinery';

describe('label selectors', () => {
  test.each([
    ['app=web', 'app=web', { app: 'web' }, true],
    ['app==web', 'app==web', { app: 'db' }, false],
    ['app!=web', 'app!=web', {}, true],
    ['tier in (b, a),app', 'app,tier in (a,b)', { app: '', tier: 'a' }, true],
    ['tier notin (a)', 'tier notin (a)', { tier: 'a' }, false],
    ['!app', '!app', { app: 'x' }, false],
    ['n>3', 'n>3', { n: '10' }, true],
    ['n<3', 'n<3', { n: '10' }, false],
    ['in=notin', 'in=notin', { in: 'notin' }, true],
    ['', '', { any: 'thing' }, true],
    ['a in ()', undefined, {}, false],
  ])('"%s" is understood', (text, canonical, labels, expected) => {
    if (canonical === undefined) {
      expect(() => parseSelector(text)).toThrow("for 'in', 'notin' operators, values set can't be empty");
      return;
    }
    const selector = parseSelector(text);
    expect(selector.toString()).toBe(canonical);
    expect(selector.matches(labels as Record<string, string>)).toBe(expected);
  });

  test.each([
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a,', "found '', expected: identifier after ','"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
  ])('"%s" is refused in Kubernetes words', (text, message) => {
    expect(() => parseSelector(text)).toThrow(message);
  });

  test('the selector of a spec matches by labels and expressions, and none selects nothing', () => {
    const selector = selectorFromLabelSelector({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'a'] }],
    });
    expect(selector.toString()).toBe('app=web,tier in (a,b)');
    expect(selectorFromLabelSelector(undefined).matches({})).toBe(false);
    expect(selectorFromLabelSelector({}).matches({ x: 'y' })).toBe(true);
    expect(formatLabelSelector({})).toBe('<none>');
    expect(() => selectorFromLabelSelector({ matchExpressions: [{ key: 'a', operator: 'Near' }] })).toThrow(
      '"Near" is not a valid label selector operator',
    );
  });

  test('what is printed reads back as the same selector', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).filter((text) => text !== 'in' && text !== 'notin');
    fc.assert(
      fc.property(fc.dictionary(word, word, { maxKeys: 5 }), (labels) => {
        const selector = selectorFromMap(labels);
        expect(parseSelector(selector.toString()).toString()).toBe(selector.toString());
        expect(selector.matches(labels)).toBe(true);
      }),
      { seed: 7, numRuns: 60 },
    );
  });
});

describe('field selectors', () => {
  test('terms are compared with the object', () => {
    const selector = parseFieldSelector('metadata.name=web,spec.nodeName!=worker-1');
    expect(selector.matches((field) => (field === 'metadata.name' ? 'web' : 'worker-2'))).toBe(true);
    expect(selector.matches(() => 'worker-1')).toBe(false);
    expect(selector.requiresExactMatch('metadata.name')).toBe('web');
    expect(selector.requiresExactMatch('spec.nodeName')).toBeUndefined();
  });
  test('nonsense is refused in Kubernetes words', () => {
    expect(() => parseFieldSelector('nonsense')).toThrow("invalid selector: 'nonsense'; can't understand 'nonsense'");
  });
});
