/** The wire between page and workstation worker: shell sessions. Types only; crosses comlink, streams on ports of their own. */

/** How a line ended. */
export interface RunResult {
  readonly exitCode: number;
}

/** Page → workstation, for one interactive session; `data` is keyboard input as a terminal sends it. */
export type TerminalInput =
  | { readonly data: string }
  | { readonly resize: { readonly columns: number; readonly rows: number } }
  | { readonly signal: 'INT' | 'TERM' };

/** Workstation → page. */
export type TerminalOutput =
  | { readonly fd: 1 | 2; readonly data: string }
  | { readonly prompt: string }
  | { readonly exit: number };
