/** The little language of etcdctl txn. */
import { describe, expect, it } from 'vitest';
import { argify, parseCompare, parseRequest } from '../../../src/etcdctl/commands/txn.ts';

describe('a comparison of etcdctl txn', () => {
  it.each([
    ['mod("key") > "0"', { key: 'key', result: 'GREATER', target: 'MOD', modRevision: 0 }],
    ['ver("k") = "3"', { key: 'k', result: 'EQUAL', target: 'VERSION', version: 3 }],
    ['create("k") < "7"', { key: 'k', result: 'LESS', target: 'CREATE', createRevision: 7 }],
    ['value("a b") != "c\\"d"', { key: 'a b', result: 'NOT_EQUAL', target: 'VALUE', value: 'c"d' }],
    ['lease("k") = "1f"', { key: 'k', result: 'EQUAL', target: 'LEASE', lease: '1f' }],
  ])('%s is understood', (line, compare) => {
    expect(parseCompare(line)).toEqual(compare);
  });

  it.each([
    ['nonsense', 'malformed comparison: nonsense'],
    ['mod("k") ~ "0"', 'malformed comparison: mod("k") ~ "0" (unknown op ~)'],
    ['size("k") = "0"', 'malformed comparison: size("k") = "0" (unknown target size)'],
    ['mod("k") = "x"', 'invalid txn compare request: mod("k") = "x"'],
  ])('%s is refused', (line, text) => {
    expect(() => parseCompare(line)).toThrow(text);
  });
});

describe('a request of etcdctl txn', () => {
  it('keeps quoted words together', () => {
    expect(argify(`put "a key" 'a value' plain`)).toEqual(['put', 'a key', 'a value', 'plain']);
  });

  it('takes the flags of the command it names', async () => {
    expect(await parseRequest('get --prefix foo')).toEqual({ range: { key: 'foo', rangeEnd: 'fop' } });
    expect(await parseRequest('put foo bar --lease=1f')).toEqual({ put: { key: 'foo', value: 'bar', lease: '1f' } });
    expect(await parseRequest('del foo fop')).toEqual({ deleteRange: { key: 'foo', rangeEnd: 'fop' } });
  });

  it.each([
    ['get', 'invalid txn compare request: get'],
    ['watch foo', 'invalid txn request: watch foo'],
    ['put foo', 'put command needs 1 argument and input from stdin or 2 arguments'],
  ])('%s is refused', async (line, text) => {
    await expect(parseRequest(line)).rejects.toThrow(text);
  });
});
