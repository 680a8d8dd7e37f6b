/** What a run of kubectl works with: its process, its configuration, a client that tells warnings, and discovery. */
import { restClient, restConfigOf, statusErrorOf, type RawRequest, type RestClient, type RestConfig } from '#client';
import { header, type HttpResponse, type Process } from '#host';
import { StatusError, failure, isStatus } from '#apimachinery';
import { createDiscovery, type Discovery } from './discovery.ts';
import { CommandError } from './errors.ts';
import type { Flags } from './flags.ts';
import { loadConfig, overridesOf } from './kubeconfig-files.ts';
import { clientVersion } from './version.ts';

/** A request as commands send it; `query` values that are undefined or empty are left out. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly accept?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly headers?: readonly (readonly [string, string])[];
}

/** One run of kubectl. */
export interface Session {
  readonly process: Process;
  readonly config: RestConfig;
  readonly client: RestClient;
  /** The namespace of the command: flag, context, or default. */
  readonly namespace: string;
  /** Whether the namespace was asked for on the command line. */
  readonly namespaceGiven: boolean;
  readonly discovery: Discovery;
  /** Sends a request, prints its warnings, and rejects with StatusError for a refusal. */
  send(request: ApiRequest): Promise<HttpResponse>;
  /** As `send`, with the decoded body. */
  json<T>(request: ApiRequest): Promise<T>;
  out(text: string): Promise<void>;
  err(text: string): Promise<void>;
  /** Milliseconds since the epoch. */
  nowMs(): number;
  readonly warningCount: number;
  close(): void;
}

/** What a span tells of a command line at the most. */
const COMMAND_LENGTH_MAX = 200;

const QUERY_ORDER = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1);

/** A path with its query, parameters sorted and escaped as Go's url.Values does. */
export function pathWithQuery(path: string, query: ApiRequest['query'] = {}): string {
  const parameters = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (parameters.length === 0) return path;
  const escape = (value: unknown): string =>
    encodeURIComponent(String(value))
      .replace(/%20/g, '+')
      .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${path}${path.includes('?') ? '&' : '?'}${parameters
    .sort(QUERY_ORDER)
    .map(([name, value]) => `${name}=${escape(value)}`)
    .join('&')}`;
}

function toRaw(request: ApiRequest, traceparent: string): RawRequest {
  const headers: [string, string][] = [['accept', request.accept ?? 'application/json']];
  if (request.contentType) headers.push(['content-type', request.contentType]);
  for (const [name, value] of request.headers ?? []) headers.push([name, value]);
  return {
    method: request.method,
    path: pathWithQuery(request.path, request.query),
    headers,
    traceparent,
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(request.signal ? { signal: request.signal } : {}),
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
  };
}

/** The text of a Warning header: `299 - "text"`. */
function warningText(value: string): string {
  const match = /^\d{3} \S+ "((?:[^"\\]|\\.)*)"/.exec(value);
  return match ? match[1]!.replace(/\\(.)/g, '$1') : value;
}

/** The StatusError of a refused request. */
export async function refusalOf(response: HttpResponse, request?: Pick<RawRequest, 'method' | 'path'>): Promise<StatusError> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (isStatus(body)) return new StatusError(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (request && response.status < 500) return statusErrorOf(response.status, text, request.method, request.path);
  if (response.status === 404) return failure(404, 'NotFound', 'the server could not find the requested resource', {});
  return failure(response.status, response.status === 503 ? 'ServiceUnavailable' : 'InternalError', text.trim() || 'unknown');
}

/** Opens a session, which is a span of its own: what it sends can be followed through the cluster. Throws an Error with client-go's text where the configuration cannot be used. */
export function openSession(process: Process, flags: Flags): Session {
  let made: { config: RestConfig; client: RestClient } | undefined;
  const connect = (): { config: RestConfig; client: RestClient } => {
    if (made) return made;
    const { kubeconfig, directory } = loadConfig(process, flags);
    const overrides = overridesOf(flags);
    const hasServer = Boolean(overrides.server) || (kubeconfig.clusters?.length ?? 0) > 0;
    const config = restConfigOf(
      kubeconfig,
      process.files,
      directory,
      process.crypto,
      hasServer ? overrides : { ...overrides, server: 'http://localhost:8080' },
    );
    made = {
      config,
      client: restClient({
        network: process.network,
        clock: process.clock,
        files: process.files,
        config,
        userAgent: clientVersion.userAgent,
      }),
    };
    return made;
  };
  const span = process.telemetry.span('kubectl', { 'process.command_args': process.argv.join(' ').slice(0, COMMAND_LENGTH_MAX) });
  let warnings = 0;
  const told = new Set<string>();
  const session: Session = {
    process,
    get config() {
      return connect().config;
    },
    get client() {
      return connect().client;
    },
    get namespace() {
      return connect().config.namespace || 'default';
    },
    namespaceGiven: flags.given('namespace'),
    discovery: createDiscovery(() => session),
    async send(request) {
      const raw = toRaw(request, span.traceparent);
      const response = await connect().client.request(raw);
      for (const [name, value] of response.headers) {
        const text = name === 'warning' ? warningText(value) : '';
        if (!text || told.has(text)) continue;
        told.add(text);
        warnings++;
        await session.err(`Warning: ${text}\n`);
      }
      if (response.status < 400) return response;
      throw await refusalOf(response, raw);
    },
    async json<T>(request: ApiRequest) {
      const response = await session.send(request);
      const text = await response.text();
      try {
        return JSON.parse(text) as T;
      } catch (error) {
        throw new CommandError(
          `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)} (${header(response.headers, 'content-type') ?? ''})`,
        );
      }
    },
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    nowMs: () => process.clock.wallMs(),
    get warningCount() {
      return warnings;
    },
    close() {
      made?.client.close();
      span.end();
    },
  };
  return session;
}
