/** What a member serves over plain HTTP on `--listen-metrics-urls` (2381): /health, /livez, /readyz with their checks, /metrics, /version. */
import type { HttpAnswer, IncomingRequest } from '#host';
import type { EtcdMember } from '../member.ts';
import { ETCD_VERSION } from './maintenance.ts';

interface Check {
  readonly name: string;
  run(): Promise<string | undefined>;
}

const plain = (status: number, body: string): HttpAnswer => ({ status, headers: [['content-type', 'text/plain; charset=utf-8']], body });

function checksOf(member: EtcdMember): Record<'dataCorruption' | 'serializableRead' | 'linearizableRead', Check> {
  return {
    dataCorruption: {
      name: 'data_corruption',
      run: () => Promise.resolve(member.state.hasAlarm('CORRUPT') ? 'alarm activated: CORRUPT' : undefined),
    },
    // A local read takes nothing but the state that is here.
    serializableRead: { name: 'serializable_read', run: () => Promise.resolve(undefined) },
    linearizableRead: {
      name: 'linearizable_read',
      run: () =>
        member.linearize().then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        ),
    },
  };
}

async function runChecks(path: string, checks: readonly Check[], isVerbose: boolean): Promise<HttpAnswer> {
  const lines: string[] = [];
  let isHealthy = true;
  for (const check of checks) {
    const failure = await check.run();
    if (failure !== undefined) isHealthy = false;
    lines.push(failure === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: ${failure}`);
  }
  const name = path.slice(1);
  if (!isHealthy) return plain(503, `${lines.join('\n')}\n${name} check failed\n`);
  return plain(200, isVerbose ? `${lines.join('\n')}\n${name} check passed\n` : 'ok\n');
}

async function health(member: EtcdMember, query: URLSearchParams): Promise<HttpAnswer> {
  const answer = (isHealthy: boolean, reason: string): HttpAnswer => ({
    status: isHealthy ? 200 : 503,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({ health: String(isHealthy), reason }),
  });
  const excluded = query.getAll('exclude');
  const alarm = member.state.alarms().find((standing) => !excluded.includes(standing.alarm));
  if (alarm) return answer(false, `ALARM ${alarm.alarm}`);
  if (query.get('serializable') === 'true') return answer(true, '');
  if (member.leaderId === '0') return answer(false, 'RAFT NO LEADER');
  const failure = await checksOf(member).linearizableRead.run();
  return failure === undefined ? answer(true, '') : answer(false, `QGET ERROR:${failure}`);
}

function metricsText(member: EtcdMember): string {
  const { store } = member.state;
  const { metrics } = member;
  metrics.dbSize.set(store.size);
  metrics.dbSizeInUse.set(store.sizeInUse);
  metrics.revision.set(store.revision);
  metrics.keys.set(store.keyCount);
  metrics.isLearner.set(member.isLearner ? 1 : 0);
  return member.telemetry.metrics.text();
}

/** Answers a request to the metrics port. */
export async function serveHealth(member: EtcdMember, request: IncomingRequest): Promise<HttpAnswer> {
  const [path = '/', queryText = ''] = request.path.split('?', 2);
  const query = new URLSearchParams(queryText);
  if (request.method !== 'GET') return plain(405, 'Method Not Allowed\n');
  const { dataCorruption, serializableRead, linearizableRead } = checksOf(member);
  switch (path) {
    case '/health':
      return health(member, query);
    case '/livez':
      return runChecks(path, [serializableRead], query.has('verbose'));
    case '/readyz':
      return runChecks(path, [dataCorruption, serializableRead, linearizableRead], query.has('verbose'));
    case '/metrics':
      return { status: 200, headers: [['content-type', 'text/plain; version=0.0.4; charset=utf-8']], body: metricsText(member) };
    case '/version':
      return {
        status: 200,
        headers: [['content-type', 'application/json']],
        body: JSON.stringify({ etcdserver: ETCD_VERSION, etcdcluster: '3.5.0' }),
      };
    default:
      return plain(404, '404 page not found\n');
  }
}
