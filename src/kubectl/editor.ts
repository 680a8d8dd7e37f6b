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
