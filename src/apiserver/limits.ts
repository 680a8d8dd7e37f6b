/** What keeps a server from drowning: requests in flight, request time, body size. */
import { decodeProtobuf } from '#api';
import { requestEntityTooLarge, timeout, tooManyRequests } from '#apimachinery';
import { header, type Clock, type IncomingRequest } from '#host';
import type { ApiServerConfig } from './config.ts';
import { isProtobuf } from './media-types.ts';
import type { ServerMetrics } from './health/server-metrics.ts';
import type { RequestInfo } from './request-info.ts';

/** The largest body, 3 MiB. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

const longRunningSubresources = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Whether a request may take as long as it likes. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.verb === 'watch' || longRunningSubresources.has(info.subresource);
}

const tooLarge = (): Error => requestEntityTooLarge(`limit is ${BODY_BYTES_MAX}`);

async function readBytes(request: IncomingRequest): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  let bytes = new Uint8Array();
  for await (const chunk of request.chunks()) {
    const part = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
    if (bytes.length + part.length > BODY_BYTES_MAX) throw tooLarge();
    const longer = new Uint8Array(bytes.length + part.length);
    longer.set(bytes);
    longer.set(part, bytes.length);
    bytes = longer;
  }
  return bytes;
}

/** Reads a body as text; protobuf becomes the JSON it stands for. Throws 413, and 400 for what is no protobuf. */
export async function readLimitedBody(request: IncomingRequest): Promise<string> {
  if (isProtobuf(header(request.headers, 'content-type'))) {
    const bytes = await readBytes(request);
    return bytes.length === 0 ? '' : JSON.stringify(decodeProtobuf(bytes));
  }
  try {
    const text = await request.text(BODY_BYTES_MAX);
    return text;
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw error;
  }
}

/** Rejects with 504 when `work` takes longer than the request timeout; `onTimeout` is called first. */
export function withTimeout<T>(clock: Clock, ms: number, work: Promise<T>, onTimeout?: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(ms, () => {
      onTimeout?.();
      reject(timeout('request did not complete within the allotted timeout'));
    });
    work.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
  });
}

/** Counts requests under way. */
export interface InFlight {
  /** Takes a place; answers how to give it back. Throws 429. */
  enter(info: RequestInfo, isPrivileged: boolean): () => void;
}

/** The gate of --max-requests-inflight and --max-mutating-requests-inflight. */
export function createInFlight(config: ApiServerConfig, metrics: ServerMetrics): InFlight {
  const counts = { readOnly: 0, mutating: 0 };
  return {
    enter(info, isPrivileged) {
      if (isLongRunning(info)) return () => undefined;
      const kind = info.method === 'GET' || info.method === 'HEAD' ? 'readOnly' : 'mutating';
      const max = kind === 'readOnly' ? config.maxInFlight : config.maxMutatingInFlight;
      if (counts[kind] >= max && !isPrivileged) throw tooManyRequests('Too many requests, please try again later.', 1);
      counts[kind]++;
      metrics.inFlight(kind, counts[kind]);
      return () => {
        counts[kind]--;
        metrics.inFlight(kind, counts[kind]);
      };
    },
  };
}
