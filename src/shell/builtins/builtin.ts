/** What a builtin is: a command that runs inside the shell, because it changes the shell or is too small for a process. */
import type { Interpreter } from '../interpreter.ts';

/** One builtin. `run` gets the arguments without the name and gives the exit status. */
export interface Builtin {
  readonly name: string;
  run(args: readonly string[], shell: Interpreter): Promise<number>;
}

/** Prints a builtin's complaint, `bash: name: text`, and gives `status`. */
export async function refuse(shell: Interpreter, name: string, text: string, status = 1): Promise<number> {
  await shell.complain(`${name}: ${text}`);
  return status;
}

/** Whether a text may name a variable. */
export function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}
