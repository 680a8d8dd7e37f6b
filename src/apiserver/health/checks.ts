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
]);

/** The checks of one server. */
export interface HealthChecks {
  /** Says that a post-start hook is done. */
  hookDone(name: string): void;
  /** From now on the server is not ready: it is shutting down. */
  shutDown(): void;
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

/** All checks of a group. */
async function runAll(
  log: HealthSources['log'],
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
        return { line: `[+]${check} ok\n`, failed: '' };
      } catch (error) {
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
  let isShuttingDown = false;
  const ok: Check = () => Promise.resolve();
  const hookCheck =
    (name: string): Check =>
    () =>
      done.has(name) ? Promise.resolve() : Promise.reject(new Error('not finished'));
  const hooks = postStartHooks.map((name): [string, Check] => [`poststarthook/${name}`, hookCheck(name)]);
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
        const answer = await runAll(sources.log, group, checks, query);
        if (group === 'readyz') sources.onReadiness(answer.status === 200);
        return answer;
      }
      const check = checks.find(([each]) => each === name)?.[1];
      return check && runOne(check);
    },
  };
}
