/** What a shell session remembers between lines: variables, functions, aliases, options, working directory, jobs. */
import type { CompoundCommand, Function as FunctionNode, Redirected, CompoundList } from 'unbash';
import type { Job } from './jobs.ts';

/** A shell variable: text, or an array with holes. */
export interface Variable {
  value: string | Map<number, string> | undefined;
  exported: boolean;
  readonly: boolean;
}

/** A defined function: its body and the source text the body's positions index. */
export interface ShellFunction {
  readonly name: string;
  readonly body: CompoundCommand | Redirected | CompoundList;
  readonly node: FunctionNode;
}

/** `set -e`, `-u`, `-x`, `-f`, `-v` and `-o pipefail`. */
export interface ShellOptions {
  errexit: boolean;
  nounset: boolean;
  xtrace: boolean;
  noglob: boolean;
  pipefail: boolean;
  noexec: boolean;
}

/** Everything a session keeps. A subshell works on a copy. */
export interface ShellState {
  variables: Map<string, Variable>;
  /** Variables shadowed by `local`, innermost call last; undefined where there was none. */
  readonly scopes: Map<string, Variable | undefined>[];
  functions: Map<string, ShellFunction>;
  aliases: Map<string, string>;
  options: ShellOptions;
  traps: Map<string, string>;
  cwd: string;
  /** Exit status of the last command. */
  status: number;
  /** $0 */
  scriptName: string;
  /** $1 … */
  positional: string[];
  /** $! */
  lastBackgroundPid: number | undefined;
  readonly jobs: Job[];
  nextJobId: number;
  history: string[];
  isInteractive: boolean;
  /** True in a subshell: `exit` ends only it. */
  isSubshell: boolean;
}

/** The state of a new session with an environment. */
export function createShellState(env: Readonly<Record<string, string>>, cwd: string): ShellState {
  const variables = new Map<string, Variable>();
  for (const [name, value] of Object.entries(env)) variables.set(name, { value, exported: true, readonly: false });
  const set = (name: string, value: string, exported: boolean): void => {
    if (!variables.has(name)) variables.set(name, { value, exported, readonly: false });
  };
  set('IFS', ' \t\n', false);
  set('PWD', cwd, true);
  set('OPTIND', '1', false);
  set('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', true);
  return {
    variables,
    scopes: [],
    functions: new Map(),
    aliases: new Map(),
    options: { errexit: false, nounset: false, xtrace: false, noglob: false, pipefail: false, noexec: false },
    traps: new Map(),
    cwd,
    status: 0,
    scriptName: 'bash',
    positional: [],
    lastBackgroundPid: undefined,
    jobs: [],
    nextJobId: 1,
    history: [],
    isInteractive: false,
    isSubshell: false,
  };
}

/** A copy for a subshell: its changes stay in it; traps and jobs are not inherited. */
export function copyState(state: ShellState): ShellState {
  const variables = new Map<string, Variable>();
  for (const [name, variable] of state.variables) {
    variables.set(name, { ...variable, value: variable.value instanceof Map ? new Map(variable.value) : variable.value });
  }
  return {
    ...state,
    variables,
    scopes: state.scopes.map((scope) => new Map(scope)),
    functions: new Map(state.functions),
    aliases: new Map(state.aliases),
    options: { ...state.options },
    traps: new Map(),
    positional: [...state.positional],
    jobs: [],
    history: state.history,
    isSubshell: true,
  };
}

/** The text of a variable; an array gives its element 0. Undefined when unset. */
export function variableText(state: ShellState, name: string): string | undefined {
  const value = state.variables.get(name)?.value;
  return value instanceof Map ? value.get(0) : value;
}

/** Raised by an assignment to a read-only variable. */
export class ReadonlyVariableError extends Error {
  constructor(name: string) {
    super(`${name}: readonly variable`);
    this.name = 'ReadonlyVariableError';
  }
}

/** Sets a variable, keeping whether it is exported. Throws ReadonlyVariableError. */
export function setVariable(state: ShellState, name: string, value: string | Map<number, string>, exported?: boolean): void {
  const known = state.variables.get(name);
  if (known?.readonly) throw new ReadonlyVariableError(name);
  if (known) {
    if (known.value instanceof Map && typeof value === 'string') known.value.set(0, value);
    else known.value = value;
    if (exported !== undefined) known.exported = exported;
  } else state.variables.set(name, { value, exported: exported ?? false, readonly: false });
}

/** Makes a variable local to the running function. False outside of one. */
export function makeLocal(state: ShellState, name: string): boolean {
  const scope = state.scopes.at(-1);
  if (!scope) return false;
  if (!scope.has(name)) {
    const outer = state.variables.get(name);
    scope.set(name, outer);
    state.variables.set(name, { value: undefined, exported: outer?.exported ?? false, readonly: false });
  }
  return true;
}

/** Ends a function's scope: what `local` hid comes back. */
export function leaveScope(state: ShellState): void {
  for (const [name, outer] of state.scopes.pop() ?? []) {
    if (outer) state.variables.set(name, outer);
    else state.variables.delete(name);
  }
}

/** The environment of a child: every exported variable that has a value. */
export function environmentOf(state: ShellState): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, variable] of state.variables) {
    if (variable.exported && typeof variable.value === 'string') env[name] = variable.value;
  }
  return env;
}
