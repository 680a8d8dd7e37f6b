/**
 * `benchmark`, etcd's own load generator (tools/benchmark of 3.5): so many clients on so many connections put, or range, as fast as they
 * are answered, or at a rate; then the report. Left out: the other subcommands, sampling, and the progress bar.
 */
import type { EtcdClient } from '#etcd/client';
import { RpcError, type Process, type Program, type Random } from '#host';
import { CommandError } from './command.ts';
import { clientsOf, type Clients } from './connect.ts';
import { FlagError, readFlags, type FlagSpec, type GivenFlags } from './flags.ts';
import { givenUser } from './password.ts';
import { Report, reportText, type Stats } from './report.ts';
import { humanBytes } from './printers/printer.ts';

const SHARED_FLAGS: readonly FlagSpec[] = Object.freeze([
  { name: 'cacert', fallback: '', usage: 'verify certificates of HTTPS-enabled servers using this CA bundle' },
  { name: 'cert', fallback: '', usage: 'identify HTTPS client using this SSL certificate file' },
  { name: 'clients', fallback: '1', type: 'int', usage: 'Total number of gRPC clients' },
  { name: 'conns', fallback: '1', type: 'int', usage: 'Total number of gRPC connections' },
  { name: 'dial-timeout', fallback: '0s', type: 'duration', usage: 'dial timeout for client connections' },
  { name: 'endpoints', fallback: '127.0.0.1:2379', type: 'strings', usage: 'gRPC endpoints' },
  { name: 'help', shorthand: 'h', fallback: 'false', isSwitch: true, usage: 'help for benchmark' },
  { name: 'key', fallback: '', usage: 'identify HTTPS client using this SSL key file' },
  { name: 'precise', fallback: 'false', isSwitch: true, usage: 'use full floating point precision' },
  { name: 'target-leader', fallback: 'false', isSwitch: true, usage: 'connect only to the leader node' },
  { name: 'user', fallback: '', usage: 'provide username[:password] and prompt if password is not supplied.' },
] as const);

/** Digits behind the point: of a report, and of a precise one. */
const DIGITS = { normal: 4, precise: 9 } as const;
/** Longest a request may take: the servers end it sooner. */
const REQUEST_MS = 60_000;
const DIAL_MS = 20_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** One request of a load. */
type Ask = (client: EtcdClient) => Promise<unknown>;

interface Load {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly FlagSpec[];
  /** Makes the requests one after the other. Throws CommandError. */
  requests(flags: GivenFlags, random: Random): () => Ask;
  /** What is printed after the report. */
  after?(flags: GivenFlags, process: Process, clients: Clients, endpoint: string): Promise<string>;
}

const positive = (flags: GivenFlags, name: string): number => {
  const value = flags.int(name);
  if (value <= 0) throw new CommandError(`expected positive --${name}, got (${value})`);
  return value;
};

const put: Load = {
  name: 'put',
  usage: 'put',
  summary: 'Benchmark put',
  flags: [
    { name: 'check-hashkv', fallback: 'false', isSwitch: true, usage: "'true' to check hashkv" },
    { name: 'key-size', fallback: '8', type: 'int', usage: 'Key size of put request' },
    { name: 'key-space-size', fallback: '1', type: 'int', usage: 'Maximum possible keys' },
    { name: 'rate', fallback: '0', type: 'int', usage: 'Maximum puts per second (0 is no limit)' },
    { name: 'sequential-keys', fallback: 'false', isSwitch: true, usage: 'Use sequential keys' },
    { name: 'total', fallback: '10000', type: 'int', usage: 'Total number of put requests' },
    { name: 'val-size', fallback: '8', type: 'int', usage: 'Value size of request' },
  ],
  requests(flags, random) {
    const keys = positive(flags, 'key-space-size');
    const [keySize, isInOrder] = [flags.int('key-size'), flags.switch('sequential-keys')];
    const value = Array.from({ length: flags.int('val-size') }, () => LETTERS[random.below(LETTERS.length)]!).join('');
    let at = 0;
    return () => {
      const number = isInOrder ? at++ % keys : random.below(keys);
      const key = String(number).padStart(keySize, '0').slice(-keySize);
      return (client) => client.put({ key, value }, { timeoutMs: REQUEST_MS });
    };
  },
  async after(flags, { clock }, clients, endpoint) {
    if (!flags.switch('check-hashkv')) return '';
    const startedMs = clock.monotonicMs();
    const { hash } = await clients.of(endpoint).hashKv({ revision: 0 });
    const { dbSize } = await clients.of(endpoint).status({});
    const tookMs = clock.monotonicMs() - startedMs;
    return `HashKV Summary:\n\tHashKV: ${hash}\n\tEndpoint: ${endpoint}\n\tTime taken to get hashkv: ${tookMs.toFixed(3)}ms\n\tDB size: ${humanBytes(dbSize)}\n`;
  },
};

const range: Load = {
  name: 'range',
  usage: 'range key [end]',
  summary: 'Benchmark range',
  flags: [
    { name: 'consistency', fallback: 'l', usage: 'Linearizable(l) or Serializable(s)' },
    { name: 'count-only', fallback: 'false', isSwitch: true, usage: 'Only returns the count of keys' },
    { name: 'limit', fallback: '0', type: 'int', usage: 'Maximum number of results to return from range request (0 is no limit)' },
    { name: 'rate', fallback: '0', type: 'int', usage: 'Maximum range requests per second (0 is no limit)' },
    { name: 'total', fallback: '10000', type: 'int', usage: 'Total number of range requests' },
  ],
  requests(flags) {
    const [key, end, ...more] = flags.args;
    if (key === undefined || more.length > 0) throw new CommandError(`accepts between 1 and 2 arg(s), received ${flags.args.length}`);
    const consistency = flags.text('consistency');
    if (consistency !== 'l' && consistency !== 's') throw new CommandError(`unknown consistency flag "${consistency}"`);
    const request = {
      key,
      ...(end === undefined ? {} : { rangeEnd: end }),
      ...(consistency === 's' ? { serializable: true } : {}),
      ...(flags.switch('count-only') ? { countOnly: true } : {}),
      limit: flags.int('limit'),
    };
    return () => (client) => client.range(request, { timeoutMs: REQUEST_MS });
  },
};

const LOADS: readonly Load[] = Object.freeze([put, range]);

/** Lets requests through one after the other, `perSecond` at most; 0: as they come. */
function pace({ clock }: Process, perSecond: number): () => Promise<void> {
  let dueMs = clock.monotonicMs();
  return async () => {
    if (perSecond === 0) return;
    const waitMs = dueMs - clock.monotonicMs();
    dueMs = Math.max(dueMs, clock.monotonicMs()) + 1_000 / perSecond;
    if (waitMs > 0) await clock.sleep(waitMs);
  };
}

/** Runs `total` requests, one at a time by each of the clients. */
async function measure(process: Process, clients: readonly EtcdClient[], total: number, rate: number, next: () => Ask): Promise<Stats> {
  const { clock } = process;
  const report = new Report();
  const turn = pace(process, rate);
  let left = total;
  const work = async (client: EtcdClient): Promise<void> => {
    while (left-- > 0) {
      const ask = next();
      await turn();
      const startedMs = clock.monotonicMs();
      try {
        await ask(client);
        report.answered((clock.monotonicMs() - startedMs) / 1_000);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        report.failed(error.message);
      }
    }
  };
  const startedMs = clock.monotonicMs();
  await Promise.all(clients.map(work));
  return report.stats((clock.monotonicMs() - startedMs) / 1_000);
}

/** The endpoints of `--endpoints` that lead just now. */
async function leaders(clients: Clients, endpoints: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const endpoint of endpoints) {
    const { header, leader } = await clients.of(endpoint).status({});
    if (header.memberId === leader) found.push(endpoint);
  }
  if (found.length === 0) throw new CommandError('failed to find a leader endpoint');
  return found;
}

async function run(process: Process, load: Load, flags: GivenFlags): Promise<number> {
  const next = load.requests(flags, process.random.fork('benchmark'));
  const endpoints = flags.list('endpoints');
  const limits = { dialTimeoutMs: flags.duration('dial-timeout') || DIAL_MS, timeoutMs: REQUEST_MS };
  const clients = clientsOf(process, flags, { endpoints, user: await givenUser(process, flags), isSecure: false, limits });
  try {
    const targets = flags.switch('target-leader') ? await leaders(clients, endpoints) : endpoints;
    const connections = Array.from({ length: positive(flags, 'conns') }, (_, at) => clients.of(targets[at % targets.length]!, at));
    const users = Array.from({ length: positive(flags, 'clients') }, (_, at) => connections[at % connections.length]!);
    const stats = await measure(process, users, flags.int('total'), flags.int('rate'), next);
    await process.stdout.write(`${reportText(stats, flags.switch('precise') ? DIGITS.precise : DIGITS.normal)}\n`);
    await process.stdout.write((await load.after?.(flags, process, clients, endpoints[0]!)) ?? '');
    return 0;
  } finally {
    clients.closeAll();
  }
}

function flagLines(specs: readonly FlagSpec[]): string {
  const words = { int: 'int', duration: 'duration', strings: 'strings' } as const;
  const left = specs.map(({ name, shorthand, isSwitch, type }) => {
    const value = isSwitch ? '' : ` ${type ? words[type] : 'string'}`;
    return `${shorthand ? `  -${shorthand}, ` : '      '}--${name}${value}`;
  });
  const width = Math.max(...left.map((text) => text.length));
  return specs
    .map(({ usage, fallback, isSwitch, type }, at) => {
      const shown =
        isSwitch || ['', '0', '0s'].includes(fallback)
          ? ''
          : type === 'strings'
            ? ` (default [${fallback}])`
            : type
              ? ` (default ${fallback})`
              : ` (default "${fallback}")`;
      return `${left[at]!.padEnd(width)}   ${usage}${shown}\n`;
    })
    .join('');
}

function helpText(load: Load | undefined): string {
  if (load)
    return `${load.summary}\n\nUsage:\n  benchmark ${load.usage} [flags]\n\nFlags:\n${flagLines(load.flags)}\nGlobal Flags:\n${flagLines(SHARED_FLAGS)}`;
  const list = LOADS.map(({ name, summary }) => `  ${name.padEnd(11)} ${summary}\n`).join('');
  return `benchmark is a low-level benchmark tool for etcd3.\nIt uses gRPC client directly and does not depend on\netcd client library.\n\nUsage:\n  benchmark [command]\n\nAvailable Commands:\n${list}\nFlags:\n${flagLines(SHARED_FLAGS)}\nUse "benchmark [command] --help" for more information about a command.\n`;
}

/** The program. Exit codes: 0 once the requests are done, whatever became of them; 1 where it could not begin. */
export const benchmark: Program = async (process) => {
  let load: Load | undefined;
  try {
    const everything = [...LOADS.flatMap(({ flags }) => flags), ...SHARED_FLAGS];
    const [name] = readFlags(process.argv, everything, {}).args;
    load = LOADS.find((each) => each.name === name);
    if (name !== undefined && !load) throw new CommandError(`unknown command "${name}" for "benchmark"\nRun 'benchmark --help' for usage.`);
    const at = process.argv.indexOf(name ?? '');
    const argv = process.argv.filter((_, index) => index !== at);
    const flags = readFlags(argv, [...(load?.flags ?? []), ...SHARED_FLAGS], {});
    if (load && !flags.switch('help')) return await run(process, load, flags);
    await process.stdout.write(helpText(load));
    return 0;
  } catch (error) {
    if (error instanceof FlagError) await process.stderr.write(`Error: ${error.message}\n${helpText(load)}\n`);
    else if (error instanceof CommandError || error instanceof RpcError) await process.stderr.write(`Error: ${error.message}\n`);
    else throw error;
    return 1;
  }
};
