/** nc (netcat): a connection joined to the standard streams, a port test (-z), a listener (-l). Left out: UDP and proxies. */
import { NetworkError, type Connection, type Process } from '#host';
import { applet, UsageError, wholeNumber, type GivenOptions } from '../applet.ts';
import { addressesOf } from '../resolve.ts';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ETIMEDOUT: 'Connection timed out',
};
const DEFAULT_TIMEOUT_MS = 30_000;

/** Copies both ways until the other side ends, or our input does and nothing more comes. */
async function join(process: Process, connection: Connection): Promise<void> {
  let ended = false;
  const send = async (): Promise<void> => {
    for (let chunk = await process.stdin.read(); chunk && !ended; chunk = await process.stdin.read()) await connection.send(chunk);
  };
  // The other side may go while we type; what it said before is still printed.
  send().catch(() => (ended = true));
  try {
    for (let message = await connection.receive(); message !== undefined; message = await connection.receive())
      await process.stdout.write(typeof message === 'string' || message instanceof Uint8Array ? message : `${JSON.stringify(message)}\n`);
  } finally {
    ended = true;
    connection.close();
  }
}

async function listen(process: Process, options: GivenOptions): Promise<number> {
  const port = wholeNumber(options.value('p') ?? options.operands.at(-1) ?? '', 'invalid port number');
  const connection = await new Promise<Connection>((resolve, reject) => {
    let taken = false;
    process.network
      .listen(port, {}, (accepted) => {
        if (taken) return accepted.reset();
        taken = true;
        resolve(accepted);
      })
      .catch(reject);
  });
  if (options.has('v')) await process.stderr.write(`Connection received on ${connection.peer.address} ${connection.peer.port}\n`);
  await join(process, connection);
  return 0;
}

async function dialPort(process: Process, host: string, address: string, port: number, options: GivenOptions): Promise<boolean> {
  const timeoutMs = options.has('w') ? wholeNumber(options.value('w')!, 'timeout invalid') * 1000 : DEFAULT_TIMEOUT_MS;
  const where = host === address ? host : `${host} (${address})`;
  try {
    const connection = await process.network.dial(address, port, { timeoutMs });
    if (options.has('v')) await process.stderr.write(`Connection to ${where} ${port} port [tcp/*] succeeded!\n`);
    if (options.has('z')) connection.close();
    else await join(process, connection);
    return true;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (options.has('v'))
      await process.stderr.write(`nc: connect to ${where} port ${port} (tcp) failed: ${REASONS[error.code] ?? error.message}\n`);
    return false;
  }
}

/** nc */
export const nc = applet({ flags: 'zvlnkN', values: 'wp' }, async (process, options) => {
  if (options.has('l')) return listen(process, options);
  const [host, ports] = options.operands;
  if (host === undefined || ports === undefined) throw new UsageError('usage: nc [-lzvn] [-w seconds] [-p port] host port');
  const [address] = await addressesOf(process, host);
  if (address === undefined) throw new UsageError(`getaddrinfo for host "${host}" port ${ports}: Name or service not known`);
  const [from, to = from] = ports.split('-').map((text) => wholeNumber(text, 'port number invalid'));
  let open = 0;
  for (let port = from!; port <= to!; port++) if (await dialPort(process, host, address, port, options)) open++;
  return open > 0 ? 0 : 1;
});
