/**
 * Failures below HTTP as client-go reports them: Go's url.Error with the method, the URL and the cause in net's words
 * (`Get "https://10.0.0.10:6443/api": dial tcp 10.0.0.10:6443: connect: connection refused`).
 */
import { NetworkError, type NetworkErrorCode } from '#host';

/** Thrown when no answer came: the connection could not be made, broke, or the deadline passed. */
export class RequestError extends Error {
  constructor(
    /** POSIX code of the cause; ENOTFOUND for a host name nobody knows. */
    readonly code: NetworkErrorCode | 'ENOTFOUND',
    /** The cause as Go's net package prints it: `dial tcp 10.0.0.10:6443: connect: connection refused`. */
    readonly reason: string,
    readonly method: string,
    readonly url: string,
    /** `10.0.0.10:6443`. */
    readonly host: string,
  ) {
    super(`${method.slice(0, 1)}${method.slice(1).toLowerCase()} "${url}": ${reason}`);
    this.name = 'RequestError';
  }
}

/** The cause of a NetworkError with the address in front where the failure was in dialling. */
function reasonOf(error: NetworkError, host: string): string {
  if (error.message.startsWith('dial ')) return error.message;
  if (error.message.startsWith('connect: ') || error.message === 'i/o timeout') return `dial tcp ${host}: ${error.message}`;
  if (error.code === 'ECONNREFUSED') return `dial tcp ${host}: connect: connection refused`;
  return error.message;
}

/** A RequestError of what a connection threw; anything but a NetworkError is given back as it is. */
export function requestErrorOf(error: unknown, method: string, url: string, host: string): unknown {
  return error instanceof NetworkError ? new RequestError(error.code, reasonOf(error, host), method, url, host) : error;
}

/** Whether the server refused the connection (nobody listens there). */
export function isConnectionRefused(error: unknown): error is RequestError {
  return error instanceof RequestError && error.code === 'ECONNREFUSED';
}
