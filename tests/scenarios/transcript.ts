/**
 * Transcripts: what somebody types, what is printed, how it ends. The format, line by line:
 *
 *   # …                  a remark; `# cluster: 3 etcd members` says what the transcript runs on
 *   $ command            typed into the first terminal; `> …` below it are further lines of the same command
 *   watcher$ command     typed into a terminal of that name, which is left running
 *   watcher^C            interrupts what runs there; everything it printed follows
 *   -- 10 s later        nothing is typed for that long
 *   [exit 1]             how the command above ended, where that is not 0
 *
 * All other lines are output. Parts that change from run to run stand as `<name>`: see `plain`.
 */

/** Something done, and what was printed after it. */
export interface Step {
  readonly kind: 'command' | 'start' | 'interrupt' | 'wait';
  /** The terminal; '' is the first. */
  readonly terminal: string;
  /** What is typed; milliseconds for `wait`. */
  readonly text: string;
  readonly waitMs: number;
  /** As in the file, the exit code included. */
  readonly output: string;
  /** Lines of the file that stand before the output: the prompt and what was typed. */
  readonly typed: readonly string[];
}

/** A file of steps. */
export interface Transcript {
  /** What `# name: value` lines say. */
  readonly settings: Readonly<Record<string, string>>;
  /** Everything before the first step. */
  readonly preamble: readonly string[];
  readonly steps: readonly Step[];
}

const PROMPT = /^([a-z][a-z0-9-]*)?\$ (.*)$/;
const INTERRUPT = /^([a-z][a-z0-9-]*)\^C$/;
const WAIT = /^-- (\d+) (ms|s|min) later$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

const isTyped = (line: string): boolean => PROMPT.test(line) || INTERRUPT.test(line) || WAIT.test(line) || line.startsWith('# ');

type Opened = Omit<Step, 'output' | 'typed'>;

function opened(line: string): Opened | undefined {
  const prompt = PROMPT.exec(line);
  if (prompt) {
    const terminal = prompt[1] ?? '';
    return { kind: terminal === '' ? 'command' : 'start', terminal, text: prompt[2]!, waitMs: 0 };
  }
  const interrupt = INTERRUPT.exec(line);
  if (interrupt) return { kind: 'interrupt', terminal: interrupt[1]!, text: '', waitMs: 0 };
  const wait = WAIT.exec(line);
  return wait ? { kind: 'wait', terminal: '', text: '', waitMs: Number(wait[1]) * UNIT_MS[wait[2]!]! } : undefined;
}

/** Reads a transcript; throws for output that nobody asked for. */
export function parseTranscript(text: string): Transcript {
  const lines = text.replace(/\n$/, '').split('\n');
  const settings: Record<string, string> = {};
  const preamble: string[] = [];
  const steps: Step[] = [];
  let remarks: string[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    const step = opened(line);
    if (!step) {
      if (steps.length > 0 && !line.startsWith('# ')) throw new Error(`line ${at + 1}: output without a command: ${line}`);
      const setting = /^# ([a-z]+): (.+)$/.exec(line);
      if (setting && steps.length === 0) settings[setting[1]!] = setting[2]!;
      (steps.length === 0 ? preamble : remarks).push(line);
      at++;
      continue;
    }
    const typed = [...remarks, line];
    remarks = [];
    let command = step.text;
    for (at++; lines[at]?.startsWith('> ') || lines[at] === '>'; at++) {
      typed.push(lines[at]!);
      command += `\n${lines[at]!.slice(2)}`;
    }
    const output: string[] = [];
    for (; at < lines.length && !isTyped(lines[at]!); at++) output.push(lines[at]!);
    steps.push({ ...step, text: command, output: output.join('\n'), typed });
  }
  if (steps.length === 0) throw new Error('a transcript without a command');
  return { settings, preamble, steps };
}

/** Writes a transcript with other outputs. */
export function writeTranscript({ preamble, steps }: Transcript, outputs: readonly string[]): string {
  const lines = [...preamble];
  for (const [at, { typed }] of steps.entries()) {
    lines.push(...typed);
    if (outputs[at] !== '') lines.push(outputs[at]!);
  }
  return `${lines.join('\n')}\n`;
}

/** What changes from run to run, and how a transcript shows it. Numbered ones are the same thing where they have the same number. */
const CHANGING: readonly { readonly pattern: RegExp; readonly name: string; readonly isNumbered: boolean }[] = [
  { pattern: /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, name: 'time', isNumbered: false },
  { pattern: /(?<=took = |"took":")[^\s"]+/g, name: 'duration', isNumbered: false },
  // Decimal ids of members, clusters and leases in JSON and fields; whole numbers that long are nothing else.
  { pattern: /\b\d{16,20}\b/g, name: 'number', isNumbered: true },
  { pattern: /\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{14,16}\b/g, name: 'id', isNumbered: true },
  { pattern: /\b\d+ writes\/s/g, name: 'rate', isNumbered: false },
];

/** Replaces what changes by names; remembers numbered ones over all that it is given. */
export function plain(): (text: string) => string {
  const known = new Map<string, string>();
  const counts = new Map<string, number>();
  const named = (name: string, found: string): string => {
    const given = known.get(found);
    if (given !== undefined) return given;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const made = `<${name}${counts.get(name)!}>`;
    known.set(found, made);
    return made;
  };
  return (text) => {
    let shown = text;
    for (const { pattern, name, isNumbered } of CHANGING)
      shown = shown.replace(pattern, (found) => (isNumbered ? named(name, found) : `<${name}>`));
    return shown;
  };
}
