/**
 * The secure port of a component (k8s.io/apiserver's generic server as the scheduler and the controller manager use it):
 * /healthz, /livez, /readyz for everyone, /metrics and /configz for whom the API server allows (delegated authentication
 * and authorization: TokenReview, SubjectAccessReview).
 */
import { failure } from '#apimachinery';
import {
  header,
  listenHttp,
  type Certificate,
  type Clock,
  type Crypto,
  type Files,
  type HttpAnswer,
  type Identity,
  type IncomingRequest,
  type Listener,
  type Network,
  type Telemetry,
} from '#host';
import type { RestClient } from './rest-client.ts';

/** What a component's port serves. */
export interface ComponentServerOptions {
  readonly network: Network;
  readonly telemetry: Telemetry;
  readonly port: number;
  /** `--bind-address`; 0.0.0.0 binds all. */
  readonly address?: string;
  /** With it the port speaks TLS. */
  readonly identity?: Identity;
  readonly clientCas?: readonly Certificate[];
  /** Asks the API server who may read; without it everything is open (kube-proxy's metrics port). */
  readonly reviewer?: RestClient;
  /** Named checks of /healthz, /livez and /readyz: resolves to the reason of a failure, or undefined. */
  readonly checks?: Readonly<Record<string, () => string | undefined>>;
  /** Further paths. */
  readonly handlers?: Readonly<Record<string, (request: IncomingRequest) => Promise<HttpAnswer>>>;
}

const plain = (status: number, body: string): HttpAnswer => ({
  status,
  headers: [
    ['content-type', 'text/plain; charset=utf-8'],
    ['x-content-type-options', 'nosniff'],
  ],
  body,
});

function health(path: string, checks: Readonly<Record<string, () => string | undefined>>, verbose: boolean): HttpAnswer {
  const name = path.slice(1);
  const lines: string[] = [];
  let failed = false;
  for (const [check, run] of Object.entries(checks)) {
    const reason = run();
    if (reason !== undefined) failed = true;
    lines.push(reason === undefined ? `[+]${check} ok` : `[-]${check} failed: reason withheld`);
  }
  if (failed) return plain(500, `${lines.join('\n')}\n${name} check failed\n`);
  return plain(200, verbose ? `${lines.join('\n')}\n${name} check passed\n` : 'ok');
}

interface Reviewed {
  readonly user: string;
  readonly groups: readonly string[];
}

async function authenticate(request: IncomingRequest, reviewer: RestClient): Promise<Reviewed | undefined> {
  const certificate = request.peer.certificate;
  if (certificate) return { user: certificate.subject.commonName, groups: [...certificate.subject.organizations, 'system:authenticated'] };
  const token = /^Bearer (.+)$/i.exec(header(request.headers, 'authorization') ?? '')?.[1];
  if (!token) return { user: 'system:anonymous', groups: ['system:unauthenticated'] };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const review = await reviewer.json<{ status?: { authenticated?: boolean; user?: { username?: string; groups?: string[] } } }>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body,
  });
  if (!review.status?.authenticated) return undefined;
  return { user: review.status.user?.username ?? '', groups: review.status.user?.groups ?? [] };
}

/** The refusal of a request, or undefined where it may pass. */
async function refusal(request: IncomingRequest, path: string, reviewer: RestClient): Promise<HttpAnswer | undefined> {
  const user = await authenticate(request, reviewer);
  const refuse = (code: number, reason: 'Unauthorized' | 'Forbidden', message: string): HttpAnswer => ({
    status: code,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(failure(code, reason, message).status),
  });
  if (!user) return refuse(401, 'Unauthorized', 'Unauthorized');
  const verb = request.method.toLowerCase();
  const spec = { user: user.user, groups: user.groups, nonResourceAttributes: { path, verb } };
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const review = await reviewer.json<{ status?: { allowed?: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body,
  });
  return review.status?.allowed ? undefined : refuse(403, 'Forbidden', `forbidden: User "${user.user}" cannot ${verb} path "${path}"`);
}

/** Serves a component's port until the process ends. Rejects with NetworkError where the port is taken. */
export function serveComponent(options: ComponentServerOptions): Promise<Listener> {
  const { network, telemetry, checks = { ping: () => undefined }, handlers = {}, reviewer } = options;
  const handle = async (request: IncomingRequest): Promise<HttpAnswer> => {
    const [path = '/', query = ''] = request.path.split('?');
    if (path === '/healthz' || path === '/livez' || path === '/readyz')
      return handlers[path]?.(request) ?? health(path, checks, new URLSearchParams(query).has('verbose'));
    const refused = reviewer && (await refusal(request, path, reviewer));
    if (refused) return refused;
    if (path === '/metrics')
      return { ...plain(200, telemetry.metrics.text()), headers: [['content-type', 'text/plain; version=0.0.4; charset=utf-8']] };
    return handlers[path]?.(request) ?? plain(404, '404 page not found\n');
  };
  const listen = {
    ...(options.address && options.address !== '0.0.0.0' ? { address: options.address } : {}),
    ...(options.identity ? { identity: options.identity } : {}),
    ...(options.clientCas ? { clientCas: options.clientCas } : {}),
  };
  return listenHttp(network, options.port, listen, handle, (error) =>
    telemetry.log('error', `http: panic serving: ${error instanceof Error ? error.message : String(error)}`),
  );
}

/**
 * The serving identity of a component: the files of `--tls-cert-file` and `--tls-private-key-file`, or a certificate it
 * signs itself at each start (`name@time`), which is why kubeadm's probes do not verify it.
 */
export function servingIdentity(
  crypto: Crypto,
  clock: Clock,
  files: Files,
  name: string,
  host: string,
  certFile?: string,
  keyFile?: string,
): Identity {
  if (certFile && keyFile)
    return { chain: crypto.certificatesFromPem(files.readText(certFile)), key: crypto.keyFromPem(files.readText(keyFile)) };
  const key = crypto.generateKey();
  const now = clock.wallMs();
  const template = {
    subject: { commonName: `${name}@${Math.floor(now / 1000)}`, organizations: [] },
    notBeforeMs: now - 3_600_000,
    notAfterMs: now + 365 * 86_400_000,
    usages: ['server auth'] as const,
    dnsNames: [host, 'localhost'],
    ipAddresses: ['127.0.0.1'],
  };
  return { chain: [crypto.issueCertificate(template, key.publicKey, key)], key };
}
