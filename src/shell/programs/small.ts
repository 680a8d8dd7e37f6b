/** Programs of one line each: true, false, echo, printf, pwd, yes, clear, sleep, basename, dirname, hostname, whoami, test. */
import type { Process, Program } from '#host';
import { applet, UsageError, type GivenOptions } from '../applet.ts';
import { baseName, directoryName } from '../paths.ts';
import { quoteForShell } from '../parameter.ts';
import { echoText, formatPrintf } from '../printf.ts';
import { evaluateTest, TestSyntaxError } from '../test-expression.ts';

/** true */
export const trueProgram: Program = () => Promise.resolve(0);
/** false */
export const falseProgram: Program = () => Promise.resolve(1);

/** echo */
export const echo: Program = async (process) => {
  await process.stdout.write(echoText(process.argv));
  return 0;
};

/** printf */
export const printf: Program = async (process) => {
  const [format, ...args] = process.argv;
  if (format === undefined) {
    await process.stderr.write("printf: missing operand\nTry 'printf --help' for more information.\n");
    return 1;
  }
  const result = formatPrintf(format, args, quoteForShell);
  await process.stdout.write(result.text);
  for (const error of result.errors) await process.stderr.write(`printf: ${error}\n`);
  return result.errors.length ? 1 : 0;
};

/** pwd */
export const pwd: Program = async (process) => {
  await process.stdout.write(`${process.cwd}\n`);
  return 0;
};

/** yes */
export const yes: Program = async (process) => {
  const line = `${process.argv.join(' ') || 'y'}\n`;
  for (;;) {
    await process.stdout.write(line.repeat(1 + Math.floor(4096 / line.length)));
    await process.yield();
  }
};

/** clear */
export const clear: Program = async (process) => {
  await process.stdout.write('\x1b[H\x1b[2J\x1b[3J');
  return 0;
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** sleep: seconds, or numbers with s, m, h, d; `infinity`. */
export const sleep = applet({}, async (process, options) => {
  if (options.operands.length === 0) throw new UsageError("missing operand\nTry 'sleep --help' for more information.");
  let totalMs = 0;
  for (const operand of options.operands) {
    const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(operand);
    if (operand === 'infinity' || operand === 'inf') totalMs = Infinity;
    else if (!match) throw new UsageError(`invalid time interval '${operand}'`);
    else totalMs += Number(match[1]) * UNIT_SECONDS[match[2]!]! * 1000;
  }
  // Timers hold at most 2^31 ms; a longer sleep is slept in parts.
  for (const partMs = 2_000_000_000; totalMs > 0; totalMs -= partMs) await process.clock.sleep(Math.min(totalMs, partMs));
  return 0;
});

/** basename */
export const basename = applet({ flags: 'a', values: 's' }, async (process, options) => {
  const many = options.has('a') || options.has('s');
  const [first, suffix] = options.operands;
  if (first === undefined) throw new UsageError("missing operand\nTry 'basename --help' for more information.");
  const cut = many ? options.value('s') : suffix;
  for (const operand of many ? options.operands : [first]) {
    const name = baseName(operand);
    await process.stdout.write(`${cut && name !== cut && name.endsWith(cut) ? name.slice(0, -cut.length) : name}\n`);
  }
  return 0;
});

/** dirname */
export const dirname = applet({}, async (process, options) => {
  if (options.operands.length === 0) throw new UsageError("missing operand\nTry 'dirname --help' for more information.");
  for (const operand of options.operands) await process.stdout.write(`${directoryName(operand)}\n`);
  return 0;
});

/** hostname: -f, -s, -i. */
export const hostname = applet({ flags: 'fsiI' }, async (process, options) => {
  const address = process.network.addresses.join(' ');
  await process.stdout.write(`${options.has('i') || options.has('I') ? address : process.hostname}\n`);
  return 0;
});

const userOf = (process: Process): string => process.env.USER ?? 'root';

/** whoami */
export const whoami: Program = async (process) => {
  await process.stdout.write(`${userOf(process)}\n`);
  return 0;
};

/** id: -u, -g, -n. */
export const id = applet({ flags: 'ugnG' }, async (process, options: GivenOptions) => {
  const user = userOf(process);
  const number = user === 'root' ? 0 : 1000;
  const short = options.has('u') || options.has('g') || options.has('G');
  const full = `uid=${number}(${user}) gid=${number}(${user}) groups=${number}(${user})`;
  await process.stdout.write(`${short ? (options.has('n') ? user : number) : full}\n`);
  return 0;
});

/** uname: -a -s -n -r -v -m -o. */
export const uname = applet({ flags: 'asnrvmpio' }, async (process, options) => {
  const parts: readonly [string, string][] = [
    ['s', 'Linux'],
    ['n', process.hostname],
    ['r', '6.8.0-60-generic'],
    ['v', '#63-Ubuntu SMP PREEMPT_DYNAMIC'],
    ['m', 'x86_64'],
    ['o', 'GNU/Linux'],
  ];
  const wanted = parts.filter(([letter]) => options.has('a') || options.has(letter)).map(([, text]) => text);
  await process.stdout.write(`${(wanted.length ? wanted : ['Linux']).join(' ')}\n`);
  return 0;
});

/** test and [ */
export const test: Program = async (process) => {
  const words = process.name === '[' ? process.argv.slice(0, -1) : process.argv;
  try {
    return evaluateTest(words, { files: process.files, cwd: process.cwd }) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestSyntaxError)) throw error;
    await process.stderr.write(`${process.name}: ${error.message}\n`);
    return 2;
  }
};
