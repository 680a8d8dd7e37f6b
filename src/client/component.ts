/**
 * The frame of a control plane component that leads by Lease: kubeconfig, client, secure port, leader election, SIGTERM.
 * kube-scheduler and kube-controller-manager are this and what they do while leading.
 */
import { randomUid, type Flags, type Process, type Telemetry } from '#host';
import { servingIdentity, serveComponent, type ComponentServerOptions } from './component-server.ts';
import { eventRecorder } from './event-recorder.ts';
import { klogTelemetry } from './klog.ts';
import { loadKubeconfig, type RestConfig } from './kubeconfig.ts';
import { leaderElect } from './leader-election.ts';
import { restClient, type RestClient } from './rest-client.ts';
import { parseDuration } from '#apimachinery';

/** What a leading component is given. */
export interface LeadingContext {
  readonly client: RestClient;
  readonly telemetry: Telemetry;
  /** Aborts when the process is asked to terminate. */
  readonly signal: AbortSignal;
  /** A further client with the same credentials and another user agent suffix. */
  readonly clientFor: (suffix: string) => RestClient;
}

/** A component: names, default port, and what it does while it leads. */
export interface LeaderComponent {
  /** Also the name of its Lease: `kube-scheduler`. */
  readonly name: string;
  readonly port: number;
  /** Starts the work; returns when everything is started. A rejection ends the process with code 1. */
  readonly lead: (context: LeadingContext) => Promise<void>;
  readonly checks?: ComponentServerOptions['checks'];
}

/** The user agent of a component. */
export function userAgentOf(component: string, suffix = ''): string {
  return `${component}/v1.33.13 (linux/amd64) kubernetes/0000000${suffix ? `/${suffix}` : ''}`;
}

function durationFlag(flags: Flags, name: string): { ms?: number } {
  const text = flags.get(name);
  return text === undefined ? {} : { ms: parseDuration(text) };
}

/** The configuration of a kubeconfig, read once for all who ask for the same file. */
type ConfigAt = (path: string) => RestConfig;

function kubeconfigsOf({ files, crypto }: Process): ConfigAt {
  const read = new Map<string, RestConfig>();
  return (path) => {
    const config = read.get(path) ?? loadKubeconfig(files, path, crypto);
    read.set(path, config);
    return config;
  };
}

async function serve(process: Process, flags: Flags, component: LeaderComponent, telemetry: Telemetry, configAt: ConfigAt): Promise<void> {
  const { files, crypto, network, clock } = process;
  const kubeconfig = flags.get('authorization-kubeconfig') ?? flags.get('authentication-kubeconfig');
  const reviewer = kubeconfig
    ? restClient({ network, clock, files, config: configAt(kubeconfig), userAgent: userAgentOf(component.name) })
    : undefined;
  const clientCa = flags.get('client-ca-file');
  const port = flags.number('secure-port', component.port);
  if (port === 0) return;
  await serveComponent({
    network,
    telemetry,
    port,
    address: flags.get('bind-address') ?? '0.0.0.0',
    identity: servingIdentity(
      crypto,
      clock,
      files,
      component.name,
      process.hostname,
      flags.get('tls-cert-file'),
      flags.get('tls-private-key-file'),
    ),
    ...(clientCa ? { clientCas: crypto.certificatesFromPem(files.readText(clientCa)) } : {}),
    ...(reviewer ? { reviewer } : {}),
    checks: { ping: () => undefined, ...component.checks },
  });
}

/** Elects and leads until the Lease is lost (`lost`) or the process is asked to end (`released`); rejects where leading could not start. */
function elect(process: Process, flags: Flags, component: LeaderComponent, context: LeadingContext): Promise<'lost' | 'released'> {
  const { clock, random } = process;
  const { telemetry, signal } = context;
  return new Promise((resolve, reject) => {
    const lead = (): void => void component.lead(context).catch(reject);
    if (!flags.boolean('leader-elect', true)) {
      telemetry.facts({ leader: true });
      lead();
      signal.addEventListener('abort', () => resolve('released'), { once: true });
      return;
    }
    const client = context.clientFor('leader-election');
    const lease = durationFlag(flags, 'leader-elect-lease-duration').ms;
    const deadline = durationFlag(flags, 'leader-elect-renew-deadline').ms;
    const retry = durationFlag(flags, 'leader-elect-retry-period').ms;
    leaderElect(
      {
        client,
        clock,
        random,
        telemetry,
        name: flags.get('leader-elect-resource-name') ?? component.name,
        namespace: flags.get('leader-elect-resource-namespace') ?? 'kube-system',
        identity: `${process.hostname}_${randomUid(random)}`,
        ...(lease === undefined ? {} : { leaseDurationMs: lease }),
        ...(deadline === undefined ? {} : { renewDeadlineMs: deadline }),
        ...(retry === undefined ? {} : { retryPeriodMs: retry }),
        events: eventRecorder({
          client,
          clock,
          telemetry,
          component: component.name === 'kube-scheduler' ? 'default-scheduler' : component.name,
        }),
        onStartedLeading: lead,
        onNewLeader: (identity) => telemetry.log('info', `new leader elected: ${identity}`),
      },
      signal,
    ).then(resolve, reject);
  });
}

/** Runs a component from its flags until it ends; answers its exit code: 0 after SIGTERM, 1 after losing the Lease or a bad start. */
export async function runLeaderComponent(process: Process, flags: Flags, component: LeaderComponent): Promise<number> {
  const telemetry = klogTelemetry(process);
  const terminating = new AbortController();
  for (const signal of ['TERM', 'INT'] as const) process.onSignal(signal, () => terminating.abort(new Error(`received ${signal}`)));
  try {
    const path = flags.get('kubeconfig');
    if (!path)
      throw new Error('invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable');
    const configAt = kubeconfigsOf(process);
    const config = configAt(path);
    const { network, clock, files } = process;
    const clientFor = (suffix: string): RestClient =>
      restClient({ network, clock, files, config, userAgent: userAgentOf(component.name, suffix) });
    telemetry.log('info', 'Starting version="v1.33.13"');
    await serve(process, flags, component, telemetry, configAt);
    const end = await elect(process, flags, component, { client: clientFor(''), telemetry, signal: terminating.signal, clientFor });
    if (end === 'released') {
      telemetry.log('info', 'Requested to terminate, exiting');
      return 0;
    }
    telemetry.log('error', 'leaderelection lost');
    return 1;
  } catch (error) {
    if (terminating.signal.aborted) return 0;
    telemetry.log('error', `"command failed" err="${error instanceof Error ? error.message : String(error)}"`);
    return 1;
  }
}
