/** nginx's configuration language: directives and blocks, includes, and the servers and locations that come out of it. */
import { type Files } from '#host';

/** One directive, with its block if it has one. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Directive[] | undefined;
  readonly line: number;
  readonly file: string;
}

/** What nginx -t and a failing start print after `[emerg] 1#1: `. */
export class ConfigurationError extends Error {}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly quoted: boolean;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const pattern =
    /\n|#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|[{};]|(?:\\.|\$\{[^}]*\}|[^\s{};"'#\\])(?:\\.|\$\{[^}]*\}|[^\s{};\\])*/g;
  let line = 1;
  for (const match of text.matchAll(pattern)) {
    const word = match[0];
    if (word === '\n') line++;
    else if (!word.startsWith('#')) {
      const inner = match[1] ?? match[2];
      found.push({ text: inner ?? word, line, quoted: inner !== undefined });
      line += word.split('\n').length - 1;
    }
  }
  return found;
}

/** Reads a file with its includes. Throws ConfigurationError with nginx's text. */
export function readConfiguration(files: Files, path: string, depth = 0): Directive[] {
  if (depth > 8) throw new ConfigurationError(`too many levels of includes in ${path}`);
  if (!files.stat(path)) throw new ConfigurationError(`open() "${path}" failed (2: No such file or directory)`);
  const words = tokens(files.readText(path));
  let at = 0;
  const block = (isTop: boolean): Directive[] => {
    const directives: Directive[] = [];
    for (;;) {
      const first = words[at++];
      if (!first) {
        if (isTop) return directives;
        throw new ConfigurationError(`unexpected end of file, expecting "}" in ${path}:${words.at(-1)?.line ?? 1}`);
      }
      if (first.text === '}' && !first.quoted) {
        if (isTop) throw new ConfigurationError(`unexpected "}" in ${path}:${first.line}`);
        return directives;
      }
      const args: string[] = [];
      for (;;) {
        const word = words[at++];
        if (!word) throw new ConfigurationError(`unexpected end of file, expecting ";" or "}" in ${path}:${first.line}`);
        const isMark = !word.quoted && (word.text === ';' || word.text === '{' || word.text === '}');
        if (!isMark) {
          args.push(word.text);
          continue;
        }
        if (word.text === '}') throw new ConfigurationError(`unexpected "}" in ${path}:${word.line}`);
        if (first.text === 'include' && word.text === ';') directives.push(...included(args[0] ?? '', first.line));
        else directives.push({ name: first.text, args, block: word.text === '{' ? block(false) : undefined, line: first.line, file: path });
        break;
      }
    }
  };
  const included = (pattern: string, line: number): Directive[] => {
    const full = pattern.startsWith('/') ? pattern : `/etc/nginx/${pattern}`;
    const slash = full.lastIndexOf('/');
    const [directory, name] = [full.slice(0, slash), full.slice(slash + 1)];
    if (name === 'mime.types' && !files.stat(full)) return [];
    if (!name.includes('*')) {
      if (!files.stat(full)) throw new ConfigurationError(`open() "${full}" failed (2: No such file or directory) in ${path}:${line}`);
      return readConfiguration(files, full, depth + 1);
    }
    if (!files.stat(directory)) return [];
    const [before, after] = name.split('*') as [string, string];
    return files
      .list(directory)
      .filter((entry) => entry.startsWith(before) && entry.endsWith(after))
      .flatMap((entry) => readConfiguration(files, `${directory}/${entry}`, depth + 1));
  };
  return block(true);
}

/** A location of a server. */
export interface Location {
  readonly kind: 'exact' | 'prefix' | 'pattern';
  readonly path: string;
  readonly directives: readonly Directive[];
}

/** A server block. */
export interface Server {
  readonly ports: readonly number[];
  readonly names: readonly string[];
  readonly locations: readonly Location[];
  readonly directives: readonly Directive[];
}

/** The last directive of a name. */
export function directiveOf(directives: readonly Directive[], name: string): Directive | undefined {
  return directives.findLast((directive) => directive.name === name);
}

/** The servers of a configuration. Throws ConfigurationError for directives nginx does not know at the top. */
export function serversOf(top: readonly Directive[]): Server[] {
  const KNOWN = [
    'user',
    'worker_processes',
    'error_log',
    'pid',
    'events',
    'http',
    'daemon',
    'load_module',
    'worker_rlimit_nofile',
    'env',
    'stream',
    'master_process',
  ];
  for (const directive of top) {
    if (KNOWN.includes(directive.name)) continue;
    const known = ['server', 'location', 'listen', 'root', 'index'].includes(directive.name);
    throw new ConfigurationError(
      known
        ? `"${directive.name}" directive is not allowed here in ${directive.file}:${directive.line}`
        : `unknown directive "${directive.name}" in ${directive.file}:${directive.line}`,
    );
  }
  const http = top.filter((directive) => directive.name === 'http').flatMap((directive) => directive.block ?? []);
  return http
    .filter((directive) => directive.name === 'server')
    .map((server) => {
      const directives = server.block ?? [];
      const listens = directives.filter((directive) => directive.name === 'listen').map((listen) => listen.args[0] ?? '80');
      const ports = listens
        .map((listen) => Number(listen.slice(listen.lastIndexOf(':') + 1)))
        .filter((port) => Number.isInteger(port) && port > 0);
      const inherited = http.filter((directive) => ['root', 'index', 'default_type'].includes(directive.name));
      return {
        ports: [...new Set(ports.length ? ports : [80])],
        names: directiveOf(directives, 'server_name')?.args ?? [''],
        directives: [...inherited, ...directives],
        locations: directives.filter((directive) => directive.name === 'location').map((location) => locationOf(location)),
      };
    });
}

function locationOf(directive: Directive): Location {
  const [first = '/', second] = directive.args;
  if (first === '=') return { kind: 'exact', path: second ?? '/', directives: directive.block ?? [] };
  if (first === '~' || first === '~*')
    return { kind: 'pattern', path: `${first === '~*' ? '(?i)' : ''}${second ?? ''}`, directives: directive.block ?? [] };
  return { kind: 'prefix', path: first === '^~' ? (second ?? '/') : first, directives: directive.block ?? [] };
}

/** The location that serves a path: exact, then a pattern, then the longest prefix. */
export function findLocation(server: Server, path: string): Location | undefined {
  const exact = server.locations.find((location) => location.kind === 'exact' && location.path === path);
  if (exact) return exact;
  const pattern = server.locations.find((location) => {
    if (location.kind !== 'pattern') return false;
    const ignoreCase = location.path.startsWith('(?i)');
    return new RegExp(ignoreCase ? location.path.slice(4) : location.path, ignoreCase ? 'i' : '').test(path);
  });
  if (pattern) return pattern;
  const prefixes = server.locations.filter((location) => location.kind === 'prefix' && path.startsWith(location.path));
  return prefixes.sort((a, b) => b.path.length - a.path.length)[0];
}
