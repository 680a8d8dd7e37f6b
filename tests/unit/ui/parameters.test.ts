import { describe, expect, test } from 'vitest';
import { readParameters } from '../../../src/ui/parameters.ts';

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64url');

describe('the address', () => {
  test('says nothing: everything has its default and nothing is remarked on', () => {
    expect(readParameters('')).toEqual({
      spec: {},
      paused: false,
      panels: ['map', 'terminal', 'dashboard'],
      theme: 'auto',
      embed: false,
      readonly: false,
      ephemeral: false,
      cluster: 'default',
      speed: 1,
      run: [],
      bridge: false,
      notices: [],
    });
  });

  test('names the shape of the cluster, and only what it names is passed on', () => {
    const { spec, notices } = readParameters(
      '?topology=external&controlPlanes=3&workers=0&etcdMembers=5&zones=2&seed=-7&addons=ingress,metrics-server',
    );
    expect(spec).toEqual({
      topology: 'external',
      controlPlanes: 3,
      workers: 0,
      etcdMembers: 5,
      zones: 2,
      seed: -7,
      addons: ['ingress', 'metrics-server'],
    });
    expect(notices).toEqual([]);
  });

  test.each([
    ['topology=ring', 'topology'],
    ['controlPlanes=6', 'controlPlanes'],
    ['controlPlanes=0', 'controlPlanes'],
    ['controlPlanes=2.5', 'controlPlanes'],
    ['controlPlanes=', 'controlPlanes'],
    ['workers=-1', 'workers'],
    ['workers=many', 'workers'],
    ['etcdMembers=1e9', 'etcdMembers'],
    ['zones=NaN', 'zones'],
    ['seed=0.5', 'seed'],
    ['addons=a b', 'addons'],
  ])('%s is refused with a notice and leaves the default', (query, name) => {
    const { spec, notices } = readParameters(query);
    expect(spec).toEqual({});
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(name);
  });

  test.each([
    ['theme=sepia', { theme: 'auto' }],
    ['speed=61', { speed: 1 }],
    ['speed=0', { speed: 1 }],
    ['cluster=../etc', { cluster: 'default' }],
    ['cluster=', { cluster: 'default' }],
    ['paused=perhaps', { paused: false }],
    ['run=%%%', { run: [] }],
    [`run=${Buffer.from([0xff, 0xfe]).toString('base64url')}`, { run: [] }],
    ['panels=basement', { panels: ['map', 'terminal', 'dashboard'] }],
    ['panels=map,etcd', { panels: ['map'] }],
  ])('%s gets a visible notice', (query, expected) => {
    const parameters = readParameters(query);
    expect(parameters).toMatchObject(expected);
    expect(parameters.notices).toHaveLength(1);
  });

  test('may hold names that nobody knows', () => {
    expect(readParameters('?utm_source=x&lessons=&bridge').notices).toEqual([]);
  });

  test('sets flags by their bare name, 1, true or yes, and unsets them by 0, false or no', () => {
    expect(readParameters('?paused&embed=1&readonly=true&ephemeral=yes')).toMatchObject({
      paused: true,
      embed: true,
      readonly: true,
      ephemeral: true,
    });
    expect(readParameters('?paused=0&embed=false&readonly=no')).toMatchObject({
      paused: false,
      embed: false,
      readonly: false,
      notices: [],
    });
  });

  test('carries shell lines of any language in base64url', () => {
    const { run, notices } = readParameters(`?run=${encode('kubectl get pods\n\necho "grüß Gott ☸"\n')}`);
    expect(run).toEqual(['kubectl get pods', 'echo "grüß Gott ☸"']);
    expect(notices).toEqual([]);
  });

  test('cannot make a notice of any length', () => {
    expect(readParameters(`theme=${'x'.repeat(10_000)}`).notices[0]?.length).toBeLessThan(200);
  });
});
