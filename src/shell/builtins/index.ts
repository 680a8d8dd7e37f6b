/** Every builtin of the shell, by name. */
import type { Builtin } from './builtin.ts';
import { controlBuiltins } from './control.ts';
import { jobBuiltins } from './jobs.ts';
import { nameBuiltins } from './names.ts';
import { outputBuiltins } from './output.ts';
import { variableBuiltins } from './variables.ts';

/** The builtins, in no order that matters. */
export function allBuiltins(): readonly Builtin[] {
  return [...controlBuiltins, ...nameBuiltins, ...variableBuiltins, ...outputBuiltins, ...jobBuiltins];
}

/** The builtin of a name. */
export function findBuiltin(name: string): Builtin | undefined {
  return allBuiltins().find((builtin) => builtin.name === name);
}
