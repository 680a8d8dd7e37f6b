/** A simple command: assignments, expansion, then a function, a builtin, a program or a script, in bash's order. */
import type { Process } from '#host';
import type { Assignment, Command, CommandArgument } from 'unbash';
import { arithmeticScope, arithmeticValueOf, expandToFields, expandToText } from './expand.ts';
import { findBuiltin } from './builtins/index.ts';
import { FunctionReturn } from './control-flow.ts';
import type { Interpreter } from './interpreter.ts';
import { keptOpen, keptReading, readerOf, writerOf } from './io.ts';
import { resolvePath } from './paths.ts';
import { endingOnBrokenPipe, findProgram } from './program.ts';
import { quoteForShell } from './parameter.ts';
import { shell as shellProgram } from './shell.ts';
import { environmentOf, leaveScope, setVariable, type ShellFunction, type Variable } from './state.ts';

async function assign(node: Assignment, shell: Interpreter): Promise<void> {
  const { state } = shell;
  const known = state.variables.get(node.name)?.value;
  if (node.value.type === 'ArrayValue') {
    const array = node.append && known instanceof Map ? new Map(known) : new Map<number, string>();
    let next = Math.max(-1, ...array.keys()) + 1;
    for (const element of await expandToFields(node.value.elements, shell)) {
      const keyed = /^\[(\d+)\]=([^]*)$/.exec(element);
      if (keyed) next = Number(keyed[1]);
      array.set(next++, keyed ? keyed[2]! : element);
    }
    const variable = state.variables.get(node.name);
    if (variable?.readonly || !variable) setVariable(state, node.name, array);
    else variable.value = array;
    return;
  }
  const text = await expandToText(node.value, shell);
  if (!node.index) {
    const old = known instanceof Map ? (known.get(0) ?? '') : (known ?? '');
    return setVariable(state, node.name, node.append ? old + text : text);
  }
  const index = await arithmeticValueOf(await expandToText(node.index, shell), shell);
  const scope = arithmeticScope(shell);
  scope.set(node.name, node.append ? scope.get(node.name, index) + text : text, index);
}

/** Arguments of a command: words expand to fields, assignments (`export A=b`) to one text. */
async function expandArguments(args: readonly CommandArgument[], shell: Interpreter): Promise<string[]> {
  const fields: string[] = [];
  for (const arg of args) {
    if (arg.type === 'Word') fields.push(...(await expandToFields([arg], shell)));
    else if (arg.value.type === 'Word') fields.push(`${arg.name}${arg.append ? '+' : ''}=${await expandToText(arg.value, shell)}`);
    else {
      await assign(arg, shell);
      fields.push(arg.name);
    }
  }
  return fields;
}

/** Runs work while some variables have other values; they come back after it. */
async function withAssignments(shell: Interpreter, assignments: readonly Assignment[], work: () => Promise<number>): Promise<number> {
  const { variables } = shell.state;
  const before = new Map<string, Variable | undefined>();
  for (const node of assignments) {
    if (!before.has(node.name)) {
      const known = variables.get(node.name);
      before.set(node.name, known ? { ...known } : undefined);
    }
    await assign(node, shell);
    const variable = variables.get(node.name);
    if (variable) variable.exported = true;
  }
  try {
    return await work();
  } finally {
    for (const [name, variable] of before) {
      if (variable) variables.set(name, variable);
      else variables.delete(name);
    }
  }
}

/** Calls a shell function with arguments. */
export async function callFunction(fn: ShellFunction, args: readonly string[], shell: Interpreter): Promise<number> {
  const { state } = shell;
  const outer = state.positional;
  state.positional = [...args];
  state.scopes.push(new Map());
  try {
    return await shell.with({}, shell.depth + 1).runBody(fn.body);
  } catch (error) {
    if (error instanceof FunctionReturn) return error.status;
    throw error;
  } finally {
    leaveScope(state);
    state.positional = outer;
  }
}

/** Starts a program as a child process and waits for it. */
async function spawnProgram(
  program: (process: Process) => Promise<number>,
  name: string,
  argv: readonly string[],
  shell: Interpreter,
): Promise<number> {
  const { process } = shell.host;
  const terminal = shell.host.terminal ?? process.terminal;
  const child = process.spawn(endingOnBrokenPipe(program), {
    name,
    argv,
    env: environmentOf(shell.state),
    cwd: shell.state.cwd,
    stdin: keptReading(readerOf(shell.io, 0)),
    stdout: keptOpen(writerOf(shell.io, 1)),
    stderr: keptOpen(writerOf(shell.io, 2)),
    ...(terminal ? { terminal } : {}),
    ...(process.kernel ? { privileged: true } : {}),
  });
  return shell.waitFor(child);
}

async function runScriptFile(path: string, args: readonly string[], shell: Interpreter): Promise<number> {
  const absolute = resolvePath(shell.state.cwd, path);
  const stat = shell.files.stat(absolute);
  if (!stat) {
    await shell.complain(`${path}: No such file or directory`);
    return 127;
  }
  if (stat.kind === 'directory') {
    await shell.complain(`${path}: Is a directory`);
    return 126;
  }
  if ((stat.mode & 0o111) === 0) {
    await shell.complain(`${path}: Permission denied`);
    return 126;
  }
  return spawnProgram(shellProgram({ programs: shell.host.programs }), 'bash', [path, ...args], shell);
}

/** Runs a command by its name and arguments: builtin (if allowed), program, or script. */
export async function runNamed(
  name: string,
  args: readonly string[],
  shell: Interpreter,
  options: { functions: boolean },
): Promise<number> {
  const fn = options.functions ? shell.state.functions.get(name) : undefined;
  if (fn) return callFunction(fn, args, shell);
  const builtin = findBuiltin(name);
  if (builtin) return builtin.run(args, shell);
  const program = findProgram(shell.host.programs, name);
  if (program) return spawnProgram(program, name.slice(name.lastIndexOf('/') + 1), args, shell);
  if (name.includes('/')) return runScriptFile(name, args, shell);
  await shell.complain(`${name}: command not found`);
  return 127;
}

/** Runs a simple command; the caller handles RedirectionError. */
export async function runSimpleCommand(node: Command, shell: Interpreter): Promise<number> {
  const words = node.name ? await expandToFields([node.name], shell) : [];
  const [name, ...rest] = [...words, ...(await expandArguments(node.args, shell))];
  const assignments = node.prefix.filter((item) => item.type === 'Assignment');
  if (name === undefined) {
    // The status of an assignment is that of its last command substitution.
    shell.state.status = 0;
    for (const assignment of assignments) await assign(assignment, shell);
    const { status } = shell.state;
    await shell.redirect(node.redirects);
    return status;
  }
  if (shell.state.options.xtrace) await shell.writer(2).write(`+ ${[name, ...rest].map(quoteForShell).join(' ')}\n`);
  if (name === 'exec' && rest.length === 0) {
    // Redirections of a bare exec stay for the rest of the shell.
    const io = await shell.redirect(node.redirects);
    for (const [fd, descriptor] of io) (shell.io as Map<number, typeof descriptor>).set(fd, descriptor);
    return 0;
  }
  return withAssignments(shell, assignments, async () => {
    const redirected = shell.with({ io: await shell.redirect(node.redirects) });
    return runNamed(name, rest, redirected, { functions: true });
  });
}
