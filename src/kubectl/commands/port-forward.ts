/** kubectl port-forward: listens on this machine and carries each connection to a port of a pod. */
import type { Pod, Service } from '#api';
import { klogLine } from '#client';
import { NetworkError, type Connection, type Message } from '#host';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError, UsageError } from '../errors.ts';
import { podOf } from '../pods.ts';
import { refusalOf, type Session } from '../session.ts';

const DATA = 0;
const ERROR = 1;

interface Forward {
  readonly local: number;
  readonly remote: number;
}

type NamedPort = string | number;

/** The number of a pod's port by name or number. */
function podPort(pod: Pod, port: NamedPort): number {
  if (/^\d+$/.test(String(port))) return Number(port);
  for (const { ports = [] } of pod.spec?.containers ?? []) {
    const found = ports.find(({ name }) => name === port);
    if (found) return found.containerPort;
  }
  throw new CommandError(`Pod '${pod.metadata.name}' does not have a named port '${port}'`);
}

/** The pod's port behind a service's. */
function servicePort(service: Service, pod: Pod, port: string): number {
  const found = service.spec?.ports?.find((one) => one.name === port || String(one.port) === port);
  if (!found) throw new CommandError(`Service ${service.metadata.name} does not have a service port ${port}`);
  if (service.spec?.clusterIP === 'None') return podPort(pod, found.targetPort ?? found.port);
  return podPort(pod, (found.targetPort as NamedPort | undefined) ?? found.port);
}

function readPair(text: string, resolve: (port: string) => number): Forward {
  const [local = '', remote = local, ...more] = text.split(':');
  if (more.length || (local !== '' && local !== remote && !/^\d+$/.test(local))) throw new CommandError(`invalid port format '${text}'`);
  const target = resolve(remote);
  const here = local === '' ? 0 : /^\d+$/.test(local) ? Number(local) : target;
  if (here > 65_535)
    throw new CommandError(`error parsing local port '${local}': strconv.ParseUint: parsing "${local}": value out of range`);
  return { local: here, remote: target };
}

/** Carries one connection; what the far side could not do is told on stderr. */
async function carry(session: Session, pod: Pod, remote: number, connection: Connection): Promise<void> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const response = await session.client.request({
    method: 'GET',
    path: `/api/v1/namespaces/${pod.metadata.namespace ?? ''}/pods/${pod.metadata.name}/portforward?ports=${remote}`,
    headers: [
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
      ['sec-websocket-version', '13'],
      ['sec-websocket-protocol', 'SPDY/3.1+portforward.k8s.io'],
    ],
    timeoutMs: Infinity,
  });
  if (response.status !== 101) throw await refusalOf(response);
  const { duplex } = response;
  const up = async (): Promise<void> => {
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive()) {
      const payload = encoder.encode(JSON.stringify(message));
      const frame = new Uint8Array(payload.length + 1);
      frame[0] = DATA;
      frame.set(payload, 1);
      await duplex.send(frame);
    }
  };
  let isOver = false;
  const end = (): void => {
    isOver = true;
    duplex.end();
  };
  // The local client may go at any moment; the far side is then ended with it.
  connection.onEnd(() => (isOver = true));
  up().then(end, end);
  try {
    for (let message = await duplex.receive(); message !== undefined; message = await duplex.receive()) {
      const bytes = typeof message === 'string' ? encoder.encode(message) : message;
      const text = decoder.decode(bytes.subarray(1));
      if (bytes[0] === DATA) await connection.send(JSON.parse(text) as Message);
      else if (bytes[0] === ERROR) throw new CommandError(`an error occurred forwarding ${connection.localPort} -> ${remote}: ${text}`);
    }
  } catch (error) {
    // What breaks after the local client has gone is no trouble to tell.
    if (!(error instanceof NetworkError) || !isOver) throw error;
  }
  connection.close();
}

/** Whether kubectl itself is ending: what breaks then is its own doing. */
interface Life {
  isEnding: boolean;
}

async function listen(session: Session, pod: Pod, { local, remote }: Forward, address: string, life: Life): Promise<void> {
  const accept = (connection: Connection): void => {
    const handle = async (): Promise<void> => {
      await session.out(`Handling connection for ${connection.localPort}\n`);
      try {
        await carry(session, pod, remote, connection);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        connection.reset();
        if (life.isEnding) return;
        await session.err(
          klogLine(
            'error',
            session.nowMs(),
            session.process.pid,
            'portforward.go:424',
            `"Unhandled Error" err=${JSON.stringify(error.message)}`,
          ),
        );
      }
    };
    void handle();
  };
  try {
    const listener = await session.process.network.listen(local, { address }, accept);
    await session.out(`Forwarding from ${address}:${listener.port} -> ${remote}\n`);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    await session.err(
      `Unable to listen on port ${local}: Listeners failed to create with the following errors: [unable to create listener: Error listen tcp4 ${address}:${local}: bind: address already in use]\n`,
    );
    throw new CommandError(`unable to listen on any of the requested ports: [{${local} ${remote}}]`);
  }
}

async function run(invocation: Invocation): Promise<number> {
  const { session, flags, args, path } = invocation;
  const [word, ...pairs] = args;
  if (word === undefined || pairs.length === 0) throw new UsageError('TYPE/NAME and list of ports are required for port-forward', path);
  const pod = await podOf(session, word);
  const [type = '', name = ''] = word.includes('/') ? word.split('/') : [];
  const isService = type !== '' && (await session.discovery.resourceOf(type)).plural === 'services';
  const service = isService
    ? await session.json<Service>({ method: 'GET', path: `/api/v1/namespaces/${session.namespace}/services/${name}` })
    : undefined;
  const forwards = pairs.map((pair) => readPair(pair, (port) => (service ? servicePort(service, pod, port) : podPort(pod, port))));
  if (pod.status?.phase !== 'Running')
    throw new CommandError(`unable to forward port because pod is not running. Current status=${pod.status?.phase ?? ''}`);
  const addresses = flags.list('address').flatMap((one) => (one === 'localhost' ? ['127.0.0.1'] : [one]));
  const life: Life = { isEnding: false };
  for (const forward of forwards) for (const address of addresses) await listen(session, pod, forward, address, life);
  return new Promise((resolve) => {
    for (const signal of ['INT', 'TERM', 'HUP'] as const)
      session.process.onSignal(signal, () => {
        life.isEnding = true;
        resolve(0);
      });
  });
}

/** kubectl port-forward */
export const portForward: Command = {
  name: 'port-forward',
  short: 'Forward one or more local ports to a pod',
  group: 'Troubleshooting and Debugging Commands',
  usage: 'TYPE/NAME [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N] [options]',
  completes: 'pods',
  flags: [
    defineFlag('address', 'list', 'Addresses to listen on (comma separated).', { initial: 'localhost' }),
    defineFlag('pod-running-timeout', 'duration', 'The length of time to wait until at least one pod is running', { initial: '1m0s' }),
  ],
  run,
};
