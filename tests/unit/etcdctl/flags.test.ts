/** etcdctl's command line: where flags stand, what they take, and what is said of wrong ones. */
import { describe, expect, it } from 'vitest';
import { FlagError, GLOBAL_FLAGS, goDurationMs, goDurationText, readFlags, variableOf } from '../../../src/etcdctl/flags.ts';
import { GET_FLAGS } from '../../../src/etcdctl/commands/get.ts';

const specs = [...GET_FLAGS, ...GLOBAL_FLAGS];

describe('flags of etcdctl', () => {
  it('may stand anywhere, long or short, with = or as the next word', () => {
    const flags = readFlags(['foo', '--limit', '3', '-w=json', '--prefix', '--endpoints=a:1,b:2', '--endpoints', 'c:3'], specs, {});
    expect(flags.args).toEqual(['foo']);
    expect(flags.int('limit')).toBe(3);
    expect(flags.text('write-out')).toBe('json');
    expect(flags.switch('prefix')).toBe(true);
    expect(flags.list('endpoints')).toEqual(['a:1', 'b:2', 'c:3']);
  });

  it('end at --, and what follows is known', () => {
    const flags = readFlags(['foo', '--', 'echo', '--prefix'], specs, {});
    expect(flags.args).toEqual(['foo', 'echo', '--prefix']);
    expect(flags.afterDash).toEqual(['echo', '--prefix']);
    expect(flags.switch('prefix')).toBe(false);
  });

  it('take their values from ETCDCTL_ variables unless given', () => {
    expect(variableOf('dial-timeout')).toBe('ETCDCTL_DIAL_TIMEOUT');
    const env = { ETCDCTL_ENDPOINTS: 'x:1', ETCDCTL_DIAL_TIMEOUT: '1s', ETCDCTL_PREFIX: 'true' };
    expect(readFlags([], specs, env).list('endpoints')).toEqual(['x:1']);
    expect(readFlags([], specs, env).duration('dial-timeout')).toBe(1_000);
    expect(readFlags(['--endpoints=y:2'], specs, env).list('endpoints')).toEqual(['y:2']);
    // Only global flags have variables.
    expect(readFlags([], specs, env).switch('prefix')).toBe(false);
  });

  it.each([
    [['--nope'], 'unknown flag: --nope'],
    [['-q'], "unknown shorthand flag: 'q' in -q"],
    [['--limit'], 'flag needs an argument: --limit'],
    [['--limit=x'], 'invalid argument "x" for "--limit" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [['--command-timeout=5'], 'invalid argument "5" for "--command-timeout" flag: time: missing unit in duration "5"'],
  ])('%j is refused with: %s', (argv, text) => {
    expect(() => readFlags(argv, specs, {})).toThrow(new FlagError(text));
  });

  it.each([
    [0, '0s'],
    [0.0005, '500ns'],
    [1.5, '1.5ms'],
    [2_345.678, '2.345678s'],
    [60_000, '1m0s'],
    [3_661_000, '1h1m1s'],
  ])('%d ms are %s', (ms, text) => {
    expect(goDurationText(ms)).toBe(text);
  });

  it('read durations as Go does', () => {
    expect(goDurationMs('1m30s')).toBe(90_000);
    expect(goDurationMs('1.5s')).toBe(1_500);
    expect(() => goDurationMs('soon')).toThrow('time: invalid duration "soon"');
  });
});
