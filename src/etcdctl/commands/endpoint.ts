/** `etcdctl endpoint`: status, health and hashkv of each endpoint, or with --cluster of every member. */
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

const ALARM_TEXT = 'Active Alarm(s): ';

async function healthOf({ client, timeoutMs, process }: Context, endpoint: string): Promise<EndpointHealth> {
  const startedMs = process.clock.monotonicMs();
  let error = '';
  try {
    const own = client(endpoint);
    await own.range({ key: 'health' }, { timeoutMs });
    const { alarms } = await own.alarm({ action: 'GET' }, { timeoutMs });
    if (alarms.length > 0) error = `${ALARM_TEXT}${alarms.map(({ alarm }) => `${alarm} `).join('')}`;
  } catch (failure) {
    error = await failureOf(process, failure, endpoint);
  }
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
