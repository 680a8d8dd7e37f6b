/** Programs that run others: env, xargs, timeout, watch, time-limited and repeated. They get the registry to find them in. */
import { BrokenPipeError, readAll, type Child, type Process, type Program } from '#host';
import { applet, UsageError, wholeNumber } from '../applet.ts';
import { endingOnBrokenPipe, findProgram, type Programs } from '../program.ts';

const NOT_FOUND = 127;

function start(
  process: Process,
  programs: Programs,
  words: readonly string[],
  more: { env?: Record<string, string>; stdin?: boolean } = {},
): Child | undefined {
  const [name = '', ...argv] = words;
  const program = findProgram(programs, name);
  if (!program) return undefined;
  const options = {
    name: name.slice(name.lastIndexOf('/') + 1),
    argv,
    cwd: process.cwd,
    env: more.env ?? process.env,
    stdout: { write: (chunk: Uint8Array | string) => process.stdout.write(chunk), close: () => undefined },
    stderr: { write: (chunk: Uint8Array | string) => process.stderr.write(chunk), close: () => undefined },
  };
  const child = process.spawn(endingOnBrokenPipe(program), {
    ...options,
    ...(more.stdin === false ? {} : { stdin: process.stdin }),
    ...(process.terminal ? { terminal: process.terminal } : {}),
    ...(process.kernel ? { privileged: true } : {}),
  });
  // What ends this process ends what it runs.
  for (const signal of ['TERM', 'INT', 'HUP'] as const) process.onSignal(signal, () => child.kill(signal));
  return child;
}

async function notFound(process: Process, name: string): Promise<number> {
  await process.stderr.write(`${process.name}: ${name.includes("'") ? name : `'${name}'`}: No such file or directory\n`);
  return NOT_FOUND;
}

/** env: prints the environment or runs a program in a changed one; -i, -u. */
const env = (programs: Programs): Program =>
  applet({ flags: 'i0', values: 'uC', stopAtOperand: true, long: { 'ignore-environment': 'i', unset: 'u' } }, async (process, options) => {
    const variables: Record<string, string> = options.has('i') ? {} : { ...process.env };
    for (const name of options.values('u')) delete variables[name];
    const words = [...options.operands];
    while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) {
      const word = words.shift()!;
      variables[word.slice(0, word.indexOf('='))] = word.slice(word.indexOf('=') + 1);
    }
    if (words.length === 0) {
      await process.stdout.write(
        Object.entries(variables)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      );
      return 0;
    }
    const child = start(process, programs, words, { env: variables });
    return child ? (await child.exit).code : notFound(process, words[0]!);
  });

/** xargs: -n, -I, -r, -0, -d. */
const xargs = (programs: Programs): Program =>
  applet(
    { flags: 'r0tx', values: 'nILdPs', stopAtOperand: true, long: { 'no-run-if-empty': 'r', null: '0', 'max-args': 'n' } },
    async (process, options) => {
      const text = await readAll(process.stdin);
      const placeholder = options.value('I');
      const separator = options.has('0') ? '\0' : options.value('d')?.replace('\\n', '\n');
      const items =
        separator !== undefined
          ? text.split(separator).filter((item) => item !== '')
          : placeholder !== undefined
            ? text
                .split('\n')
                .map((line) => line.trim())
                .filter((line) => line !== '')
            : (text.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g) ?? []).map((word) =>
                word.replace(
                  /'([^']*)'|"([^"]*)"|\\(.)/g,
                  (_, single?: string, double?: string, char?: string) => single ?? double ?? char ?? '',
                ),
              );
      const command = options.operands.length ? options.operands : ['echo'];
      const size =
        placeholder !== undefined ? 1 : options.has('n') ? wholeNumber(options.value('n')!, 'invalid number') : Math.max(1, items.length);
      const runs: string[][] = [];
      for (let at = 0; at < items.length; at += size) {
        const part = items.slice(at, at + size);
        runs.push(placeholder === undefined ? [...command, ...part] : command.map((word) => word.replaceAll(placeholder, part[0]!)));
      }
      if (items.length === 0 && !options.has('r') && placeholder === undefined) runs.push([...command]);
      let status = 0;
      for (const words of runs) {
        const child = start(process, programs, words, { stdin: false });
        if (!child) return notFound(process, words[0]!);
        const { code, signal } = await child.exit;
        if (signal) return 125;
        if (code === 255) return 124;
        if (code !== 0) status = 123;
      }
      return status;
    },
  );

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** timeout: DURATION COMMAND; -s, -k; 124 when it was too long. */
const timeout = (programs: Programs): Program =>
  applet(
    { flags: 'v', values: 'sk', stopAtOperand: true, long: { signal: 's', 'kill-after': 'k', foreground: 'v' } },
    async (process, options) => {
      const [duration, ...words] = options.operands;
      const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(duration ?? '');
      if (!match || words.length === 0)
        throw new UsageError(
          duration === undefined || words.length === 0
            ? "missing operand\nTry 'timeout --help' for more information."
            : `invalid time interval '${duration}'`,
          125,
        );
      const child = start(process, programs, words);
      if (!child) return notFound(process, words[0]!);
      let late = false;
      const stop = process.clock.after(Number(match[1]) * UNITS[match[2]!]! * 1000, () => {
        late = true;
        child.kill(options.value('s')?.replace(/^SIG/, '') === 'KILL' ? 'KILL' : 'TERM');
      });
      const { code } = await child.exit;
      stop();
      return late ? 124 : code;
    },
    125,
  );

/** watch: -n, -t, -d; runs a shell line again and again. */
const watch = (programs: Programs): Program =>
  applet({ flags: 'tdegx', values: 'n', stopAtOperand: true, long: { interval: 'n', 'no-title': 't' } }, async (process, options) => {
    const seconds = Number(options.value('n') ?? 2);
    const line = options.operands.join(' ');
    if (line === '') throw new UsageError('Usage:\n watch [options] command');
    for (;;) {
      let text = '';
      const decoder = new TextDecoder();
      const collect = {
        write: (chunk: Uint8Array | string): Promise<void> =>
          Promise.resolve(void (text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))),
        close: () => undefined,
      };
      const child = process.spawn(endingOnBrokenPipe(findProgram(programs, 'sh')!), {
        name: 'sh',
        argv: ['-c', line],
        cwd: process.cwd,
        env: process.env,
        stdout: collect,
        stderr: collect,
        ...(process.kernel ? { privileged: true } : {}),
      });
      process.onSignal('INT', () => child.kill('INT'));
      const { signal } = await child.exit;
      if (signal === 'INT') return 130;
      const time = new Date(process.clock.wallMs()).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) (.*) GMT$/, '$1 $3 $2 $5 $4');
      const title = options.has('t') ? '' : `Every ${seconds.toFixed(1)}s: ${line}    ${process.hostname}: ${time}\n\n`;
      const rows = process.terminal?.rows ?? Infinity;
      await process.stdout.write(
        `\x1b[H\x1b[2J${title}${text
          .split('\n')
          .slice(0, rows - 3)
          .join('\n')}`,
      );
      await process.clock.sleep(seconds * 1000);
    }
  });

/** which: where programs are found. */
const which =
  (programs: Programs): Program =>
  async (process) => {
    let status = 0;
    for (const name of process.argv.filter((arg) => !arg.startsWith('-'))) {
      if (findProgram(programs, name)) await process.stdout.write(`${name.includes('/') ? name : `/usr/bin/${name}`}\n`);
      else status = 1;
    }
    return status;
  };

/** The programs of this file over a registry. */
export function runningPrograms(programs: Programs): readonly (readonly [string, Program])[] {
  return [
    ['env', env(programs)],
    ['printenv', printenv],
    ['xargs', xargs(programs)],
    ['timeout', timeout(programs)],
    ['watch', watch(programs)],
    ['which', which(programs)],
  ];
}

const printenv: Program = async (process) => {
  const [name] = process.argv;
  if (name !== undefined && process.env[name] === undefined) return 1;
  try {
    await process.stdout.write(
      name === undefined
        ? Object.entries(process.env)
            .map(([key, value]) => `${key}=${value}\n`)
            .join('')
        : `${process.env[name]!}\n`,
    );
    return 0;
  } catch (error) {
    if (error instanceof BrokenPipeError) return 0;
    throw error;
  }
};
