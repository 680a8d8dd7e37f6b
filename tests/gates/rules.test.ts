/** Every house rule, proven: a planted violation is caught, and the innocent text beside it is not. */
import { describe, expect, test } from 'vitest';
import { docstringProblems, openingProblems } from './comments.ts';
import { contractProblems } from './contracts.ts';
import { errorProblems } from './errors.ts';
import { innerRooms, mayEnter, packages } from './house.ts';
import { importProblems, roomOf } from './imports.ts';
import { registryProblems } from './registries.ts';
import { functionLinesMax, sizeProblems, waiverProblems } from './size.ts';
import { parse, scriptsOf } from './source.ts';
import { stateProblems } from './state.ts';

const doors = [
  '#raft',
  '#host',
  '#host/browser',
  '#etcd',
  '#etcd/client',
  '#apimachinery',
  '#api',
  '#contracts',
  '#lab',
  '#client',
  '#cluster',
  '#lifecycle',
];

describe('who imports whom', () => {
  const caught: readonly (readonly [path: string, code: string, what: string])[] = [
    ['src/raft/log.ts', `import { now } from '#host';`, 'raft may not import host'],
    ['src/etcd/client/index.ts', `import { range } from '#etcd';`, 'etcd/client may not import etcd'],
    ['src/etcd/client/index.ts', `import { range } from '../server.ts';`, 'enter by its front door'],
    ['src/etcd/member.ts', `import { Log } from '../raft/log.ts';`, 'enter by its front door'],
    ['src/host/clock.ts', `import { openDisk } from './browser/disk.ts';`, 'enter by its front door'],
    ['src/host/simulated/clock.ts', `import { openDisk } from '../browser/disk.ts';`, 'enter by its front door'],
    ['src/kubelet/sync.ts', `import { list } from '#apiserver/store';`, 'no front door'],
    ['src/etcd/member.ts', `import { Member } from '#etcd';`, 'its own folder'],
    ['src/etcd/member.ts', `import { wal } from './wal';`, 'without its ending'],
    ['src/ui/state/map.svelte.ts', `const cluster = await import('#cluster');`, 'ui may not import cluster'],
    ['src/ui/Map.svelte', `<script lang="ts">\n  import { start } from '#cluster';\n</script>`, 'ui may not import cluster'],
    ['src/scheduler/cycle.ts', `export * from '#etcd/client';`, 'scheduler may not import etcd/client'],
    ['src/raft/log.ts', `type Now = import('#host').Clock;`, 'raft may not import host'],
    ['src/kubelet/sync.ts', `import { p256 } from '@noble/curves/nist.js';`, 'kubelet may not use the package'],
    ['src/shell/run.ts', `import leftPad from 'left-pad';`, 'no entry in the list of packages'],
    ['src/host/files.ts', `import { readFile } from 'node:fs';`, 'host may not use the package'],
    ['src/api/types.ts', `import { Pod } from 'kubernetes-models/v1';`, 'may only import types'],
    ['src/contracts/etcd.ts', `import { object } from '#api';`, 'imports types only'],
    ['src/lab/create-lab.ts', `import { labFetch } from './fetch.ts';`, 'enter by its front door'],
    ['src/lab/fetch.ts', `import { restClient } from '#client';`, 'lab/fetch may not import client'],
    ['src/helpers/strings.ts', `export const a = 1;`, 'not on the plan'],
  ];
  test.each(caught)('%s: %s', (path, code, what) => {
    expect(importProblems(parse(path, code), doors).join('\n')).toContain(what);
  });

  const innocent: readonly (readonly [path: string, code: string])[] = [
    ['src/etcd/member.ts', `import { Node } from '#raft'; import { wal } from './wal.ts'; import type { Clock } from '#host';`],
    ['src/host/browser/clock.ts', `import type { Clock } from '../clock.ts'; import { openDB } from 'idb';`],
    ['src/host/simulated/index.ts', `import { createQueue } from '../run-queue.ts';`],
    ['src/api/types.ts', `import type { IPod } from 'kubernetes-models/v1';`],
    ['workers/machine.ts', `import { boot } from '#cluster'; import { createHost } from '#host/browser';`],
    ['tests/unit/raft/log.test.ts', `import { log } from '../../../src/raft/log.ts';`],
  ];
  test.each(innocent)('%s is innocent: %s', (path, code) => {
    expect(importProblems(parse(path, code), doors)).toEqual([]);
  });

  test('the table speaks only of rooms that exist in it, and no two rooms need each other', () => {
    const rooms = Object.keys(mayEnter);
    for (const [room, targets] of Object.entries(mayEnter)) {
      for (const target of targets) {
        expect(rooms).toContain(target);
        expect(mayEnter[target], `${room} and ${target}`).not.toContain(room);
      }
    }
    for (const { name, rooms: users } of packages) for (const user of users) expect(rooms, name).toContain(user);
    for (const inner of Object.keys(innerRooms)) expect([roomOf(`src/${inner}/index.ts`), roomOf(`src/${inner}.ts`)]).toContain(inner);
  });
});

describe('contracts', () => {
  test.each([
    `export const port = 2379;`,
    `export function f() {}`,
    `export class C {}`,
    `export * from './etcd.ts';`,
    `import { a } from '#api';`,
    `export enum E { a }`,
  ])('exists at run time: %s', (code) => {
    expect(contractProblems(parse('src/contracts/etcd.ts', code))).toHaveLength(1);
  });

  test('types, interfaces and declarations leave nothing behind', () => {
    const code = `import type { A } from '#api'; export type * from './etcd.ts'; export interface B { a: A } export type C = B; export declare const d: C;`;
    expect(contractProblems(parse('src/contracts/index.ts', code))).toEqual([]);
    expect(contractProblems(parse('src/api/index.ts', 'export const kinds = 1;'))).toEqual([]);
  });
});

describe('state at module level', () => {
  test.each([
    `let counter = 0;`,
    `var counter = 0;`,
    `export let current: string;`,
    `const cache = new Map<string, string>();`,
    `const seen: Set<string> = new Set();`,
    `const waiting: string[] = [];`,
    `const weak = new WeakMap();`,
    `export const words = new Set(['a']);`,
    `const words = new Set(['a']); export const learn = (word: string) => words.add(word);`,
    `const ages = new Map([['a', 1]]); export const birthday = () => ages.set('a', 2);`,
    `const queue = new Queue();`,
    `const table = { a: 1 }; function set() { table.a = 2; }`,
    `const table = { a: { b: 1 } }; function step() { table.a.b++; }`,
    `const list = ['a']; export function add() { list.push('b'); }`,
    `const table: Record<string, number> = { a: 1 }; function drop() { delete table['a']; }`,
    `const table = { a: 1 }; function merge() { Object.assign(table, { b: 2 }); }`,
    `const word = /a/g; export const has = (text: string) => word.test(text);`,
    `export const shared = $state({ a: 1 });`,
    `class A { static count = 0; }`,
    `register('a');`,
    `for (const kind of kinds) index(kind);`,
    `class A { static { start(); } }`,
  ])('is caught: %s', (code) => {
    expect(stateProblems(parse('src/etcd/member.ts', code))).not.toEqual([]);
  });

  test.each([
    `const table = { a: 1, b: ['x'] };`,
    `const names = ['a', 'b'];`,
    `const none: readonly string[] = [];`,
    `const byName: ReadonlyMap<string, number> = new Map([['a', 1]]);`,
    `const words = new Set(['a']) as ReadonlySet<string>;`,
    `const words = new Set(['a']); export const isWord = (word: string) => words.has(word);`,
    `const encoder = new TextEncoder();`,
    `const word = /a/g; export const strip = (text: string) => text.replace(word, '');`,
    `export function create() { const cache = new Map(); let n = 0; return () => cache.set('a', n++); }`,
    `class A { static readonly limit = 3; count = 0; }`,
    `export declare const kinds: string[];`,
  ])('is innocent: %s', (code) => {
    expect(stateProblems(parse('src/etcd/member.ts', code))).toEqual([]);
  });

  test('what starts things may do so, and of a component only the module script is module level', () => {
    expect(stateProblems(parse('workers/machine.ts', `expose(machine);`))).toEqual([]);
    expect(stateProblems(parse('src/ui/Map.svelte', `<script lang="ts">\n  let open = $state(false);\n</script>`))).toEqual([]);
    expect(stateProblems(parse('src/ui/Map.svelte', `<script module lang="ts">\n  let open = 0;\n</script>`))).toHaveLength(1);
  });
});

describe('size', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `  step(${index});`).join('\n');

  test('a file of 401 lines, a component of 151 and a function of 71 are too long; one line less is not', () => {
    expect(sizeProblems(parse('src/a/a.ts', lines(401)), [])).toHaveLength(1);
    expect(sizeProblems(parse('src/a/a.ts', lines(400)), [])).toEqual([]);
    expect(sizeProblems(parse('src/ui/A.svelte', lines(151)), [])).toHaveLength(1);
    expect(sizeProblems(parse('src/a/a.ts', `function f() {\n${lines(functionLinesMax - 1)}\n}`), [])).toHaveLength(1);
    expect(sizeProblems(parse('src/a/a.ts', `function f() {\n${lines(functionLinesMax - 2)}\n}`), [])).toEqual([]);
  });

  test.each(['const f = () => {', 'class A { f() {', 'const a = { f: function () {', 'const f = wrap(async () => {'])(
    'measures: %s',
    (head) => {
      const [problem] = sizeProblems(
        parse('src/a/a.ts', `${head}\n${lines(70)}\n}${head.includes('wrap') ? ')' : ''}${/class|a =/.test(head) ? '}' : ''}`),
        [],
      );
      expect(problem).toContain('f has 72 lines');
    },
  );

  const block = (head: string, count: number, end = '}') => `${head}\n${lines(count)}\n${end}`;
  const inner = {
    'a declaration': block('function g() {', 60),
    'a constant': block('const g = () => {', 60, '};'),
    'a returned function': block('return async () => {', 60, '};'),
    'methods of a returned object': `return {\n${block('g() {', 60, '},')}\n${block('h: () => {', 60, '},')}\n};`,
  };
  test.each(Object.entries(inner))('a factory is measured without %s, which is measured itself', (_what, code) => {
    const factory = (own: number, body = code) => sizeProblems(parse('src/a/a.ts', `function f() {\n${lines(own)}\n${body}\n}`), []).join();
    expect(factory(60)).toBe('');
    expect(factory(70)).toMatch(/f has 7\d lines/);
    expect(factory(1, code.replace(lines(60), lines(75)))).toMatch(/ (g|anonymous) has 77 lines/);
  });

  test.each([
    block('queue.enqueue(() => {', 60, '});'),
    block('return new Promise((resolve) => {', 60, '});'),
    `each(\n${block('function (g) {', 60)}\n);`,
  ])('a callback belongs to the function that calls: %s', (code) => {
    expect(sizeProblems(parse('src/a/a.ts', `function f() {\n${lines(20)}\n${code}\n}`), []).join()).toContain('f has 8');
  });

  test('a waiver excuses by name, and must have a reason and a need', () => {
    const file = parse('src/a/a.ts', `function f() {\n${lines(80)}\n}`);
    const waiver = { function: 'src/a/a.ts#f', reason: 'a table in the shape of a function' };
    expect(sizeProblems(file, [waiver])).toEqual([]);
    expect(sizeProblems(file, [{ ...waiver, function: 'src/a/a.ts#g' }])).toHaveLength(1);
    expect(waiverProblems([file], [waiver])).toEqual([]);
    expect(waiverProblems([file], [{ ...waiver, reason: 'long' }])[0]).toContain('no reason');
    expect(waiverProblems([parse('src/a/a.ts', 'f();')], [waiver])[0]).toContain('not needed');
    expect(waiverProblems([], [waiver])[0]).toContain('does not exist');
    const unheard = { rejections: 'src/a/a.ts', reason: 'the same failure ends the connection, which is heard' };
    expect(waiverProblems([parse('src/a/a.ts', 'p.catch(() => undefined);')], [unheard])).toEqual([]);
    expect(waiverProblems([file], [unheard])[0]).toContain('not needed');
  });
});

describe('registries', () => {
  const index = parse('src/kubectl/commands/index.ts', `import { get } from './get.ts';`);
  const get = parse(
    'src/kubectl/commands/get.ts',
    `import { rows } from './rows.ts'; import { wait } from './wait.ts'; export const get: Command = {};`,
  );

  test('a verb that no index names is caught, also when another verb imports it', () => {
    const alone = parse('src/kubectl/commands/drain.ts', `export const drain: Command = {};`);
    const imported = parse('src/kubectl/commands/wait.ts', `export const wait: Command = {};`);
    expect(registryProblems([index, get, alone]).join()).toContain('drain.ts: this kubectl verb is not registered');
    expect(registryProblems([index, get, imported]).join()).toContain('wait.ts');
  });

  test("a verb's own folder has an index, which names its verbs", () => {
    const group = [
      parse('src/kubectl/commands/index.ts', `import { create } from './create/index.ts';`),
      parse(
        'src/kubectl/commands/create/index.ts',
        `import { token } from './token.ts'; export const create: Command = { commands: [token] };`,
      ),
      parse('src/kubectl/commands/create/token.ts', `import { role } from './role.ts'; export const token: Command = {};`),
    ];
    expect(registryProblems(group)).toEqual([]);
    expect(registryProblems([...group, parse('src/kubectl/commands/create/role.ts', `export const role: Command = {};`)]).join()).toContain(
      'role.ts',
    );
  });

  test('a part of a registered verb is no verb', () => {
    expect(registryProblems([index, get, parse('src/kubectl/commands/rows.ts', `export function rows() {}`)])).toEqual([]);
  });

  test.each([
    ['src/api/core/pod.ts', 'kind'],
    ['src/controllers/node-lifecycle.ts', 'controller'],
    ['src/scheduler/plugins/node-name.ts', 'scheduler plugin'],
    ['src/apiserver/admission/priority.ts', 'admission plugin'],
    ['src/runtime/images/nginx.ts', 'image'],
    ['src/lab/faults/partition.ts', 'fault'],
    ['src/lessons/quorum/index.ts', 'lesson'],
  ])('%s has to be registered as a %s', (path, what) => {
    expect(registryProblems([parse(path, 'export const thing = 1;')]).join()).toContain(`this ${what} is not registered`);
  });
});

describe('errors', () => {
  test.each([
    `try { f(); } catch {}`,
    `try { f(); } catch (error) { /* never mind */ }`,
    `f().catch(() => {});`,
    `f().catch(() => undefined);`,
    `f().catch((error) => void error);`,
    `f().catch(function () { return; });`,
    `f().then(g, () => null);`,
    `f().catch(noop);`,
  ])('are swallowed by: %s', (code) => {
    expect(errorProblems(parse('src/a/a.ts', code), [])).toHaveLength(1);
  });

  test.each([`try { f(); } catch (error) { report(error); }`, `f().catch((error) => report(error));`, `f().then(g, () => 0);`])(
    'are handled by: %s',
    (code) => {
      expect(errorProblems(parse('src/a/a.ts', code), [])).toEqual([]);
    },
  );
});

test('a waiver excuses unheard rejections of one file, and never an empty catch', () => {
  const waiver = { rejections: 'src/a/a.ts', reason: 'the end of the connection fails the same stream' };
  expect(errorProblems(parse('src/a/a.ts', `f().catch(() => undefined); try { f(); } catch {}`), [waiver])).toHaveLength(1);
  expect(errorProblems(parse('src/b/b.ts', `f().catch(() => undefined);`), [waiver])).toHaveLength(1);
});

describe('comments', () => {
  test('a file has to open with what it is', () => {
    expect(openingProblems(parse('src/a/a.ts', `import { b } from './b.ts';`))).toHaveLength(1);
    expect(openingProblems(parse('src/a/a.ts', `// The log.\nimport { b } from './b.ts';`))).toEqual([]);
    expect(openingProblems(parse('src/ui/A.svelte', `<div></div>`))).toHaveLength(1);
    expect(openingProblems(parse('src/ui/A.svelte', `<!-- The map. -->\n<div></div>`))).toEqual([]);
  });

  test('a name that leaves by the front door has to be documented where it is declared', () => {
    const index = parse('src/a/index.ts', `export * from './b.ts'; export { c } from './c.ts'; export type * from './d.ts';`);
    const files = [
      parse('src/a/b.ts', `/** Says b. */ export const b = 1; export const bare = 2; const inside = 3;`),
      parse('src/a/c.ts', `export function c() {} export function notExported() {}`),
      parse('src/a/d.ts', `import type { E } from 'e'; export interface D {} export type Renamed = E;`),
    ];
    const found = docstringProblems(index, new Map(files.map((file) => [file.path, file])));
    expect(found.map((line) => line.split(' ')[1])).toEqual(['bare', 'c', 'D']);
  });
});

test('the scripts of a component keep their line numbers', () => {
  expect(scriptsOf(`<p>\n</p>\n<script>\nlet a;\n</script>\n`)).toBe(`   \n    \n        \nlet a;\n         \n`);
});
