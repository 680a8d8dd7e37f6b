/** Manifests: files, directories, standard input; several YAML or JSON documents each; lists flattened (kubectl's resource builder). */
import type { KubeObject } from '#apimachinery';
import { readAll } from '#host';
import { joinPath, resolvePath } from '#shell';
import { parseDocuments } from './documents.ts';
import { CommandError } from './errors.ts';
import { buildKustomization } from './kustomize/index.ts';
import type { Flags } from './flags.ts';
import type { Session } from './session.ts';

/** One object of a manifest. */
export interface Manifest {
  /** The file as given (`dir/a.yaml`), or `STDIN`. */
  readonly source: string;
  readonly object: KubeObject;
}

const EXTENSIONS = /\.(json|ya?ml)$/;

function filesOf(session: Session, given: string, recursive: boolean): string[] {
  const { files, cwd } = session.process;
  const stat = files.stat(resolvePath(cwd, given));
  if (!stat) throw new CommandError(`the path "${given}" does not exist`);
  if (stat.kind !== 'directory') return [given];
  return files.list(resolvePath(cwd, given)).flatMap((name) => {
    const path = joinPath(given, name);
    const isDirectory = files.stat(resolvePath(cwd, path))?.kind === 'directory';
    if (isDirectory) return recursive ? filesOf(session, path, true) : [];
    return EXTENSIONS.test(name) ? [path] : [];
  });
}

function flatten(value: unknown, source: string): Manifest[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandError(
      `error validating "${source}": error validating data: invalid object to validate; if you choose to ignore these errors, turn validation off with --validate=false`,
    );
  }
  const object = value as KubeObject & { items?: unknown[] };
  if (typeof object.kind === 'string' && object.kind.endsWith('List') && Array.isArray(object.items))
    return object.items.flatMap((item) => flatten(item, source));
  const unset = (['apiVersion', 'kind'] as const).filter((field) => typeof object[field] !== 'string' || object[field] === '');
  if (unset.length > 0) {
    const complaints = unset.map((field) => `${field} not set`);
    throw new CommandError(
      `error validating "${source}": error validating data: ${complaints.length > 1 ? `[${complaints.join(', ')}]` : complaints[0]!}; if you choose to ignore these errors, turn validation off with --validate=false`,
    );
  }
  const metadata = typeof object.metadata === 'object' && object.metadata !== null ? object.metadata : {};
  return [{ source, object: { ...object, metadata: metadata as KubeObject['metadata'] } }];
}

/** Whether -f or -k was given. */
export function hasFiles(flags: Flags): boolean {
  return flags.list('filename').length > 0 || flags.text('kustomize') !== '';
}

/** Every object of -f, in order. Throws CommandError. */
export async function readManifests(session: Session, flags: Flags): Promise<Manifest[]> {
  if (flags.text('kustomize') !== '') {
    if (flags.list('filename').length > 0) throw new CommandError('only one of -f or -k can be specified');
    const built = await buildKustomization(session.process, flags.text('kustomize'));
    return built.flatMap((object) => flatten(object, flags.text('kustomize')));
  }
  const manifests: Manifest[] = [];
  for (const given of flags.list('filename')) {
    if (/^https?:\/\//.test(given)) throw new CommandError(`unable to read URL "${given}", the lab has no internet`);
    if (given === '-') {
      for (const value of parseDocuments(await readAll(session.process.stdin), 'STDIN')) manifests.push(...flatten(value, 'STDIN'));
      continue;
    }
    const found = filesOf(session, given, flags.on('recursive'));
    if (found.length === 0) throw new CommandError(`error reading [${given}]: recognized file extensions are [.json .yaml .yml]`);
    for (const path of found) {
      const text = session.process.files.readText(resolvePath(session.process.cwd, path));
      for (const value of parseDocuments(text, path)) manifests.push(...flatten(value, path));
    }
  }
  return manifests;
}
