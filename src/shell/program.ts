/** Programs by name, as the PATH of a machine or an image offers them. */
import { BrokenPipeError, type Program } from '#host';

/** A registry of programs: name → program. `process.name` is the name, `process.argv` the arguments without it. */
export type Programs = ReadonlyMap<string, Program>;

/** Exit code of a process that wrote to a pipe nobody reads (128 + SIGPIPE). */
export const BROKEN_PIPE_EXIT_CODE = 141;

/** A program that ends as SIGPIPE ends one when its reader is gone. */
export function endingOnBrokenPipe(program: Program): Program {
  return async (process) => {
    try {
      return await program(process);
    } catch (error) {
      if (error instanceof BrokenPipeError) return BROKEN_PIPE_EXIT_CODE;
      throw error;
    }
  };
}

const BIN_DIRECTORY = /^\/(?:usr\/local\/|usr\/)?s?bin\/([^/]+)$/;

/** The program a command word names: by name, or by a path in a bin directory. */
export function findProgram(programs: Programs, word: string): Program | undefined {
  if (!word.includes('/')) return programs.get(word);
  const name = BIN_DIRECTORY.exec(word)?.[1];
  return name === undefined ? undefined : programs.get(name);
}
