/** Completion at the prompt: command names and paths here, arguments of a program through a completer given from outside. */
import type { Process } from '#host';

/** What is asked when Tab is pressed on an argument. */
export interface CompletionRequest {
  /** Words of the command so far, its name first; the last one is the word under the cursor (may be empty). */
  readonly words: readonly string[];
  /** The process of the shell, with its environment and working directory in `env` and `cwd`. */
  readonly process: Process;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/**
 * Offers completions for the last word: whole words that begin with it; one that ends in `=`, `/` or `:` gets no blank after it.
 * Undefined: it knows nothing of this command, paths are offered.
 */
export type Completer = (request: CompletionRequest) => Promise<readonly string[] | undefined>;
