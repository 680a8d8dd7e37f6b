/** The generic programs by name, in the order one learns them. */
import type { Program } from '#host';
import { awk } from './awk.ts';
import { cat } from './cat.ts';
import { curl } from './curl.ts';
import { date } from './date.ts';
import { diff } from './diff.ts';
import { dig, host, nslookup } from './dns.ts';
import { expr } from './expr.ts';
import { chmod, cp, ln, mkdir, mktemp, mv, rm, rmdir, touch } from './file-operations.ts';
import { find } from './find.ts';
import { egrep, grep } from './grep.ts';
import { jq } from './jq.ts';
import { less } from './less.ts';
import { ls } from './ls.ts';
import { nc } from './nc.ts';
import { ping } from './ping.ts';
import { killProgram, ps } from './processes.ts';
import { runningPrograms } from './running.ts';
import { sed } from './sed.ts';
import {
  basename,
  clear,
  dirname,
  echo,
  falseProgram,
  hostname,
  id,
  printf,
  pwd,
  sleep,
  test,
  trueProgram,
  uname,
  whoami,
  yes,
} from './small.ts';
import { tar } from './tar.ts';
import { vi, nano } from './vi.ts';
import { wget } from './wget.ts';
import { base64, cut, head, seq, sha256sum, sort, tac, tail, tee, tr, uniq, wc } from './text.ts';

/**
 * Every generic program: name → program. The shell itself is not among them: `programs.set('sh', shell({ programs }))`.
 * env, xargs, timeout and watch find what they run in this same map, also what is added to it later.
 */
export function genericPrograms(): Map<string, Program> {
  const programs = new Map<string, Program>([
    ['cat', cat],
    ['echo', echo],
    ['printf', printf],
    ['pwd', pwd],
    ['grep', grep],
    ['egrep', egrep],
    ['sleep', sleep],
    ['basename', basename],
    ['dirname', dirname],
    ['tar', tar],
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
    ['ls', ls],
    ['cp', cp],
    ['mv', mv],
    ['rm', rm],
    ['mkdir', mkdir],
    ['rmdir', rmdir],
    ['touch', touch],
    ['ln', ln],
    ['chmod', chmod],
    ['mktemp', mktemp],
    ['head', head],
    ['tail', tail],
    ['wc', wc],
    ['sort', sort],
    ['uniq', uniq],
    ['cut', cut],
    ['tr', tr],
    ['tee', tee],
    ['sed', sed],
    ['seq', seq],
    ['tac', tac],
    ['find', find],
    ['date', date],
    ['base64', base64],
    ['sha256sum', sha256sum],
    ['curl', curl],
    ['ps', ps],
    ['kill', killProgram],
    ['wget', wget],
    ['nslookup', nslookup],
    ['dig', dig],
    ['host', host],
    ['nc', nc],
    ['ping', ping],
    ['awk', awk],
    ['jq', jq],
    ['diff', diff],
    ['expr', expr],
    ['less', less],
    ['more', less],
    ['vi', vi],
    ['vim', vi],
    ['nano', nano],
  ]);
  for (const [name, program] of runningPrograms(programs)) programs.set(name, program);
  return programs;
}
