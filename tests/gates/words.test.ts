/** The forbidden words and the account of packages, proven by planting each violation. */
import { expect, test } from 'vitest';
import { packages } from './house.ts';
import { packageProblems } from './packages.ts';
import { lockProblems, wordProblems } from './words.ts';

test.each([
  'see issue 12',
  'fixes issue #3',
  'issues/4 says so',
  'cp /work/shared/vectors .',
  'as ../shared/design/style.md asks',
  'https://registry.npmjs.org/svelte',
  '// TODO: later',
  '// FIXME',
])('is caught: %s', (line) => {
  expect(wordProblems('src/a.ts', `ok\n${line}`)).toEqual([expect.stringMatching(/^src\/a\.ts:2: names /)]);
});

test.each([
  'a session of the shell',
  'registry.k8s.io/pause:3.10',
  'an issued certificate',
  'See https://github.com/kubernetes/kubernetes/issues/108255.',
  'cd /home/student/work/main',
  'color: #123',
  'shared/log.ts',
])('is innocent: %s', (line) => {
  expect(wordProblems('src/a.ts', line)).toEqual([]);
});

test('a lock file that names where a package came from is caught', () => {
  expect(lockProblems({ packages: { 'node_modules/a': { resolved: 'https://example.com/a.tgz' }, 'node_modules/b': {} } })).toHaveLength(1);
});

test('a package without an explanation, a loose version, a door without a room and a rule about nothing are caught', () => {
  const named = packages.filter(({ name }) => !name.endsWith(':')).map(({ name }) => name);
  const dependencies = Object.fromEntries(named.map((name) => [name, '1.0.0']));
  const sound = { dependencies, devDependencies: { native: 'npm:typescript@7.0.2' }, imports: { '#raft': './src/raft/index.ts' } };
  const explained = `| ${[...named, 'native'].join(', ')} |`;
  expect(packageProblems(sound, explained)).toEqual([]);
  expect(packageProblems(sound, explained.replace('comlink', ''))).toEqual(['comlink is not explained in docs/DEPENDENCIES.md']);
  expect(packageProblems({ ...sound, devDependencies: { native: '^1.0.0' } }, explained)[0]).toContain('not exact');
  expect(packageProblems({ ...sound, imports: { '#helpers': './a.ts' } }, explained)[0]).toContain('door of no room');
  const rest = Object.fromEntries(Object.entries(dependencies).filter(([name]) => name !== 'yaml'));
  expect(packageProblems({ ...sound, dependencies: rest }, explained)[0]).toContain('not installed');
});
