/**
 * A plain file server for the built lab: no rewriting, as any course's web space would do it. It can serve from a sub-path, can
 * compress as most servers do, and lets browsers keep the files whose names hold a hash: workers share them, so they are fetched once.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { createGzip } from 'node:zlib';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.yaml': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};
const compressed = new Set(['.html', '.js', '.css', '.json', '.svg', '.txt', '.yaml', '.webmanifest']);

/** Names of built files with a hash of their content: under one name there is never another content. */
const hashed = /[\\/](page|workers|assets)[\\/].*-[\w-]{8}\.\w+$/;

function fileFor(folder, basePath, url) {
  const path = decodeURIComponent(new URL(url, 'http://lab.invalid').pathname);
  if (!path.startsWith(basePath)) return undefined;
  const inside = path.slice(basePath.length);
  const full = normalize(join(folder, inside === '' || inside.endsWith('/') ? `${inside}index.html` : inside));
  if (!full.startsWith(folder + sep)) return undefined;
  return statSync(full, { throwIfNoEntry: false })?.isFile() ? full : undefined;
}

function answer(request, response, { folder, basePath, onServed }) {
  let file;
  try {
    file = fileFor(folder, basePath, request.url);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
  }
  if (!file) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
    return;
  }
  const extension = extname(file);
  const keep = hashed.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache';
  const headers = { 'content-type': types[extension] ?? 'application/octet-stream', 'cache-control': keep };
  const zip = compressed.has(extension) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  response.writeHead(200, zip ? { ...headers, 'content-encoding': 'gzip' } : headers);
  if (request.method === 'HEAD') return response.end();
  const stream = createReadStream(file);
  stream.on('error', () => response.destroy());
  let sent = 0;
  const counted = zip ? stream.pipe(createGzip()) : stream;
  counted.on('data', (chunk) => (sent += chunk.length));
  counted.on('end', () => onServed?.({ path: request.url, bytes: sent }));
  counted.pipe(response);
}

function listen(server, host, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address().port);
    });
  });
}

/**
 * Serves `folder` on `host`. `port` 0 takes any free one; when `orNext` is true and the port is taken, the next free of twenty is used.
 * Resolves to `{ url, port, close() }`, where `url` ends with the base path. `onServed({ path, bytes })` is told of each file sent.
 * A `bridge` (src/bridge/server.ts) answers before the files do.
 */
export async function serveFolder({ folder, host = '127.0.0.1', port = 0, orNext = false, basePath = '/', onServed, bridge }) {
  const server = createServer((request, response) => {
    if (!bridge?.handle(request, response)) answer(request, response, { folder, basePath, onServed });
  });
  if (bridge)
    server.on('upgrade', (request, socket, head) => {
      if (!bridge.upgrade(request, socket, head)) socket.destroy();
    });
  for (let tried = 0; ; tried += 1) {
    try {
      const taken = await listen(server, host, port === 0 ? 0 : port + tried);
      const close = () =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        });
      return { url: `http://${host}:${taken}${basePath}`, port: taken, close };
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || !orNext || tried === 19) throw error;
    }
  }
}
