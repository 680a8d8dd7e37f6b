/** A client of a Redis server: one connection, replies in the order of the commands. */
import { lookUp, NetworkError, type Connection, type Process } from '#host';
import { encodeCommand, respReader, type Reply } from './resp.ts';

/** A connection to a server. Its calls reject with NetworkError (or DnsError while it connects). */
export interface RedisClient {
  /** Sends a command and gives its reply. */
  call(words: readonly string[]): Promise<Reply>;
  /** The next value that comes without being asked for (subscriptions); undefined: the server has closed. */
  next(): Promise<Reply | undefined>;
  close(): void;
}

/** Connects to a host by name or address. */
export async function connectRedis(
  process: Pick<Process, 'network' | 'clock' | 'files'>,
  host: string,
  port: number,
  timeoutMs = 5_000,
): Promise<RedisClient> {
  const address = /^[\d.]+$/.test(host) ? host : ((await lookUp(process, host))[0] ?? host);
  const connection: Connection = await process.network.dial(address, port, { timeoutMs });
  const reader = respReader({ inline: false });
  const next = async (): Promise<Reply | undefined> => {
    for (;;) {
      const value = reader.next();
      if (value !== undefined) return value;
      const message = await connection.receive();
      if (message === undefined) return undefined;
      reader.push(typeof message === 'string' || message instanceof Uint8Array ? message : '');
    }
  };
  return {
    next,
    async call(words) {
      await connection.send(encodeCommand(words));
      const reply = await next();
      if (reply === undefined) throw new NetworkError('ECONNRESET', 'Server closed the connection');
      return reply;
    },
    close: () => connection.close(),
  };
}
