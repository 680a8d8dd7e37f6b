/** Command-line flags of daemons as Go's pflag reads them: `--name=value`, `--name value`, `--switch`, repeated flags. */

/** Flags as given: each name with its values in order; and what was not a flag. */
export interface Flags {
  /** The last value given, or undefined. A flag without a value has the value `true`. */
  get(name: string): string | undefined;
  /** Every value given, comma lists split. */
  list(name: string): readonly string[];
  /** A whole number; throws an Error in pflag's words for anything else. */
  number(name: string, fallback: number): number;
  boolean(name: string, fallback: boolean): boolean;
  readonly names: readonly string[];
  readonly args: readonly string[];
}

/** Reads `argv` (without the program's name). `switches` are flags that take no separate value word. */
export function parseFlags(argv: readonly string[], switches: readonly string[] = []): Flags {
  const values = new Map<string, string[]>();
  const args: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') {
      args.push(...argv.slice(at + 1));
      break;
    }
    if (!word.startsWith('--')) {
      args.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    let value = equals < 0 ? 'true' : word.slice(equals + 1);
    const next = argv[at + 1];
    if (equals < 0 && !switches.includes(name) && next !== undefined && !next.startsWith('--')) {
      value = next;
      at++;
    }
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const get = (name: string): string | undefined => values.get(name)?.at(-1);
  return {
    get,
    list: (name) => (values.get(name) ?? []).flatMap((value) => value.split(',')).filter((value) => value !== ''),
    number(name, fallback) {
      const text = get(name);
      if (text === undefined) return fallback;
      const value = Number(text);
      if (!Number.isInteger(value))
        throw new Error(`invalid argument "${text}" for "--${name}" flag: strconv.ParseInt: parsing "${text}": invalid syntax`);
      return value;
    },
    boolean(name, fallback) {
      const text = get(name);
      return text === undefined ? fallback : text === 'true';
    },
    names: [...values.keys()],
    args,
  };
}
