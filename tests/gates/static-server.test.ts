/** The plain file server that serves the built lab, at home and in tests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveFolder, type FileServer, type ServedFile } from '../../scripts/static-server.mjs';

let outside: string;
let server: FileServer;
let served: ServedFile[];

beforeEach(async () => {
  outside = mkdtempSync(join(tmpdir(), 'tabernetes-serve-'));
  mkdirSync(join(outside, 'dist/page'), { recursive: true });
  writeFileSync(join(outside, 'dist/index.html'), '<p>lab</p>');
  writeFileSync(join(outside, 'dist/page/a.js'), 'x'.repeat(10_000));
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  served = [];
  server = await serveFolder({ folder: join(outside, 'dist'), basePath: '/course/', onServed: (file) => served.push(file) });
});
afterEach(async () => {
  await server.close();
  rmSync(outside, { recursive: true, force: true });
});

/** Asks for a path as it is written, without the normalising that fetch does. */
function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

test('a folder is served under its base path, with the page as its index', async () => {
  const page = await fetch(server.url);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(await page.text()).toBe('<p>lab</p>');
  expect((await fetch(`${server.url}page/a.js`)).headers.get('content-type')).toContain('text/javascript');
});

test('what has its hash in its name may be kept for ever, all else is asked for again', async () => {
  mkdirSync(join(outside, 'dist/workers/shared'), { recursive: true });
  writeFileSync(join(outside, 'dist/workers/shared/shell-machine-C_4-gGnx.js'), '1');
  const kept = async (path: string) => (await fetch(`${server.url}${path}`)).headers.get('cache-control');
  expect(await kept('workers/shared/shell-machine-C_4-gGnx.js')).toContain('immutable');
  expect(await kept('page/a.js')).toBe('no-cache');
  expect(await kept('')).toBe('no-cache');
});

test('the bytes counted are those that went over the wire', async () => {
  await (await fetch(`${server.url}page/a.js`)).text();
  expect(served).toHaveLength(1);
  expect(served[0]?.path).toBe('/course/page/a.js');
  expect(served[0]?.bytes).toBeLessThan(200);
});

test('what does not exist, stands outside the base path or outside the folder is not found', async () => {
  for (const path of [
    '/course/nothing.js',
    '/',
    '/index.html',
    '/course/../secret.txt',
    '/course/..%2fsecret.txt',
    '/course/%2e%2e/secret.txt',
    '/course/%zz',
    '/course/page/',
  ]) {
    expect(await statusOf(path), path).toBe(404);
  }
});

test('a taken port is an error, or the next one where that was asked for', async () => {
  const folder = join(outside, 'dist');
  await expect(serveFolder({ folder, port: server.port })).rejects.toThrow('EADDRINUSE');
  const next = await serveFolder({ folder, port: server.port, orNext: true });
  expect(next.port).toBeGreaterThan(server.port);
  await next.close();
});
