/** The generic programs by name, in the order one learns them. */
import type { Program } from '#host';
import { cat } from './cat.ts';
import { egrep, grep } from './grep.ts';
import { basename, clear, dirname, echo, falseProgram, hostname, id, printf, pwd, sleep, test, trueProgram, uname, whoami, yes } from './small.ts';

/** Every generic program: name → program. The shell itself is not among them (see `withShell`). */
export function genericPrograms(): Map<string, Program> {
  return new Map<string, Program>([
    ['cat', cat],
    ['echo', echo],
    ['printf', printf],
    ['pwd', pwd],
    ['grep', grep],
    ['egrep', egrep],
    ['sleep', sleep],
    ['basename', basename],
    ['dirname', dirname],
    ['true', trueProgram],
    ['false', falseProgram],
    ['test', test],
    ['[', test],
    ['yes', yes],
    ['clear', clear],
    ['hostname', hostname],
    ['whoami', whoami],
    ['id', id],
    ['uname', uname],
  ]);
}
