/**
 * The interpreter of a parsed script: lists, pipelines, compound commands, functions. It models bash; a pipeline's stages run
 * side by side on copies of the state, programs are processes of their own, everything of the shell itself runs in its process.
 */
import { createPipe, readAll, type ByteWriter, type Child, type Files, type Process, type Terminal } from '#host';
import {
  parse,
  type AndOr,
  type Command,
  type CommandNode,
  type CompoundCommand,
  type CompoundList,
  type ParsedScript,
  type Pipeline,
  type PipelineNode,
  type Redirected,
  type Redirection,
  type Statement,
} from 'unbash';
import { runCompound } from './compound.ts';
import { ExpansionError, FunctionReturn, LoopControl, ShellExit } from './control-flow.ts';
import type { Expander } from './expand.ts';
import { keptOpen, openForReading, readerOf, shareReader, standardDescriptors, writerOf, type Descriptors } from './io.ts';
import { createJob, JobSignalled, type Job } from './jobs.ts';
import { resolvePath } from './paths.ts';
import type { Programs } from './program.ts';
import { applyRedirections, RedirectionError } from './redirect.ts';
import { runSimpleCommand } from './simple-command.ts';
import { copyState, ReadonlyVariableError, type ShellState } from './state.ts';

/** What all interpreters of one session share. */
export interface ShellHost {
  readonly process: Process;
  readonly programs: Programs;
  readonly startedMs: number;
  /** When the interpreter last let the machine go on, and how many commands ago. */
  readonly pace: { lastMs: number; commands: number };
  /** The terminal programs get, where it is not the process's own. */
  terminal?: Terminal;
  /** Signals that came for traps and were not yet served. */
  readonly pendingTraps: string[];
}

/** What changes from one part of a script to another. */
export interface Surroundings {
  readonly state: ShellState;
  readonly io: Descriptors;
  readonly job: Job;
  /** The result is tested (if, while, &&, !): set -e does not end the shell. */
  readonly tested: boolean;
}

const YIELD_AFTER_MS = 8;
const YIELD_AFTER_COMMANDS = 256;
const MAX_FUNCTION_DEPTH = 512;

/** One place in a running script. */
export class Interpreter implements Expander {
  readonly state: ShellState;
  readonly io: Descriptors;
  readonly job: Job;
  readonly tested: boolean;

  constructor(
    readonly host: ShellHost,
    surroundings: Surroundings,
    readonly depth = 0,
  ) {
    this.state = surroundings.state;
    this.io = surroundings.io;
    this.job = surroundings.job;
    this.tested = surroundings.tested;
  }

  get files(): Files {
    return this.host.process.files;
  }

  get pid(): number {
    return this.host.process.pid;
  }

  /** The same place with some of its surroundings changed. */
  with(change: Partial<Surroundings>, depth = this.depth): Interpreter {
    if (depth > MAX_FUNCTION_DEPTH) throw new ExpansionError('maximum function nesting level exceeded');
    return new Interpreter(this.host, { state: this.state, io: this.io, job: this.job, tested: this.tested, ...change }, depth);
  }

  special(name: 'SECONDS' | 'RANDOM' | 'EPOCHSECONDS'): string {
    const { process, startedMs } = this.host;
    if (name === 'RANDOM') return String(Math.floor(process.random.next() * 32_768));
    if (name === 'EPOCHSECONDS') return String(Math.floor(process.clock.wallMs() / 1000));
    return String(Math.floor((process.clock.monotonicMs() - startedMs) / 1000));
  }

  writer(fd: number): ByteWriter {
    return writerOf(this.io, fd);
  }

  /** Writes bash's own complaint: `bash: text`. */
  async complain(text: string): Promise<void> {
    await this.writer(2).write(`${this.state.scriptName}: ${text}\n`);
  }

  /** Runs the text of a script here, statement by statement. Syntax errors are told and give 2. */
  async runText(text: string): Promise<number> {
    const script = parse(text);
    const error = script.errors?.[0];
    if (error) {
      await this.complain(`syntax error: ${error.message}`);
      return (this.state.status = 2);
    }
    return this.runStatements(script.commands, text);
  }

  /** Runs statements in order; the status is the last one's. */
  async runStatements(statements: readonly Statement[], source?: string): Promise<number> {
    for (const statement of statements) {
      if (statement.background) this.startBackground(statement, source);
      else await this.runNode(statement.command);
      if (statement.background) await this.announceBackground();
    }
    return this.state.status;
  }

  runList(list: CompoundList): Promise<number> {
    return list.commands.length === 0 ? Promise.resolve((this.state.status = 0)) : this.runStatements(list.commands);
  }

  private async runNode(node: PipelineNode | AndOr): Promise<number> {
    await this.breathe();
    if (node.type === 'AndOr') return this.runAndOr(node);
    return node.type === 'Pipeline' ? this.runPipeline(node) : this.checkExit(await this.runCommand(node));
  }

  /** Between commands: signals, traps, and a turn for the rest of the machine. */
  private async breathe(): Promise<void> {
    if (this.job.signal) throw new JobSignalled(this.job.signal);
    const { pace, process, pendingTraps } = this.host;
    for (let trap = pendingTraps.shift(); trap !== undefined; trap = pendingTraps.shift()) {
      const status = this.state.status;
      await this.runText(this.state.traps.get(trap) ?? '');
      this.state.status = status;
    }
    const now = process.clock.monotonicMs();
    if (++pace.commands < YIELD_AFTER_COMMANDS && now - pace.lastMs < YIELD_AFTER_MS) return;
    await process.yield();
    pace.lastMs = process.clock.monotonicMs();
    pace.commands = 0;
  }

  /** set -e: a failure that nobody tests ends the shell. */
  private checkExit(status: number): number {
    this.state.status = status;
    if (status !== 0 && this.state.options.errexit && !this.tested) throw new ShellExit(status);
    return status;
  }

  private async runAndOr(node: AndOr): Promise<number> {
    let status = 0;
    for (const [at, command] of node.commands.entries()) {
      const operator = node.operators[at - 1];
      if ((operator === '&&' && status !== 0) || (operator === '||' && status === 0)) continue;
      const isLast = at === node.commands.length - 1;
      status = await (isLast ? this : this.with({ tested: true })).runNode(command);
    }
    return (this.state.status = status);
  }

  private async runPipeline(node: Pipeline): Promise<number> {
    const negated = node.prefixes.filter((prefix) => prefix.type === 'Negation').length % 2 === 1;
    const timed = node.prefixes.some((prefix) => prefix.type === 'Time');
    const startMs = this.host.process.clock.monotonicMs();
    const here = negated ? this.with({ tested: true }) : this;
    const status = node.commands.length > 1 ? await here.runStages(node) : node.commands[0] ? await here.runCommand(node.commands[0]) : 0;
    if (timed) await this.reportTime(this.host.process.clock.monotonicMs() - startMs);
    if (negated) return (this.state.status = status === 0 ? 1 : 0);
    return this.checkExit(status);
  }

  private async reportTime(ms: number): Promise<void> {
    const text = `${Math.floor(ms / 60_000)}m${((ms % 60_000) / 1000).toFixed(3)}s`;
    await this.writer(2).write(`\nreal\t${text}\nuser\t0m0.000s\nsys\t0m0.000s\n`);
  }

  private async runStages(node: Pipeline): Promise<number> {
    let reader = readerOf(this.io, 0);
    const stages = node.commands.map((command, at) => {
      const io = new Map(this.io).set(0, { reader });
      if (at === node.commands.length - 1) return this.subshell((shell) => shell.runCommand(command), { io }, reader);
      const pipe = createPipe();
      const input = reader;
      io.set(1, { writer: pipe.writer });
      if (node.operators[at] === '|&') io.set(2, { writer: pipe.writer });
      reader = shareReader(pipe.reader);
      return this.subshell((shell) => shell.runCommand(command), { io }, at === 0 ? undefined : input).finally(() => pipe.writer.close());
    });
    const codes = await Promise.all(stages);
    this.state.variables.set('PIPESTATUS', {
      value: new Map(codes.map((code, at) => [at, String(code)])),
      exported: false,
      readonly: false,
    });
    if (this.state.options.pipefail) return codes.findLast((code) => code !== 0) ?? 0;
    return codes.at(-1) ?? 0;
  }

  /** Runs work on a copy of the state; what would leave the shell leaves only the copy. `input` is cancelled at the end. */
  async subshell(
    work: (shell: Interpreter) => Promise<number>,
    change: Partial<Surroundings> = {},
    input?: { cancel(): void },
  ): Promise<number> {
    const shell = this.with({ state: copyState(this.state), ...change });
    try {
      return await shell.contain(() => work(shell));
    } finally {
      input?.cancel();
    }
  }

  /** The boundary of a (sub)shell: exits, stray returns and fatal expansion errors become a status; then its EXIT trap runs. */
  async contain(work: () => Promise<number>): Promise<number> {
    const outcome = async (run: () => Promise<number>): Promise<number> => {
      try {
        return await run();
      } catch (error) {
        if (error instanceof ShellExit || error instanceof FunctionReturn) return error.status;
        if (error instanceof LoopControl) return 0;
        if (error instanceof ExpansionError || error instanceof ReadonlyVariableError) {
          await this.complain(error.message);
          return error instanceof ExpansionError ? error.status : 1;
        }
        throw error;
      }
    };
    let status = await outcome(work);
    const trap = this.state.traps.get('EXIT');
    if (trap && this.state.isSubshell) {
      this.state.traps.delete('EXIT');
      this.state.status = status;
      await outcome(async () => {
        await this.runText(trap);
        return status;
      }).then((code) => (status = code));
    }
    return status;
  }

  /** Runs one command of a pipeline. */
  async runCommand(node: CommandNode): Promise<number> {
    switch (node.type) {
      case 'Command':
        return this.guardRedirections(() => runSimpleCommand(node as Command, this));
      case 'Redirected':
        return this.runRedirected(node);
      case 'Function':
        this.state.functions.set(node.name.value, { name: node.name.value, body: node.body, node });
        return (this.state.status = 0);
      case 'Coproc':
        await this.complain('coproc: not supported');
        return (this.state.status = 2);
      default:
        return (this.state.status = await runCompound(node, this));
    }
  }

  /** Runs the body of a function, a group or a redirected compound. */
  runBody(body: CompoundCommand | Redirected | CompoundList): Promise<number> {
    return body.type === 'CompoundList' ? this.runList(body) : this.runCommand(body);
  }

  private runRedirected(node: Redirected): Promise<number> {
    return this.guardRedirections(async () => {
      const io = await this.redirect(node.redirects);
      return (this.state.status = await runCompound(node.command, this.with({ io })));
    });
  }

  redirect(redirections: readonly Redirection[]): Promise<Descriptors> {
    return applyRedirections(redirections, this.io, this);
  }

  private async guardRedirections(work: () => Promise<number>): Promise<number> {
    try {
      return (this.state.status = await work());
    } catch (error) {
      if (!(error instanceof RedirectionError)) throw error;
      await this.complain(error.message);
      return (this.state.status = 1);
    }
  }

  /** The output of a command substitution. */
  async capture(script: ParsedScript): Promise<string> {
    const only = script.commands.length === 1 ? script.commands[0]?.command : undefined;
    if (
      only?.type === 'Command' &&
      !only.name &&
      only.prefix.length === 1 &&
      only.prefix[0]?.type === 'Redirect' &&
      only.prefix[0].operator === '<'
    ) {
      return readAll(readerOf(await this.redirect(only.redirects), 0));
    }
    const pipe = createPipe();
    const io = new Map(this.io).set(1, { writer: pipe.writer });
    const running = this.subshell((shell) => shell.runStatements(script.commands), { io, tested: false }).finally(() =>
      pipe.writer.close(),
    );
    const [status, text] = await Promise.all([running, readAll(pipe.reader)]);
    this.state.status = status;
    return text;
  }

  /** Runs a process substitution's script into a file and gives its path. */
  async captureToFile(script: ParsedScript): Promise<string> {
    const path = `/tmp/sh-np-${this.host.pace.commands}-${this.special('RANDOM')}`;
    this.files.makeDirectory('/tmp', { recursive: true });
    this.files.write(path, await this.capture(script));
    return path;
  }

  private startBackground(statement: Statement, source: string | undefined): void {
    const text = source?.slice(statement.command.pos, statement.command.end).trim() ?? '';
    const { state } = this;
    const job = createJob(state.nextJobId++, text, async (self) => {
      // Let the caller have the job before its work begins.
      await Promise.resolve();
      const io = new Map(this.io).set(0, {
        reader: standardDescriptors(
          { read: () => Promise.resolve(undefined), cancel: () => undefined },
          keptOpen(this.writer(1)),
          this.writer(2),
        ).get(0)!.reader!,
      });
      return this.runJob(self, () => this.subshell((shell) => shell.runNode(statement.command), { io, job: self, tested: false }));
    });
    state.jobs.push(job);
    state.status = 0;
  }

  private async announceBackground(): Promise<void> {
    const job = this.state.jobs.at(-1);
    if (!job) return;
    await job.started;
    job.pid ??= this.pid + job.id;
    this.state.lastBackgroundPid = job.pid;
    if (this.state.isInteractive && !this.state.isSubshell) await this.writer(2).write(`[${job.id}] ${job.pid}\n`);
  }

  /** The exit code of a job whose shell part may be ended by a signal. */
  async runJob(job: Job, work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof JobSignalled) return signalExitCode(job);
      throw error;
    }
  }

  /** Starts a program as a process of this job and waits for its end. */
  async waitFor(child: Child): Promise<number> {
    this.job.adopt(child);
    const exit = await child.exit;
    if (exit.signal === 'INT' && this.job.signal === 'INT') throw new JobSignalled('INT');
    return exit.code;
  }

  /** Reads and runs a file in this shell (source, a script). */
  async runFile(path: string): Promise<number> {
    return this.runText(await readAll(openForReading(this.files, resolvePath(this.state.cwd, path))));
  }
}

/** 128 + the number of the signal that ended a job. */
export function signalExitCode(job: Job): number {
  const numbers = { HUP: 1, INT: 2, KILL: 9, USR1: 10, TERM: 15, STOP: 19, CONT: 18 } as const;
  return 128 + numbers[job.signal ?? 'INT'];
}
