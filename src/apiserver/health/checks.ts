/** /healthz, /livez and /readyz: named checks, told one by one with ?verbose or at /livez/<check>. */
import type { HttpAnswer } from '#host';

/** A check; resolves when all is well, rejects with the reason. */
export type Check = () => Promise<void>;

/** The post-start hooks in the order a kubeadm cluster's API server prints them. */
export const postStartHooks: readonly string[] = Object.freeze([
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'storage-object-count-tracker-hook',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller',
  'start-kube-apiserver-identity-lease-garbage-collector',
  'start-legacy-token-tracking-controller',
  'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'start-kube-aggregator-informers',
  'apiservice-status-local-available-controller',
  'apiservice-status-remote-available-controller',
  'apiservice-registration-controller',
  'apiservice-wait-for-first-sync',
  'apiservice-discovery-controller',
  'kube-apiserver-autoregistration',
  'apiservice-openapi-controller',
  'apiservice-openapiv3-controller',
]);

/** A hook, and the check by itself that follows it. */
const AUTOREGISTRATION = 'kube-apiserver-autoregistration';

/** The checks of one server. */
export interface HealthChecks {
  /** Says that a post-start hook is done. */
  hookDone(name: string): void;
  /** From now on the server is not ready: it is shutting down. */
  shutDown(): void;
  /** What the checks found so far, as /metrics/slis tells it. */
  metricsText(): string;
  /** Answers a health path; undefined for paths that are none. */
  serve(path: string, query: URLSearchParams): Promise<HttpAnswer | undefined>;
  readonly paths: readonly string[];
}

/** What the checks look at. */
export interface HealthSources {
  etcd: Check;
  etcdReadiness: Check;
  informersUnsynced(): readonly string[];
  log(message: string): void;
  /** Hears what every look at /readyz found. */
  onReadiness(isReady: boolean): void;
}

const plainText: [string, string][] = [
  ['content-type', 'text/plain; charset=utf-8'],
  ['x-content-type-options', 'nosniff'],
];

/** The outcomes of every check of every group, as Prometheus reads them. */
interface Outcomes {
  count(group: string, check: string, isWell: boolean): void;
  text(): string;
}

function createOutcomes(): Outcomes {
  const found = new Map<string, { isWell: boolean; success: number; error: number }>();
  return {
    count(group, check, isWell) {
      const labels = `name="${check}",type="${group}"`;
      const before = found.get(labels) ?? { isWell, success: 0, error: 0 };
      found.set(labels, { isWell, success: before.success + (isWell ? 1 : 0), error: before.error + (isWell ? 0 : 1) });
    },
    text() {
      const all = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
      const totals = all.flatMap(([labels, { success, error }]) =>
        [
          { status: 'error', count: error },
          { status: 'success', count: success },
        ]
          .filter(({ count }) => count > 0)
          .map(({ status, count }) => `kubernetes_healthchecks_total{${labels.replace(',type', `,status="${status}",type`)}} ${count}\n`),
      );
      return [
        '# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.\n',
        '# TYPE kubernetes_healthcheck gauge\n',
        ...all.map(([labels, { isWell }]) => `kubernetes_healthcheck{${labels}} ${isWell ? 1 : 0}\n`),
        '# HELP kubernetes_healthchecks_total [STABLE] This metric records the results of all healthcheck.\n',
        '# TYPE kubernetes_healthchecks_total counter\n',
        ...totals,
      ].join('');
    },
  };
}

/** All checks of a group. */
async function runAll(
  { log }: HealthSources,
  outcomes: Outcomes,
  name: string,
  checks: readonly [string, Check][],
  query: URLSearchParams,
): Promise<HttpAnswer> {
  const excluded = new Set(query.getAll('exclude'));
  const results = await Promise.all(
    checks.map(async ([check, run]) => {
      if (excluded.has(check)) return { line: `[+]${check} excluded: ok\n`, failed: '' };
      try {
        await run();
        outcomes.count(name, check, true);
        return { line: `[+]${check} ok\n`, failed: '' };
      } catch (error) {
        outcomes.count(name, check, false);
        log(`${check} check failed: ${name}\n${error instanceof Error ? error.message : String(error)}`);
        return { line: `[-]${check} failed: reason withheld\n`, failed: check };
      }
    }),
  );
  const lines = results.map((result) => result.line).join('');
  if (results.some((result) => result.failed !== '')) return { status: 500, headers: plainText, body: `${lines}${name} check failed\n` };
  const isVerbose = query.get('verbose') !== null;
  return { status: 200, headers: plainText, body: isVerbose ? `${lines}${name} check passed\n` : 'ok' };
}

/** One check by itself. */
async function runOne(check: Check): Promise<HttpAnswer> {
  try {
    await check();
    return { status: 200, headers: plainText, body: 'ok' };
  } catch (error) {
    return {
      status: 500,
      headers: plainText,
      body: `internal server error: ${error instanceof Error ? error.message : String(error)}\n`,
    };
  }
}

/** Makes the checks. */
export function createHealthChecks(sources: HealthSources): HealthChecks {
  const done = new Set<string>();
  const outcomes = createOutcomes();
  let isShuttingDown = false;
  const ok: Check = () => Promise.resolve();
  const hookCheck =
    (name: string): Check =>
    () =>
      done.has(name) ? Promise.resolve() : Promise.reject(new Error('not finished'));
  const hooks = postStartHooks.flatMap((name): [string, Check][] => {
    const hook: [string, Check] = [`poststarthook/${name}`, hookCheck(name)];
    return name === AUTOREGISTRATION ? [hook, ['autoregister-completion', hookCheck(name)]] : [hook];
  });
  const informers: Check = async () => {
    const waiting = sources.informersUnsynced();
    if (waiting.length > 0) throw new Error(`${waiting.length} informers not started yet: ${waiting.join(', ')}`);
  };
  const shutdown: Check = async () => {
    if (isShuttingDown) throw new Error('process is shutting down');
  };
  const live: readonly [string, Check][] = [['ping', ok], ['log', ok], ['etcd', sources.etcd], ...hooks];
  const ready: readonly [string, Check][] = [
    ['ping', ok],
    ['log', ok],
    ['etcd', sources.etcd],
    ['etcd-readiness', sources.etcdReadiness],
    ['informer-sync', informers],
    ...hooks,
    ['shutdown', shutdown],
  ];
  const groups: Readonly<Record<string, readonly [string, Check][]>> = { healthz: live, livez: live, readyz: ready };

  return {
    metricsText: () => outcomes.text(),
    hookDone: (name) => void done.add(name),
    shutDown() {
      isShuttingDown = true;
    },
    paths: Object.entries(groups).flatMap(([group, checks]) => [`/${group}`, ...checks.map(([check]) => `/${group}/${check}`)]),
    async serve(path, query) {
      const [, group = '', ...rest] = path.split('/');
      const checks = groups[group];
      if (!checks) return undefined;
      const name = rest.join('/');
      if (name === '') {
        const answer = await runAll(sources, outcomes, group, checks, query);
        if (group === 'readyz') sources.onReadiness(answer.status === 200);
        return answer;
      }
      const check = checks.find(([each]) => each === name)?.[1];
      return check && runOne(check);
    },
  };
}
