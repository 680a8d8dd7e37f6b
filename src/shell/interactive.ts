/** The prompt: reads lines with the editor, runs them as foreground jobs, keeps the history, tells of background jobs. */
import type { ByteReader, ByteWriter, Terminal } from '#host';
import { jobLine } from './builtins/jobs.ts';
import { completeLine } from './complete-line.ts';
import type { Completer } from './completion.ts';
import { addToHistory, expandHistory, loadHistory } from './history.ts';
import { keptOpen, shareReader, standardDescriptors } from './io.ts';
import { LineEditor } from './line-editor.ts';
import { promptText } from './prompt.ts';
import { isIncomplete, type ShellSession } from './session.ts';
import { variableText } from './state.ts';
import { createTty, type Tty } from './tty.ts';

/** A terminal's raw streams: keys as they are pressed, output as it is shown. */
export interface TerminalStreams {
  readonly input: ByteReader;
  readonly output: ByteWriter;
  readonly terminal: Terminal | undefined;
}

async function tellFinishedJobs(session: ShellSession, tty: Tty): Promise<void> {
  const { jobs } = session.state;
  for (const job of [...jobs]) {
    if (job.state !== 'done') continue;
    await tty.output.write(jobLine(job, jobs));
    jobs.splice(jobs.indexOf(job), 1);
  }
}

/** Runs one line in the foreground: typed signals reach it, Ctrl-Z leaves it stopped as a job. */
async function runForeground(session: ShellSession, tty: Tty, line: string): Promise<void> {
  let onSignal: (signal: 'INT' | 'STOP' | 'HUP') => void = () => undefined;
  const stdin = tty.attach((signal) => onSignal(signal as 'INT'));
  const io = standardDescriptors(shareReader(stdin), keptOpen(tty.output), keptOpen(tty.output));
  const { job, done } = session.start(line, io);
  onSignal = (signal) => job.send(signal);
  const stopped = new Promise<'stopped'>((resolve) => job.onStop(() => resolve('stopped')));
  const outcome = await Promise.race([done, stopped]);
  tty.release();
  if (outcome !== 'stopped') return;
  const { state } = session;
  job.id = state.nextJobId++;
  state.jobs.push(job);
  state.status = 148;
  await tty.output.write(`\n${jobLine(job, state.jobs)}`);
}

/** Reads a whole command: further lines while quotes, here-documents or blocks are open. */
async function readCommand(session: ShellSession, editor: LineEditor, tty: Tty): Promise<{ text: string } | 'interrupt' | 'end'> {
  const first = await editor.read(promptText(session.state, session.process));
  if (first.kind !== 'line') return first.kind;
  const expanded = expandHistory(first.text, session.state.history);
  if (expanded.error !== undefined) {
    await tty.output.write(`bash: ${expanded.error}\n`);
    return 'interrupt';
  }
  if (expanded.text !== undefined) await tty.output.write(`${expanded.text}\n`);
  let text = expanded.text ?? first.text;
  while (isIncomplete(text)) {
    const more = await editor.read(variableText(session.state, 'PS2') ?? '> ');
    if (more.kind === 'interrupt') return 'interrupt';
    if (more.kind === 'end') {
      await tty.output.write('bash: syntax error: unexpected end of file\n');
      return 'interrupt';
    }
    text += `\n${more.text}`;
  }
  return { text };
}

/** Runs a session at a terminal until `exit`, Ctrl-D or the end of its input. Gives the exit code. */
export async function runInteractive(session: ShellSession, streams: TerminalStreams, completer?: Completer): Promise<number> {
  const { state, process, host } = session;
  const tty = createTty(streams);
  host.terminal = tty.terminal;
  state.isInteractive = true;
  state.history.push(...loadHistory(process));
  const io = standardDescriptors({ read: () => Promise.resolve(undefined), cancel: () => undefined }, tty.output, tty.output);
  const startFile = `${variableText(state, 'HOME') ?? '/root'}/.bashrc`;
  if (process.files.stat(startFile)?.kind === 'file') await session.start(process.files.readText(startFile), io).done;
  const editor = new LineEditor({ tty, history: state.history, complete: (before) => completeLine(session, before, completer) });
  while (!session.hasExited) {
    await tellFinishedJobs(session, tty);
    const command = await readCommand(session, editor, tty);
    if (command === 'interrupt') {
      state.status = 130;
      continue;
    }
    if (command === 'end') {
      await tty.output.write('exit\n');
      break;
    }
    addToHistory(process, state.history, command.text);
    if (command.text.trim() !== '') await runForeground(session, tty, command.text);
  }
  return session.end(io);
}
