/** Serves the built lab for a page test, from a sub-path of a plain file server as a course's web space would. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { serveFolder, type FileServer, type ServedFile } from '../../scripts/static-server.mjs';

/** The built lab; another build of it than the one in dist where LAB_DIST names its folder. */
const folder = resolve(process.env['LAB_DIST'] ?? 'dist');

/** Starts the server on a free port; `served` grows by one entry for each file sent. Throws when nothing is built. */
export async function serveLab(basePath = '/courses/ha/'): Promise<FileServer & { served: ServedFile[] }> {
  if (!existsSync(`${folder}/index.html`)) throw new Error('Nothing is built: run "npm run build" before the page tests.');
  const served: ServedFile[] = [];
  const server = await serveFolder({ folder, basePath, onServed: (file) => served.push(file) });
  return { ...server, served };
}
