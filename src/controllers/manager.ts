/** kube-controller-manager: reads its flags, leads by Lease, and starts the controllers, each with the credentials of its own service account. */
import { isAlreadyExists } from '#apimachinery';
import {
  eventRecorder,
  informerFactory,
  resources,
  resourcePath,
  restClient,
  runLeaderComponent,
  signalTree,
  startController,
  userAgentOf,
  type LeadingContext,
  type RestClient,
} from '#client';
import { parseFlags, type Flags, type Process, type Program } from '#host';
import { parseDuration } from '#apimachinery';
import type { ControllerSettings, ManagerController } from './settings.ts';

const SWITCHES = ['leader-elect', 'allocate-node-cidrs', 'use-service-account-credentials'] as const;
const TOKEN_SECONDS = 3600;
const TOKEN_RENEW_SHARE = 0.8;
const RETRY_MS = 1_000;

const duration = (flags: Flags, name: string, fallback: string): number => parseDuration(flags.get(name) ?? fallback);

/** Settings of the controllers from flags. Throws FileError's text for a missing root CA. */
export function settingsOf(flags: Flags, process: Pick<Process, 'files'>): ControllerSettings {
  const rootCaFile = flags.get('root-ca-file');
  return {
    clusterName: flags.get('cluster-name') ?? 'kubernetes',
    rootCa: rootCaFile ? process.files.readText(rootCaFile) : '',
    allocateNodeCidrs: flags.boolean('allocate-node-cidrs', false),
    clusterCidr: flags.get('cluster-cidr') ?? '',
    nodeCidrMaskSize: flags.number('node-cidr-mask-size', flags.number('node-cidr-mask-size-ipv4', 24)),
    nodeMonitorPeriodMs: duration(flags, 'node-monitor-period', '5s'),
    nodeMonitorGracePeriodMs: duration(flags, 'node-monitor-grace-period', '50s'),
    nodeStartupGracePeriodMs: duration(flags, 'node-startup-grace-period', '1m0s'),
    terminatedPodThreshold: flags.number('terminated-pod-gc-threshold', 12_500),
    clusterSigningCertFile: flags.get('cluster-signing-cert-file') ?? '',
    clusterSigningKeyFile: flags.get('cluster-signing-key-file') ?? '',
  };
}

/** The names controllers had before 1.28, which `--controllers` still takes (kubeadm writes two of them). */
const OLD_NAMES: Readonly<Record<string, string>> = {
  bootstrapsigner: 'bootstrap-signer-controller',
  cronjob: 'cronjob-controller',
  csrsigning: 'certificatesigningrequest-signing-controller',
  daemonset: 'daemonset-controller',
  deployment: 'deployment-controller',
  endpoint: 'endpoints-controller',
  endpointslice: 'endpointslice-controller',
  garbagecollector: 'garbage-collector-controller',
  horizontalpodautoscaling: 'horizontal-pod-autoscaler-controller',
  job: 'job-controller',
  namespace: 'namespace-controller',
  nodeipam: 'node-ipam-controller',
  nodelifecycle: 'node-lifecycle-controller',
  'persistentvolume-binder': 'persistentvolume-binder-controller',
  'pv-protection': 'persistentvolume-protection-controller',
  'pvc-protection': 'persistentvolumeclaim-protection-controller',
  podgc: 'pod-garbage-collector-controller',
  replicaset: 'replicaset-controller',
  resourcequota: 'resourcequota-controller',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher-controller',
  serviceaccount: 'serviceaccount-controller',
  statefulset: 'statefulset-controller',
  tokencleaner: 'token-cleaner-controller',
  'ttl-after-finished': 'ttl-after-finished-controller',
};

/** Which controllers `--controllers` asks for: names, `-name`, and `*` for all that are on by default. */
export function enabledControllers(controllers: readonly ManagerController[], words: readonly string[]): readonly ManagerController[] {
  const asked = words.map((word) => (word.startsWith('-') ? `-${OLD_NAMES[word.slice(1)] ?? word.slice(1)}` : (OLD_NAMES[word] ?? word)));
  return controllers.filter(({ name, disabledByDefault }) => {
    if (asked.includes(name)) return true;
    if (asked.includes(`-${name}`)) return false;
    return (asked.length === 0 || asked.includes('*')) && !disabledByDefault;
  });
}

/** Keeps a token of a service account of kube-system fresh; resolves with where to read it once there is one. */
async function serviceAccountToken(process: Process, leading: LeadingContext, root: RestClient, account: string): Promise<() => string> {
  let token = '';
  const { clock } = process;
  const request = async (): Promise<number> => {
    const ask = (): Promise<{ status: { token: string; expirationTimestamp: string } }> =>
      root.json({
        method: 'POST',
        path: resourcePath(resources.serviceaccounts as never, 'kube-system', account, 'token'),
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          metadata: { name: account, namespace: 'kube-system' },
          spec: { expirationSeconds: TOKEN_SECONDS },
        },
      });
    try {
      await root.create(resources.serviceaccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: account, namespace: 'kube-system' },
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    token = (await ask()).status.token;
    return TOKEN_SECONDS * 1000 * TOKEN_RENEW_SHARE;
  };
  const renew = async (): Promise<void> => {
    let waitMs = RETRY_MS;
    try {
      waitMs = await request();
    } catch (error) {
      leading.telemetry.log(
        'error',
        `unable to get token for service account "kube-system/${account}": ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const stop = clock.after(waitMs, () => void renew());
    leading.signal.addEventListener('abort', stop, { once: true });
  };
  for (await renew(); !token && !leading.signal.aborted;) await clock.sleep(RETRY_MS);
  return () => token;
}

async function startAll(process: Process, flags: Flags, leading: LeadingContext, controllers: readonly ManagerController[]): Promise<void> {
  const { clock, random, crypto, files, network } = process;
  const { telemetry, signal } = leading;
  const settings = settingsOf(flags, process);
  const informers = informerFactory({ client: leading.clientFor('shared-informers'), clock, random, telemetry });
  const root = leading.client;
  const signals = signalTree(signal);
  const withAccounts = flags.boolean('use-service-account-credentials', false);
  const clients = new Map<string, Promise<RestClient>>();
  const clientOf = (account: string): Promise<RestClient> => {
    if (!withAccounts) return Promise.resolve(leading.clientFor(account));
    const known = clients.get(account);
    if (known) return known;
    const made = serviceAccountToken(process, { ...leading, signal: signals.fork().signal }, root, account).then((token) => {
      const { identity: _own, ...config } = root.config;
      return restClient({
        network,
        clock,
        files,
        config: { ...config, token },
        userAgent: userAgentOf('kube-controller-manager', `system:serviceaccount:kube-system:${account}`),
      });
    });
    clients.set(account, made);
    return made;
  };
  const enabled = enabledControllers(controllers, flags.list('controllers'));
  await Promise.all(
    enabled.map(async (controller) => {
      const account = controller.account ?? controller.name;
      const client = await clientOf(account);
      if (signal.aborted) return;
      const events = eventRecorder({ client, clock, telemetry, component: controller.eventSource ?? account });
      startController(controller, {
        client,
        informers,
        events,
        clock,
        random: random.fork(controller.name),
        crypto,
        files,
        telemetry,
        settings,
        signal: signals.fork().signal,
      });
    }),
  );
  informers.start(signal);
}

/**
 * The program over a list of controllers. Flags: `--kubeconfig`, `--authentication-kubeconfig`, `--authorization-kubeconfig`,
 * `--bind-address`, `--secure-port` (10257), `--leader-elect` …, `--controllers`, `--root-ca-file`, `--cluster-cidr`,
 * `--allocate-node-cidrs`, `--node-cidr-mask-size`, `--node-monitor-period`, `--node-monitor-grace-period`,
 * `--terminated-pod-gc-threshold`, `--use-service-account-credentials`, `--cluster-signing-cert-file`, `--cluster-signing-key-file`.
 */
export function controllerManager(controllers: readonly ManagerController[]): Program {
  return (process) => {
    const flags = parseFlags(process.argv, SWITCHES);
    return runLeaderComponent(process, flags, {
      name: 'kube-controller-manager',
      port: 10257,
      lead: (leading) => startAll(process, flags, leading, controllers),
    });
  };
}
