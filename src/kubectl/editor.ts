/** The editor of kubectl edit: KUBE_EDITOR, EDITOR or vi, run by a shell on a file below /tmp. */
import { genericPrograms, quoteForShell, shell } from '#shell';
import { CommandError } from './errors.ts';
import type { Session } from './session.ts';

/** A new name below /tmp. */
export function temporaryFile(session: Session, prefix: string, suffix: string): string {
  return `/tmp/${prefix}${1_000_000_000 + session.process.random.below(3_000_000_000)}${suffix}`;
}

/** Lets somebody edit a file. Throws CommandError where the editor fails. */
export async function runEditor(session: Session, path: string): Promise<void> {
  const { process } = session;
  const command = process.env.KUBE_EDITOR || process.env.EDITOR || 'vi';
  const programs = genericPrograms();
  const sh = shell({ programs });
  for (const name of ['sh', 'bash']) programs.set(name, sh);
  const child = process.spawn(sh, {
    name: 'sh',
    argv: ['-c', `${command} ${quoteForShell(path)}`],
    env: process.env,
    cwd: process.cwd,
    stdin: process.stdin,
    stdout: { write: (chunk) => process.stdout.write(chunk), close: () => undefined },
    stderr: { write: (chunk) => process.stderr.write(chunk), close: () => undefined },
    ...(process.terminal ? { terminal: process.terminal } : {}),
  });
  for (const signal of ['TERM', 'HUP'] as const) process.onSignal(signal, () => child.kill(signal));
  const { code } = await child.exit;
  if (code !== 0) throw new CommandError(`there was a problem with the editor ${JSON.stringify(command)}`);
}

/** What became of an edited text. */
export interface Attempt {
  /** Reasons that are told at the head of the file when it is opened again. */
  readonly reasons: readonly string[];
  /** Whether the file stands for another try. */
  readonly failed: boolean;
}

/** What is edited: a head of comments and a body. */
export interface Editable {
  readonly header: string;
  readonly body: string;
  /** `.yaml`: how the file's name ends. */
  readonly extension: string;
}

const withoutComments = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n');

/** Has a text edited until `attempt` takes it, nothing was changed, or it was given up. Throws CommandError for the latter. */
export async function editUntilSaved(
  session: Session,
  { header, body, extension }: Editable,
  attempt: (content: string) => Promise<Attempt>,
): Promise<void> {
  const { files } = session.process;
  const path = temporaryFile(session, 'kubectl-edit-', extension);
  const original = withoutComments(header + body);
  let text = header + body;
  for (let isRetry = false; ; isRetry = true) {
    files.makeDirectory('/tmp', { recursive: true });
    files.write(path, text, { mode: 0o600 });
    await runEditor(session, path);
    const edited = files.readText(path);
    const content = withoutComments(edited);
    if (isRetry && edited === text) {
      await session.err(`A copy of your changes has been stored to "${path}"\n`);
      throw new CommandError('Edit cancelled, no valid changes were saved.');
    }
    const isEmpty = content.trim() === '';
    if (isEmpty || content === original) {
      files.remove(path);
      return session.err(isEmpty ? 'Edit cancelled, saved file was empty.\n' : 'Edit cancelled, no changes made.\n');
    }
    const { failed, reasons } = await attempt(content);
    if (!failed) return files.remove(path);
    text = `${header}${reasons.map((reason) => `# ${reason.replaceAll('\n', '\n# ')}\n`).join('')}#\n${content}`;
  }
}
