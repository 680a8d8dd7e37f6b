/** How `break`, `continue`, `return`, `exit` and fatal expansion errors leave the commands around them. */

/** `break` and `continue`: how many loops are still to be left. */
export class LoopControl extends Error {
  constructor(
    readonly kind: 'break' | 'continue',
    readonly levels: number,
  ) {
    super(kind);
  }
}

/** `return` of a function or a sourced file. */
export class FunctionReturn extends Error {
  constructor(readonly status: number) {
    super('return');
  }
}

/** `exit`, and `set -e` when a command fails. */
export class ShellExit extends Error {
  constructor(readonly status: number) {
    super('exit');
  }
}

/** An expansion or assignment that cannot be done; `message` is bash's text after `bash: `. Ends the line, or a script. */
export class ExpansionError extends Error {
  constructor(
    message: string,
    readonly status = 1,
  ) {
    super(message);
  }
}
