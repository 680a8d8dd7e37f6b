/** etcdctl's command line as cobra reads it: global flags and those of a command, in any order, and ETCDCTL_ variables for the global ones. */

/** A flag: its default as text; the default `false` or `true` makes it a switch. */
export interface FlagSpec {
  readonly name: string;
  readonly shorthand?: string;
  readonly fallback: string;
  readonly usage: string;
  /** Takes no value word. */
  readonly isSwitch?: boolean;
  /** A whole number or a duration; checked when it is read. */
  readonly type?: 'int' | 'duration' | 'strings';
}

/** Flags as given. */
export interface GivenFlags {
  text(name: string): string;
  switch(name: string): boolean;
  int(name: string): number;
  /** Milliseconds. */
  duration(name: string): number;
  list(name: string): readonly string[];
  isGiven(name: string): boolean;
  readonly args: readonly string[];
  /** What followed `--`, if it was there. */
  readonly afterDash: readonly string[] | undefined;
}

/** A command line that cannot be read; told with the usage of the command. */
export class FlagError extends Error {}

/** etcdctl's global flags. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = Object.freeze([
  { name: 'cacert', fallback: '', usage: 'verify certificates of TLS-enabled secure servers using this CA bundle' },
  { name: 'cert', fallback: '', usage: 'identify secure client using this TLS certificate file' },
  { name: 'command-timeout', fallback: '5s', type: 'duration', usage: 'timeout for short running command (excluding dial timeout)' },
  { name: 'debug', fallback: 'false', isSwitch: true, usage: 'enable client-side debug logging' },
  { name: 'dial-timeout', fallback: '2s', type: 'duration', usage: 'dial timeout for client connections' },
  { name: 'discovery-srv', shorthand: 'd', fallback: '', usage: 'domain name to query for SRV records describing cluster endpoints' },
  { name: 'discovery-srv-name', fallback: '', usage: 'service name to query when using DNS discovery' },
  { name: 'endpoints', fallback: '127.0.0.1:2379', type: 'strings', usage: 'gRPC endpoints' },
  { name: 'hex', fallback: 'false', isSwitch: true, usage: 'print byte strings as hex encoded strings' },
  { name: 'insecure-discovery', fallback: 'true', isSwitch: true, usage: 'accept insecure SRV records describing cluster endpoints' },
  {
    name: 'insecure-skip-tls-verify',
    fallback: 'false',
    isSwitch: true,
    usage: 'skip server certificate verification (CAUTION: this option should be enabled only for testing purposes)',
  },
  { name: 'insecure-transport', fallback: 'true', isSwitch: true, usage: 'disable transport security for client connections' },
  { name: 'keepalive-time', fallback: '2s', type: 'duration', usage: 'keepalive time for client connections' },
  { name: 'keepalive-timeout', fallback: '6s', type: 'duration', usage: 'keepalive timeout for client connections' },
  { name: 'key', fallback: '', usage: 'identify secure client using this TLS key file' },
  {
    name: 'password',
    fallback: '',
    usage: "password for authentication (if this option is used, --user option shouldn't include password)",
  },
  { name: 'user', fallback: '', usage: 'username[:password] for authentication (prompt if password is not supplied)' },
  { name: 'write-out', shorthand: 'w', fallback: 'simple', usage: 'set the output format (fields, json, protobuf, simple, table)' },
] as const);

/** A duration as Go's flags write it, in milliseconds. Throws an Error in Go's words. */
export function goDurationMs(text: string): number {
  const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  if (text === '0') return 0;
  if (!/^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text))
    throw new Error(/^\d+$/.test(text) ? `time: missing unit in duration "${text}"` : `time: invalid duration "${text}"`);
  let totalMs = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) totalMs += Number(amount) * units[unit!]!;
  return text.startsWith('-') ? -totalMs : totalMs;
}

/** A duration as Go prints it: `1.234567ms`, `2m0s`, `0s`. */
export function goDurationText(ms: number): string {
  const ns = Math.round(ms * 1e6);
  const trimmed = (value: number, digits: number): string => (digits === 0 ? String(value) : value.toFixed(digits).replace(/\.?0+$/, ''));
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${trimmed(ns / 1e3, 3)}µs`;
  if (ns < 1e9) return `${trimmed(ns / 1e6, 6)}ms`;
  const seconds = ns / 1e9;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${trimmed(seconds % 60, 9)}s`;
}

/** Name of the variable of a flag: ETCDCTL_DIAL_TIMEOUT. */
export const variableOf = (name: string): string => `ETCDCTL_${name.toUpperCase().replaceAll('-', '_')}`;

interface Words {
  readonly values: Map<string, string[]>;
  readonly args: string[];
  afterDash: string[] | undefined;
}

function readWords(argv: readonly string[], specs: readonly FlagSpec[]): Words {
  const words: Words = { values: new Map(), args: [], afterDash: undefined };
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const add = (spec: FlagSpec, value: string): void => void words.values.set(spec.name, [...(words.values.get(spec.name) ?? []), value]);
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') {
      words.afterDash = argv.slice(at + 1);
      words.args.push(...words.afterDash);
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      words.args.push(word);
      continue;
    }
    const isLong = word.startsWith('--');
    const [, given = '', , value] = /^--?([^=]+)(=([^]*))?$/.exec(word) ?? [];
    const spec = isLong ? byName.get(given) : specs.find(({ shorthand }) => shorthand === given[0]);
    if (!spec) throw new FlagError(isLong ? `unknown flag: --${given}` : `unknown shorthand flag: '${given[0] ?? '-'}' in ${word}`);
    const attached = value ?? (!isLong && given.length > 1 ? given.slice(1) : undefined);
    if (attached !== undefined) add(spec, attached);
    else if (spec.isSwitch) add(spec, 'true');
    else if (at + 1 < argv.length) add(spec, argv[++at]!);
    else throw new FlagError(isLong ? `flag needs an argument: --${spec.name}` : `flag needs an argument: '${given}' in ${word}`);
  }
  return words;
}

function checkValue(spec: FlagSpec, value: string): void {
  const wrong = (why: string): FlagError =>
    new FlagError(`invalid argument "${value}" for "${spec.shorthand ? `-${spec.shorthand}, ` : ''}--${spec.name}" flag: ${why}`);
  if (spec.isSwitch && !/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value))
    throw wrong(`strconv.ParseBool: parsing "${value}": invalid syntax`);
  if (spec.type === 'int' && !/^[-+]?\d+$/.test(value)) throw wrong(`strconv.ParseInt: parsing "${value}": invalid syntax`);
  if (spec.type !== 'duration') return;
  try {
    goDurationMs(value);
  } catch (error) {
    throw error instanceof Error ? wrong(error.message) : error;
  }
}

/** Reads a command line; `env` fills global flags that were not given. Throws FlagError. */
export function readFlags(argv: readonly string[], specs: readonly FlagSpec[], env: Readonly<Record<string, string>>): GivenFlags {
  const { values, args, afterDash } = readWords(argv, specs);
  for (const spec of specs) {
    const variable = GLOBAL_FLAGS.includes(spec) ? env[variableOf(spec.name)] : undefined;
    if (variable !== undefined && variable !== '' && !values.has(spec.name)) values.set(spec.name, [variable]);
    for (const value of values.get(spec.name) ?? []) checkValue(spec, value);
  }
  const fallbacks = new Map(specs.map(({ name, fallback }) => [name, fallback]));
  const text = (name: string): string => values.get(name)?.at(-1) ?? fallbacks.get(name) ?? '';
  return {
    text,
    switch: (name) => /^(true|1|t)$/i.test(text(name)),
    int: (name) => Number(text(name)),
    duration: (name) => goDurationMs(text(name)),
    list: (name) => (values.get(name) ?? [text(name)]).flatMap((value) => value.split(',')).filter((value) => value !== ''),
    isGiven: (name) => values.has(name),
    args,
    afterDash,
  };
}
