/** awk: patterns and actions over records; -F, -v, -f. Left out: output pipes, system(), command getline. */
import { readLines, type ByteWriter, type Process, type Program } from '#host';
import { applet, UsageError } from '../applet.ts';
import { parseAwk } from '../awk/parse.ts';
import { AwkRun, type AwkWorld } from '../awk/run.ts';
import { AwkState } from '../awk/state.ts';
import { AwkSyntaxError } from '../awk/syntax.ts';
import { openForReading, openForWriting } from '../io.ts';
import { failureText } from '../messages.ts';
import { resolvePath } from '../paths.ts';
import { readEscapes } from '../printf.ts';

/** Records of lines: one a line, or for RS="" one a paragraph. */
async function* recordsOf(lines: AsyncGenerator<string>, separatorOf: () => string): AsyncGenerator<string> {
  let paragraph: string[] = [];
  for await (const line of lines) {
    const separator = separatorOf();
    if (separator === '\n') yield line;
    else if (separator === '') {
      if (line !== '') paragraph.push(line);
      else if (paragraph.length) {
        yield paragraph.join('\n');
        paragraph = [];
      }
    } else {
      paragraph.push(line);
      const parts = paragraph.join('\n').split(separator);
      yield* parts.slice(0, -1);
      paragraph = [parts.at(-1)!];
    }
  }
  if (paragraph.length && paragraph.join('\n') !== '') yield paragraph.join('\n');
}

class World implements AwkWorld {
  private separator = '\n';
  private readonly writers = new Map<string, ByteWriter>();
  private readonly files = new Map<string, AsyncGenerator<string>>();
  private input: AsyncGenerator<string> | undefined;

  constructor(
    private readonly process: Process,
    private readonly operands: readonly string[],
    private readonly state: AwkState,
  ) {}

  private async *inputLines(): AsyncGenerator<string> {
    const { process, state } = this;
    const names = this.operands.filter((word) => !/^[A-Za-z_]\w*=/.test(word));
    if (names.length === 0) yield* readLines(process.stdin);
    for (const word of this.operands) {
      const assignment = /^([A-Za-z_]\w*)=([^]*)$/.exec(word);
      if (assignment) {
        state.set(assignment[1]!, state.inputText(readEscapes(assignment[2]!, true).text));
        continue;
      }
      state.set('FILENAME', word);
      state.set('FNR', 0);
      yield* readLines(word === '-' ? process.stdin : this.open(word));
    }
  }

  private open(name: string): ReturnType<typeof openForReading> {
    try {
      return openForReading(this.process.files, resolvePath(this.process.cwd, name));
    } catch (error) {
      throw new UsageError(`cannot open "${name}" (${failureText(error)})`, 2);
    }
  }

  async readRecord(separator: string, file?: string): Promise<string | undefined> {
    this.separator = separator;
    let source = file === undefined ? this.input : this.files.get(file);
    if (!source) {
      source = recordsOf(file === undefined ? this.inputLines() : readLines(this.open(file)), () => this.separator);
      if (file === undefined) this.input = source;
      else this.files.set(file, source);
    }
    const { value, done } = await source.next();
    return done ? undefined : value;
  }

  write(text: string, redirect?: { mode: string; to: string }): Promise<void> {
    const { process } = this;
    if (!redirect || redirect.to === '/dev/stdout') return process.stdout.write(text);
    if (redirect.to === '/dev/stderr') return process.stderr.write(text);
    if (redirect.mode === '|') throw new UsageError('output pipes are not built in', 2);
    const writer =
      this.writers.get(redirect.to) ?? openForWriting(process.files, resolvePath(process.cwd, redirect.to), redirect.mode === '>>');
    this.writers.set(redirect.to, writer);
    return writer.write(text);
  }

  random = (): number => this.process.random.next();
  nowSeconds = (): number => Math.floor(this.process.clock.wallMs() / 1000);
  yield = (): Promise<void> => this.process.yield();
}

/** awk */
export const awk: Program = applet({ values: 'Fvf', stopAtOperand: true }, async (process, options) => {
  const operands = [...options.operands];
  const source = options.has('f')
    ? options
        .values('f')
        .map((name) => process.files.readText(resolvePath(process.cwd, name)))
        .join('\n')
    : operands.shift();
  if (source === undefined) throw new UsageError('usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]', 2);
  const state = new AwkState();
  if (options.has('F')) state.set('FS', options.value('F') === 't' ? '\t' : readEscapes(options.value('F')!, true).text);
  for (const assignment of options.values('v')) {
    const equals = assignment.indexOf('=');
    state.set(assignment.slice(0, equals), state.inputText(readEscapes(assignment.slice(equals + 1), true).text));
  }
  const environment = state.array('ENVIRON');
  for (const [name, value] of Object.entries(process.env)) environment.set(name, state.inputText(value));
  try {
    return await new AwkRun(parseAwk(source), state, new World(process, operands, state)).run();
  } catch (error) {
    if (!(error instanceof AwkSyntaxError)) throw error;
    throw new UsageError(error.message, 2);
  }
});
