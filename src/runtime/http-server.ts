/** What the small HTTP servers among the images share: one port, one handler, until TERM or INT. */
import { listenHttp, NetworkError, type HttpAnswer, type HttpHandler, type Listener, type Process } from '#host';

/** A plain text answer. */
export const text = (body: string, status = 200, headers: readonly (readonly [string, string])[] = []): HttpAnswer => ({
  status,
  headers: [['content-type', 'text/plain; charset=utf-8'], ['content-length', String(new TextEncoder().encode(body).length)], ...headers],
  body,
});

/** A JSON answer. */
export const json = (value: unknown, status = 200): HttpAnswer => {
  const body = JSON.stringify(value);
  return {
    status,
    headers: [
      ['content-type', 'application/json'],
      ['content-length', String(new TextEncoder().encode(body).length)],
    ],
    body,
  };
};

/** `200 OK` headers every answer of Go's server carries. */
export const withDate = ({ clock }: Process, answer: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: [...answer.headers, ['date', new Date(clock.wallMs()).toUTCString()]],
});

/** Path and query of a request. */
export function targetOf(path: string): { readonly path: string; readonly query: URLSearchParams } {
  const at = path.indexOf('?');
  return { path: at < 0 ? path : path.slice(0, at), query: new URLSearchParams(at < 0 ? '' : path.slice(at + 1)) };
}

/** Waits for TERM or INT. */
export const untilTold = (process: Process): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['TERM', 'INT'] as const) process.onSignal(signal, () => resolve());
  });

/** Listens on a port of the process; a port that is taken is told on stderr in Go's words and gives undefined. */
export async function listenOn(process: Process, port: number, handler: HttpHandler, address?: string): Promise<Listener | undefined> {
  try {
    return await listenHttp(
      process.network,
      port,
      address === undefined || address === '' || address === '0.0.0.0' ? {} : { address },
      async (request) => withDate(process, await handler(request)),
      (error) => process.telemetry.log('error', String(error)),
    );
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    await process.stderr.write(`listen tcp ${address ?? ''}:${port}: bind: address already in use\n`);
    return undefined;
  }
}

/** Serves until told to end: 0 after TERM, 1 where the port is taken. */
export async function serveUntilTold(process: Process, port: number, handler: HttpHandler): Promise<number> {
  const told = untilTold(process);
  const listener = await listenOn(process, port, handler);
  if (!listener) return 1;
  await told;
  listener.close();
  return 0;
}
