/** What is missing or out of date on this machine: the installed packages, and the built lab. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';

/** Everything the built lab is made from. */
const sources = [
  'index.html',
  'src',
  'workers',
  'public',
  'vite.config.ts',
  'scripts/workers.mjs',
  'svelte.config.js',
  'package-lock.json',
];

function changedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The time of the newest file under `path`; folders count too, so that a deleted file is noticed. */
function newestMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), stat.mtimeMs);
}

/** True when `npm ci` has to run: nothing installed, or the lock file is newer than what is. */
export function needsInstall() {
  const installed = join(root, 'node_modules/.package-lock.json');
  return !existsSync(installed) || changedMs(join(root, 'package-lock.json')) > changedMs(installed);
}

/** True when the lab has to be built: nothing built, or a source is newer than the build. */
export function needsBuild() {
  const built = changedMs(join(root, 'dist/index.html'));
  return built === 0 || sources.some((source) => newestMs(join(root, source)) > built);
}
