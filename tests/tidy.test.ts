/** The house rules of docs/ARCHITECTURE.md and docs/STYLE.md, held against the whole repository. Each rule is proven in tests/gates. */
import { describe, expect, test } from 'vitest';
import { docstringProblems, openingProblems } from './gates/comments.ts';
import { contractProblems } from './gates/contracts.ts';
import { errorProblems } from './gates/errors.ts';
import { importProblems } from './gates/imports.ts';
import { packageProblems, type Manifest } from './gates/packages.ts';
import { registryProblems } from './gates/registries.ts';
import { sizeProblems, waiverProblems, type Waiver } from './gates/size.ts';
import { listFiles, readSources, readText } from './gates/source.ts';
import { stateProblems } from './gates/state.ts';
import { lockProblems, wordProblems } from './gates/words.ts';

const house = readSources('src', 'workers');
const around = readSources('scripts', 'tests', 'bench', 'vite.config.ts');
const byPath = new Map(house.map((file) => [file.path, file]));
const waivers = JSON.parse(readText('tests/gates/waivers.json')) as Waiver[];
const manifest = JSON.parse(readText('package.json')) as Manifest;
const doors = Object.keys(manifest.imports);

/** The gates themselves quote what they forbid, and Kubernetes' own descriptions of its fields hold its own loose ends. */
const quotesForbiddenWords = ['tests/gates/words.ts', 'tests/gates/words.test.ts', 'src/api/schema/descriptions.json'];
const written = /\.(ts|mjs|js|svelte|css|html|md|json|txt|yaml|yml)$|^\.ci\//;

describe('the house', () => {
  test('each folder imports only what the table allows, by front doors, and packages only with a reason', () => {
    expect(house.flatMap((file) => importProblems(file, doors))).toEqual([]);
  });

  test('contracts hold types and nothing that runs', () => {
    expect(house.flatMap(contractProblems)).toEqual([]);
  });

  test('no module holds state, and importing one does nothing', () => {
    expect(house.flatMap(stateProblems)).toEqual([]);
  });

  test('every file of a registry folder is registered in its index', () => {
    expect(registryProblems(house)).toEqual([]);
  });

  test('files and functions keep to their size, or a waiver says why not', () => {
    const files = [...house, ...around];
    expect([...files.flatMap((file) => sizeProblems(file, waivers)), ...waiverProblems(files, waivers)]).toEqual([]);
  });

  test('no error is swallowed', () => {
    expect([...house, ...around].flatMap((file) => errorProblems(file, waivers))).toEqual([]);
  });

  test('every source file opens with what it is', () => {
    expect(house.flatMap(openingProblems)).toEqual([]);
  });

  test('every name that leaves a folder by its front door has a docstring', () => {
    const indexes = house.filter(({ path }) => /^src\/[^/]+(\/(browser|simulated|client))?\/index\.ts$/.test(path));
    expect([...new Set(indexes.flatMap((index) => docstringProblems(index, byPath)))]).toEqual([]);
  });

  test('no text names what only its makers know, a package registry, or a loose end', () => {
    const folders = ['src', 'workers', 'scripts', 'tests', 'bench', 'docs', '.ci', 'public'];
    const single = [
      'README.md',
      'CHANGELOG.md',
      'index.html',
      'package.json',
      '.npmrc',
      'vite.config.ts',
      'eslint.config.js',
      'eslint.promises.config.js',
      'svelte.config.js',
    ];
    const paths = [...folders.flatMap(listFiles), ...single.flatMap(listFiles)].filter((path) => written.test(path) || path === '.npmrc');
    const problems = paths.filter((path) => !quotesForbiddenWords.includes(path)).flatMap((path) => wordProblems(path, readText(path)));
    expect(problems).toEqual([]);
  });

  test('every dependency is explained and exact, and every front door leads into a room', () => {
    expect(packageProblems(manifest, readText('docs/DEPENDENCIES.md'))).toEqual([]);
  });

  test('the lock file names no host', () => {
    expect(lockProblems(JSON.parse(readText('package-lock.json')) as Parameters<typeof lockProblems>[0])).toEqual([]);
  });
});
