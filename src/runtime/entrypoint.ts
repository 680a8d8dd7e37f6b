/** An image's entry point script as a program: says what the script says, then becomes the command it was given (`exec "$@"`). */
import type { Program } from '#host';

/** `greeting` is written first, if there is anything to say for the command; `wordsOf` makes the command of the script's own arguments. A command no program answers to ends with 127, as in a shell. */
export function entrypoint(
  scriptName: string,
  programs: () => Readonly<Record<string, Program>>,
  greeting: (command: string) => string,
  wordsOf: (argv: readonly string[]) => readonly string[] = (argv) => argv,
): Program {
  return async (process) => {
    const [command, ...args] = wordsOf(process.argv);
    if (!command) return 0;
    const name = command.slice(command.lastIndexOf('/') + 1);
    const text = greeting(name);
    if (text) await process.stdout.write(text);
    const found = Object.entries(programs()).find(([path]) => path === command || (!command.includes('/') && path.endsWith(`/${name}`)));
    if (!found) {
      await process.stderr.write(`${scriptName}: exec: line 47: ${command}: not found\n`);
      return 127;
    }
    return process.exec(found[1], { name, argv: args });
  };
}
