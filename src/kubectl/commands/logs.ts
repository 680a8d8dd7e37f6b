/** kubectl logs: of a container, of all containers, of all pods of a selector, followed or not. */
import type { Pod } from '#api';
import { allNamespacesFlag, defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound } from '../discovery.ts';
import { CommandError, UsageError } from '../errors.ts';
import { containerNames, containerOf, podOf, podsOf, podsOfWorkload } from '../pods.ts';
import type { Session } from '../session.ts';

interface Source {
  readonly pod: Pod;
  readonly container: string;
}

/** The pod of a word; of a workload with several, which one is told. */
async function onePod(session: Session, word: string): Promise<Pod> {
  const pods = word.includes('/') ? await podsOfWorkload(session, word) : [];
  if (pods.length > 1) await session.err(`Found ${pods.length} pods, using pod/${pods[0]!.metadata.name}\n`);
  try {
    return pods[0] ?? (await podOf(session, word));
  } catch (error) {
    if (!isNotFound(error) || word.includes('/')) throw error;
    throw new CommandError(`error from server (NotFound): ${(error as Error).message} in namespace ${JSON.stringify(session.namespace)}`);
  }
}

async function sourcesOf(invocation: Invocation): Promise<Source[]> {
  const { session, flags, args, path } = invocation;
  const selector = flags.text('selector');
  if (args.length === 0 && !selector)
    throw new UsageError(
      "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
      path,
    );
  if (args.length > 0 && selector) throw new UsageError('only a selector (-l) or a POD name is allowed', path);
  if (args.length > 2)
    throw new UsageError(
      "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
      path,
    );
  const asked = flags.text('container') || (args[1] ?? '');
  const pods = selector
    ? await podsOf(session, session.namespace, selector)
    : flags.on('all-pods')
      ? await podsOfWorkload(session, args[0]!)
      : [await onePod(session, args[0]!)];
  const sources: Source[] = [];
  for (const pod of pods) {
    if (flags.on('all-containers')) sources.push(...containerNames(pod).all.map((container) => ({ pod, container })));
    else {
      if (asked && !containerNames(pod).all.includes(asked))
        throw new CommandError(`container ${asked} is not valid for pod ${pod.metadata.name}`);
      sources.push({ pod, container: await containerOf(session, pod, asked, false) });
    }
  }
  return sources;
}

function logQuery({ flags }: Invocation, container: string): Record<string, string | number | undefined> {
  const tail = flags.given('tail') ? flags.number('tail') : flags.text('selector') ? 10 : -1;
  return {
    container,
    follow: flags.on('follow') ? 'true' : undefined,
    previous: flags.on('previous') ? 'true' : undefined,
    timestamps: flags.on('timestamps') ? 'true' : undefined,
    sinceSeconds: flags.given('since') ? Math.ceil(flags.durationMs('since') / 1000) : undefined,
    sinceTime: flags.text('since-time') || undefined,
    tailLines: tail >= 0 ? tail : undefined,
    limitBytes: flags.number('limit-bytes') || undefined,
  };
}

/** Copies one log; with a prefix line by line. */
async function copyLog(invocation: Invocation, { pod, container }: Source): Promise<void> {
  const { session, flags } = invocation;
  const prefix = flags.on('prefix') ? `[pod/${pod.metadata.name}/${container}] ` : '';
  const path = `/api/v1/namespaces/${pod.metadata.namespace ?? session.namespace}/pods/${pod.metadata.name}/log`;
  const response = await session.send({
    method: 'GET',
    path,
    query: logQuery(invocation, container),
    accept: 'application/json, */*',
    timeoutMs: flags.on('follow') ? Infinity : 60_000,
  });
  if (!prefix) {
    for await (const chunk of response.chunks()) await session.process.stdout.write(chunk);
    return;
  }
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.chunks()) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const end = rest.lastIndexOf('\n') + 1;
    if (end > 0) await session.out(rest.slice(0, end).replace(/^/gm, prefix).slice(0, -prefix.length));
    rest = rest.slice(end);
  }
  if (rest) await session.out(`${prefix}${rest}`);
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const sources = await sourcesOf(invocation);
  if (sources.length === 0) {
    await session.err(`No resources found in ${session.namespace} namespace.\n`);
    return;
  }
  if (flags.on('follow') && sources.length > 1) {
    const limit = flags.number('max-log-requests');
    if (sources.length > limit)
      throw new CommandError(
        `you are attempting to follow ${sources.length} log streams, but maximum allowed concurrency is ${limit}, use --max-log-requests to increase the limit`,
      );
    await Promise.all(sources.map((source) => copyLog(invocation, source)));
    return;
  }
  for (const source of sources) await copyLog(invocation, source);
}

/** kubectl logs */
export const logs: Command = {
  name: 'logs',
  aliases: ['log'],
  short: 'Print the logs for a container in a pod',
  group: 'Troubleshooting and Debugging Commands',
  usage: '[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]',
  completes: 'pods',
  flags: [
    defineFlag('all-containers', 'bool', "Get all containers' logs in the pod(s)."),
    defineFlag('all-pods', 'bool', 'Get logs from all pod(s). Sets prefix to true.'),
    allNamespacesFlag,
    defineFlag('container', 'string', 'Print the logs of this container', { short: 'c' }),
    defineFlag('follow', 'bool', 'Specify if the logs should be streamed.', { short: 'f' }),
    defineFlag('ignore-errors', 'bool', 'If watching / following pod logs, allow for any errors that occur to be non-fatal'),
    defineFlag('limit-bytes', 'int', 'Maximum bytes of logs to return. Defaults to no limit.', { initial: '0' }),
    defineFlag('max-log-requests', 'int', 'Specify maximum number of concurrent logs to follow when using by a selector. Defaults to 5.', {
      initial: '5',
    }),
    defineFlag('pod-running-timeout', 'duration', 'The length of time to wait until at least one pod is running', { initial: '20s' }),
    defineFlag('prefix', 'bool', 'Prefix each log line with the log source (pod name and container name)'),
    defineFlag('previous', 'bool', 'If true, print the logs for the previous instance of the container in a pod if it exists.', {
      short: 'p',
    }),
    defineFlag('selector', 'string', 'Selector (label query) to filter on.', { short: 'l' }),
    defineFlag('since', 'duration', 'Only return logs newer than a relative duration like 5s, 2m, or 3h.', { initial: '0s' }),
    defineFlag('since-time', 'string', 'Only return logs after a specific date (RFC3339).'),
    defineFlag('tail', 'int', 'Lines of recent log file to display.', { initial: '-1' }),
    defineFlag('timestamps', 'bool', 'Include timestamps on each line in the log output'),
  ],
  run,
};
