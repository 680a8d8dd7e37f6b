/** `npm run preview`: serves what was built last, without building. `--port N` and `--base /path/` may be given. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadBridge } from './load.mjs';
import { root } from './paths.mjs';
import { serveFolder } from './static-server.mjs';

const { values } = parseArgs({ options: { port: { type: 'string', default: '4173' }, base: { type: 'string', default: '/' } } });
const folder = join(root, 'dist');

if (!existsSync(join(folder, 'index.html'))) {
  console.error('Nothing is built yet: run "npm run build" first, or "npm start", which builds and serves.');
  process.exit(1);
}
const { url } = await serveFolder({ folder, port: Number(values.port), orNext: true, basePath: values.base, bridge: await loadBridge() });
console.log(`Serving the built lab at ${url} (with ?bridge in the address, kubectl --server works on it)`);
