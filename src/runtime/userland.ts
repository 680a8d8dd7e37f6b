/** The userland of an image: the shell and the generic programs under the paths the image has them at. */
import type { Program } from '#host';
import { genericPrograms, shell } from '#shell';

/** A userland: executables by path, to be put among an image's programs. */
export interface UserlandOptions {
  /** Where the programs are: `/bin` (busybox) or `/usr/bin` (Debian). */
  readonly directory: string;
  /** Names the shell goes by, all in /bin. */
  readonly shells: readonly string[];
  /** The image's own programs by path; the shell finds them by their names too. */
  readonly own?: Readonly<Record<string, Program>>;
}

/** Executables by path. */
export function userland({ directory, shells, own = {} }: UserlandOptions): Record<string, Program> {
  const byName = genericPrograms();
  const programs: Record<string, Program> = {};
  for (const [name, program] of byName) programs[`${directory}/${name}`] = program;
  for (const [path, program] of Object.entries(own)) {
    byName.set(path.slice(path.lastIndexOf('/') + 1), program);
    programs[path] = program;
  }
  // The shell finds itself as well: `sh -c 'sh script'`.
  const program = shell({ programs: byName });
  for (const name of shells) {
    byName.set(name, program);
    programs[`/bin/${name}`] = program;
  }
  return programs;
}
