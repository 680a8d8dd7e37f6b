/** Answers that the bridge gives by itself, in the form of the API server's: meta/v1 Status. */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'RequestEntityTooLarge',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** The text of a Status. */
export const statusText = (code: number, message: string): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: reasons[code] ?? '', code });

/** What is said while no tab is there. */
export const NO_TAB =
  'no lab is attached to this server: open the page it serves with ?bridge in its address, or switch the bridge on in an open page';

/** Answers a request with a Status. */
export function refuse(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(`${statusText(code, message)}\n`);
}

/** Answers a request to upgrade with an ordinary answer, and ends the connection. */
export function answerOnSocket(
  socket: Duplex,
  code: number,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array | string,
): void {
  const hop = ['connection', 'transfer-encoding', 'content-length', 'upgrade', 'keep-alive'];
  const lines = headers.filter(([name]) => !hop.includes(name)).map(([name, value]) => `${name}: ${value}`);
  socket.write(
    [
      `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
      ...lines,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      '',
    ].join('\r\n'),
  );
  socket.end(body);
}

/** Answers a request to upgrade with a Status. */
export const refuseOnSocket = (socket: Duplex, code: number, message: string): void =>
  answerOnSocket(socket, code, [['content-type', 'application/json']], statusText(code, message));
