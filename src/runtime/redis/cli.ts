/** redis-cli: one command of its arguments, or lines of its input; replies formatted for a terminal, raw for a pipe. */
import { NetworkError, type Process, type Program } from '#host';
import { connectRedis, type RedisClient } from './client.ts';
import { inlineWords, isError, type Reply } from './resp.ts';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly password: string | undefined;
  readonly isRaw: boolean;
  readonly repeat: number;
  readonly words: readonly string[];
}

function readOptions(argv: readonly string[], env: Readonly<Record<string, string>>, isTerminal: boolean): Options {
  const words = [...argv];
  let [host, port, password, isRaw, repeat] = ['127.0.0.1', 6379, env['REDISCLI_AUTH'], !isTerminal, 1];
  for (; words[0]?.startsWith('-'); words.shift()) {
    const flag = words[0];
    if (flag === '--raw') isRaw = true;
    else if (flag === '--no-raw') isRaw = false;
    else if (['-h', '-p', '-a', '-r', '-n', '-u', '--pass', '-i'].includes(flag)) {
      const value = words[1] ?? '';
      if (flag === '-h') host = value;
      else if (flag === '-p') port = Number(value);
      else if (flag === '-a' || flag === '--pass') password = value;
      else if (flag === '-r') repeat = Number(value);
      else if (flag === '-u') [, host = host] = /^redis:\/\/(?:[^@]*@)?([^:/]+)/.exec(value) ?? [];
      words.shift();
    }
  }
  return { host, port, password, isRaw, repeat, words };
}

/** A reply as redis-cli prints it on a terminal. */
export function formatReply(reply: Reply, indent = ''): string {
  if (reply === null) return '(nil)\n';
  if (typeof reply === 'number') return `(integer) ${reply}\n`;
  if (typeof reply === 'string') return `${JSON.stringify(reply)}\n`;
  if (isError(reply)) return `(error) ${reply.error}\n`;
  if (!Array.isArray(reply)) return `${(reply as { simple: string }).simple}\n`;
  const items = reply as readonly Reply[];
  if (!items.length) return '(empty array)\n';
  const width = String(items.length).length;
  return items
    .map((item, at) => `${at ? indent : ''}${String(at + 1).padStart(width)}) ${formatReply(item, `${indent}${' '.repeat(width + 2)}`)}`)
    .join('');
}

/** A reply as redis-cli prints it into a pipe. */
export function rawReply(reply: Reply): string {
  if (reply === null) return '\n';
  if (typeof reply === 'number' || typeof reply === 'string') return `${reply}\n`;
  if (isError(reply)) return `${reply.error}\n\n`;
  if (!Array.isArray(reply)) return `${(reply as { simple: string }).simple}\n`;
  const items = reply as readonly Reply[];
  return items.length ? items.map(rawReply).join('') : '\n';
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof NetworkError)) return error instanceof Error ? error.message : String(error);
  if (error.code === 'ECONNREFUSED') return 'Connection refused';
  return error.code === 'ETIMEDOUT' ? 'Connection timed out' : error.message;
};

/** Runs one command; INFO is text, not a quoted string. Answers whether it was carried out. */
async function command(process: Process, client: RedisClient, words: readonly string[], isRaw: boolean): Promise<boolean> {
  const reply = await client.call(words);
  const isText = ['info', 'lolwut'].includes(words[0]!.toLowerCase()) && typeof reply === 'string';
  await process.stdout.write(isText ? `${reply}\n`.replace(/\r\n/g, '\n') : isRaw ? rawReply(reply) : formatReply(reply));
  if (['subscribe', 'psubscribe'].includes(words[0]!.toLowerCase())) {
    for (let more = await client.next(); more !== undefined; more = await client.next())
      await process.stdout.write(isRaw ? rawReply(more) : formatReply(more));
  }
  return !isError(reply);
}

/** Lines of standard input, one command each; on a terminal with a prompt. */
async function lines(process: Process, client: RedisClient, { host, port, isRaw }: Options): Promise<number> {
  const decoder = new TextDecoder();
  const prompt = process.terminal ? `${host}:${port}> ` : '';
  let rest = '';
  await process.stdout.write(prompt);
  for (let chunk = await process.stdin.read(); chunk; chunk = await process.stdin.read()) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).replace(/\r\n?/g, '\n').split('\n');
    rest = parts.pop()!;
    for (const line of parts) {
      const words = inlineWords(line);
      if (['quit', 'exit'].includes(words[0]?.toLowerCase() ?? '')) return 0;
      if (words.length) await command(process, client, words, isRaw);
      await process.stdout.write(prompt);
    }
  }
  const last = inlineWords(rest);
  if (last.length) await command(process, client, last, isRaw);
  return 0;
}

/** redis-cli [-h HOST] [-p PORT] [-a PASSWORD] [--raw] [COMMAND…]. */
export const redisCli: Program = async (process) => {
  const options = readOptions(process.argv, process.env, process.terminal !== undefined);
  const { host, port, password, words } = options;
  if (process.argv[0] === '--version' || process.argv[0] === '-v') {
    await process.stdout.write(`redis-cli ${process.env['REDIS_VERSION'] ?? ''}\n`);
    return 0;
  }
  let client: RedisClient;
  try {
    client = await connectRedis(process, host, port);
  } catch (error) {
    await process.stderr.write(`Could not connect to Redis at ${host}:${port}: ${reasonOf(error)}\n`);
    return 1;
  }
  try {
    if (password !== undefined) {
      const answer = await client.call(['AUTH', password]);
      if (isError(answer)) await process.stderr.write(`AUTH failed: ${answer.error}\n`);
    }
    if (!words.length) return await lines(process, client, options);
    for (let run = 0; run < options.repeat; run++) await command(process, client, words, options.isRaw);
    return 0;
  } catch (error) {
    await process.stderr.write(`Error: ${reasonOf(error)}\n`);
    return 1;
  } finally {
    client.close();
  }
};
