/** The forbidden words, proven by planting each of them. */
import { expect, test } from 'vitest';
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
  'cd /home/student/work/main',
  'color: #123',
  'shared/log.ts',
])('is innocent: %s', (line) => {
  expect(wordProblems('src/a.ts', line)).toEqual([]);
});

test('a lock file that names where a package came from is caught', () => {
  expect(lockProblems({ packages: { 'node_modules/a': { resolved: 'https://example.com/a.tgz' }, 'node_modules/b': {} } })).toHaveLength(1);
});
