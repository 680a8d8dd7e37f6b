/** Who --user names, and passwords typed at a prompt: shown is only the question. */
import { readLines, type Process } from '#host';
import type { GivenFlags } from './flags.ts';

/** Asks one question after the other and gives what was typed; empty where standard input ends. */
export async function askPasswords(process: Process, questions: readonly string[]): Promise<string[]> {
  const lines = readLines(process.stdin);
  const answers: string[] = [];
  for (const question of questions) {
    await process.stdout.write(question);
    const { value } = await lines.next();
    answers.push(typeof value === 'string' ? value : '');
    if (question !== '') await process.stdout.write('\n');
  }
  return answers;
}

/** The user of `--user name[:password]` and `--password`; undefined where none is given. */
export async function givenUser(process: Process, flags: GivenFlags): Promise<{ name: string; password: string } | undefined> {
  const user = flags.text('user');
  if (user === '') return undefined;
  const password = flags.text('password');
  if (password !== '') return { name: user, password };
  const colon = user.indexOf(':');
  if (colon >= 0) return { name: user.slice(0, colon), password: user.slice(colon + 1) };
  const [typed = ''] = await askPasswords(process, ['Password: ']);
  return { name: user, password: typed };
}
