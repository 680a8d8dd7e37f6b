/**
 * `npm start`: from a fresh clone to a running lab. Installs what is missing, builds what is out of date, serves the built lab
 * and prints its address. Uses nothing but Node until the packages are there.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { needsBuild, needsInstall } from './freshness.mjs';
import { root } from './paths.mjs';
import { serveFolder } from './static-server.mjs';

const floor = [20, 19];
const wantedPort = Number(process.env.PORT ?? 5173);

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > floor[0] || (major === floor[0] && minor >= floor[1])) return;
  console.error(`Tabernetes needs Node ${floor.join('.')} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

function npm(...args) {
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) {
    console.error(`"npm ${args.join(' ')}" failed, so the lab cannot start.`);
    process.exit(status ?? 1);
  }
}

requireNode();
if (needsInstall()) {
  console.log('Installing the packages of the lock file (once) …');
  npm('ci', '--no-audit', '--no-fund');
}
if (needsBuild()) {
  console.log('Building the lab …');
  npm('run', '--silent', 'build');
}
// The packages may have come only just now, so what needs them is loaded here.
const { loadBridge } = await import('./load.mjs');
const bridge = await loadBridge();
const { url, port } = await serveFolder({ folder: join(root, 'dist'), port: wantedPort, orNext: true, bridge });
if (port !== wantedPort) console.log(`Port ${wantedPort} is taken; using ${port}.`);
console.log(
  `\n  Tabernetes is at ${url}\n\n  Everything runs in your browser; this only serves files. Ctrl-C ends it.\n\n  With ${url}?bridge open, a kubectl of this machine works on the cluster: kubectl --server ${url.slice(0, -1)} get nodes\n  Pages that change something through the bridge send X-Lab-Token: ${bridge.token}\n`,
);
