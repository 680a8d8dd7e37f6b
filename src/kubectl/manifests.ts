/** Manifests: files, directories, standard input; several YAML or JSON documents each; lists flattened (kubectl's resource builder). */
import type { KubeObject } from '#apimachinery';
import { readAll } from '#host';
import { joinPath, resolvePath } from '#shell';
import { parseAllDocuments, type YAMLParseError } from 'yaml';
import { CommandError } from './errors.ts';
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

/** libyaml's words for what the parser found. */
function yamlComplaint(error: {
  readonly code: string;
  readonly message: string;
  readonly linePos?: readonly [{ readonly line: number }, ...unknown[]];
}): string {
  const line = error.linePos?.[0].line ?? 1;
  const words: Readonly<Record<string, string>> = {
    TAB_AS_INDENT: 'found character that cannot start any token',
    BAD_INDENT: 'did not find expected key',
    MISSING_CHAR: 'did not find expected key',
    BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
    IMPOSSIBLE: 'did not find expected key',
    UNEXPECTED_TOKEN: 'did not find expected key',
    MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
    BAD_ALIAS: 'unknown anchor referenced',
  };
  const inFlow = /flow (sequence|map)|, and end with a \]/.test(error.message) ? "did not find expected ',' or ']'" : undefined;
  return `yaml: line ${error.code === 'BAD_INDENT' ? line - 1 || 1 : line}: ${inFlow ?? words[error.code] ?? error.message.split('\n')[0]!}`;
}

/** The values of a text's documents; empty ones are left out. Throws CommandError with kubectl's text. */
export function parseDocuments(text: string, source: string): unknown[] {
  if (/^\s*[{[]/.test(text)) {
    try {
      return jsonDocuments(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      if (!/^\s*\{[^{}"]*:/.test(text) || /"/.test(text.slice(0, 40))) {
        const truncated = /end of JSON|Unterminated|Expected.*after property value|Expected '[,}]/i.test(error.message);
        throw new CommandError(`error parsing ${source}: ${truncated ? 'unexpected EOF' : error.message}`);
      }
    }
  }
  const values: unknown[] = [];
  for (const part of text.split(/^---(?:[ \t].*)?$/m)) {
    if (part.replace(/^\s*#.*$/gm, '').trim() === '') continue;
    const [document] = parseAllDocuments(part, { version: '1.1', merge: true, uniqueKeys: false, intAsBigInt: false }) as unknown as {
      errors: YAMLParseError[];
      toJS(): unknown;
    }[];
    const problem = document?.errors[0];
    if (problem) throw new CommandError(`error parsing ${source}: error converting YAML to JSON: ${yamlComplaint(problem as never)}`);
    const value = plain(document?.toJS());
    if (value !== null && value !== undefined) values.push(value);
  }
  return values;
}

/** Several JSON values one after the other. */
function jsonDocuments(text: string): unknown[] {
  const values: unknown[] = [];
  let rest = text.trim();
  while (rest !== '') {
    try {
      values.push(JSON.parse(rest));
      return values;
    } catch (error) {
      const position = error instanceof SyntaxError ? /after JSON at position (\d+)/.exec(error.message)?.[1] : undefined;
      if (position === undefined) throw error;
      values.push(JSON.parse(rest.slice(0, Number(position))));
      rest = rest.slice(Number(position)).trim();
    }
  }
  return values;
}

/** YAML values as JSON has them: dates as text, keys as text. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
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
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof object[field] === 'string' && object[field] !== '') continue;
    throw new CommandError(
      `error validating "${source}": error validating data: ${field} not set; if you choose to ignore these errors, turn validation off with --validate=false`,
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
  if (flags.text('kustomize') !== '') throw new CommandError('kustomize is not built into this kubectl yet');
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
