/** `etcdctl endpoint`: status, health and hashkv of each endpoint, or with --cluster of every member. */
import type { EtcdClient } from '#etcd/client';
import { RpcError } from '#host';
import { CommandError, EXIT, type Command, type Context } from '../command.ts';
import { failureOf } from '../failure.ts';
import { goDurationText, type FlagSpec } from '../flags.ts';
import type { EndpointHash, EndpointHealth, EndpointStatus } from '../printers/index.ts';

const CLUSTER_FLAG: FlagSpec = {
  name: 'cluster',
  fallback: 'false',
  isSwitch: true,
  usage: 'use all endpoints from the cluster member list',
};

/** The endpoints to ask. Rejects where the member list cannot be had. */
export async function askedEndpoints({ flags, client, timeoutMs, endpoints }: Context): Promise<readonly string[]> {
  if (!flags.switch('cluster')) return endpoints;
  const { members } = await client().memberList({ linearizable: true }, { timeoutMs });
  return members.flatMap(({ clientUrls }) => clientUrls);
}

const isDenied = (failure: unknown): boolean => failure instanceof RpcError && failure.message === 'etcdserver: permission denied';

/** What `tell` makes of a call that failed; empty for one that did not. */
async function failed(act: () => Promise<unknown>, tell: (failure: unknown) => Promise<string>): Promise<string> {
  try {
    await act();
    return '';
  } catch (failure) {
    return tell(failure);
  }
}

/** Why standing alarms make an endpoint unhealthy; empty without any. */
async function alarmsAt(client: EtcdClient, timeoutMs: number): Promise<string> {
  let names = '';
  const failure = await failed(
    async () => {
      const { alarms } = await client.alarm({ action: 'GET' }, { timeoutMs });
      names = alarms.map(({ alarm }) => `${alarm} `).join('');
    },
    () => Promise.resolve('Unable to fetch the alarm list'),
  );
  return failure || (names === '' ? '' : `Active Alarm(s): ${names}`);
}

async function healthOf({ client, timeoutMs, process }: Context, endpoint: string): Promise<EndpointHealth> {
  const startedMs = process.clock.monotonicMs();
  const own = client(endpoint);
  const error =
    (await failed(
      () => own.range({ key: 'health' }, { timeoutMs }),
      // Who may not read has been told so by a member in agreement with the others.
      async (failure) => (isDenied(failure) ? '' : failureOf(process, failure, endpoint)),
    )) || (await alarmsAt(own, timeoutMs));
  return { endpoint, isHealthy: error === '', took: goDurationText(process.clock.monotonicMs() - startedMs), error };
}

const health: Command = {
  name: 'endpoint health',
  usage: '[options]',
  summary: 'Checks the healthiness of endpoints specified in `--endpoints` flag',
  flags: [CLUSTER_FLAG],
  async run(context) {
    const { process, printer } = context;
    const list = await Promise.all((await askedEndpoints(context)).map((endpoint) => healthOf(context, endpoint)));
    await process.stdout.write(printer.endpointHealth(list));
    const unhealthy = list.filter(({ isHealthy }) => !isHealthy);
    if (printer.format === 'simple')
      for (const { endpoint, error } of unhealthy)
        await process.stderr.write(`${endpoint} is unhealthy: failed to commit proposal: ${error}\n`);
    if (unhealthy.length > 0) throw new CommandError('unhealthy cluster');
  },
};

/** Asks every endpoint; those that fail are told on standard error. */
async function askEach<Answer>(
  context: Context,
  what: string,
  ask: (endpoint: string) => Promise<Answer>,
): Promise<{ answers: Answer[]; hasFailed: boolean }> {
  const answers: Answer[] = [];
  let hasFailed = false;
  for (const endpoint of await askedEndpoints(context)) {
    try {
      answers.push(await ask(endpoint));
    } catch (failure) {
      hasFailed = true;
      await context.process.stderr.write(
        `Failed to get the ${what} of endpoint ${endpoint} (${await failureOf(context.process, failure, endpoint)})\n`,
      );
    }
  }
  return { answers, hasFailed };
}

const status: Command = {
  name: 'endpoint status',
  usage: '[options]',
  summary: 'Prints out the status of endpoints specified in `--endpoints` flag',
  flags: [CLUSTER_FLAG],
  async run(context) {
    const { process, printer, client, timeoutMs } = context;
    const { answers, hasFailed } = await askEach(context, 'status', async (endpoint): Promise<EndpointStatus> => ({
      endpoint,
      status: await client(endpoint).status({}, { timeoutMs }),
    }));
    await process.stdout.write(printer.endpointStatus(answers));
    return hasFailed ? EXIT.error : 0;
  },
};

const hashKv: Command = {
  name: 'endpoint hashkv',
  usage: '[options]',
  summary: 'Prints the KV history hash for each endpoint in --endpoints',
  flags: [CLUSTER_FLAG, { name: 'rev', fallback: '0', type: 'int', usage: 'maximum revision to hash (default: latest revision)' }],
  async run(context) {
    const { process, printer, client, timeoutMs, flags } = context;
    const revision = flags.int('rev');
    const { answers, hasFailed } = await askEach(context, 'hash', async (endpoint): Promise<EndpointHash> => ({
      endpoint,
      hash: await client(endpoint).hashKv({ revision }, { timeoutMs }),
    }));
    await process.stdout.write(printer.endpointHash(answers));
    return hasFailed ? EXIT.error : 0;
  },
};

/** The commands. */
export const endpointCommands: readonly Command[] = [health, status, hashKv];
