/** The front door of crictl: the client of this machine's container runtime. Left out: create, run and runp from files, attach, port-forward, events. */
import type { Program } from '#host';
import { UsageError } from '#shell';
import { containerCommands } from './containers.ts';
import { images, pods, ps, stats, type CrictlCommand } from './lists.ts';
import { createRuntime, CrictlError } from './runtime-client.ts';

const commands: Readonly<Record<string, CrictlCommand>> = Object.freeze({
  ps,
  pods,
  images,
  image: images,
  img: images,
  stats,
  ...containerCommands,
});

const help = (): string =>
  `NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n\nVERSION:\n   v1.33.0\n\nCOMMANDS:\n${Object.keys(
    commands,
  )
    .sort()
    .map((name) => `   ${name}\n`)
    .join('')}`;

/** The program. Errors end it with 1 and a fatal log line, as crictl off a terminal writes it. */
export const crictl: Program = async (process) => {
  const words = [...process.argv];
  // The endpoint is this machine's containerd, whatever is named.
  while (/^(-r|-i|--runtime-endpoint|--image-endpoint|--timeout|--config|-t|-c)(=|$)/.test(words[0] ?? ''))
    if (!words.shift()!.includes('=')) words.shift();
  const [name, ...argv] = words;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    await process.stdout.write(help());
    return 0;
  }
  if (name === '--version' || name === '-v') {
    await process.stdout.write('crictl version v1.33.0\n');
    return 0;
  }
  const runtime = createRuntime(process);
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new CrictlError(`command "${name}" not found.`);
    return (await command(process, runtime, argv)) ?? 0;
  } catch (error) {
    if (!(error instanceof CrictlError) && !(error instanceof UsageError)) throw error;
    await process.stderr.write(
      `time="${new Date(process.clock.wallMs()).toISOString().slice(0, 19)}Z" level=fatal msg=${JSON.stringify(error.message)}\n`,
    );
    return 1;
  } finally {
    runtime.rpc.close();
  }
};
