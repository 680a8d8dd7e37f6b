/** The API server's Prometheus metrics under their real names. */
import type { Kind } from '#api';
import type { Metrics } from '#host';
import type { RequestInfo } from '../request-info.ts';

const latencyBuckets: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

/** What the server counts. */
export interface ServerMetrics {
  request(info: RequestInfo, code: number, seconds: number): void;
  etcdRequest(operation: string, ms: number): void;
  inFlight(kind: 'readOnly' | 'mutating', count: number): void;
  watchBegan(kind: Kind): void;
  watchEnded(kind: Kind): void;
}

const clientVerbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};

/** Registers the metrics. */
export function createServerMetrics(metrics: Metrics): ServerMetrics {
  const labels = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component', 'code'];
  const total = metrics.counter(
    'apiserver_request_total',
    'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
    labels,
  );
  const duration = metrics.histogram(
    'apiserver_request_duration_seconds',
    'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
    latencyBuckets,
    labels.slice(0, -1),
  );
  const etcdDuration = metrics.histogram(
    'etcd_request_duration_seconds',
    'Etcd request latency in seconds for each operation and object type.',
    latencyBuckets,
    ['operation'],
  );
  const etcdTotal = metrics.counter('etcd_requests_total', 'Etcd request counts for each operation and object type.', ['operation']);
  const inFlight = metrics.gauge(
    'apiserver_current_inflight_requests',
    'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
    ['request_kind'],
  );
  const longRunning = metrics.gauge(
    'apiserver_longrunning_requests',
    'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
    ['verb', 'group', 'version', 'resource'],
  );
  const watches = new Map<Kind, number>();
  const countWatch = (kind: Kind, by: number): void => {
    const count = (watches.get(kind) ?? 0) + by;
    watches.set(kind, count);
    longRunning.set(count, 'WATCH', kind.group, kind.version, kind.plural);
  };
  return {
    request(info, code, seconds) {
      const scope = !info.isResource ? '' : info.name ? 'resource' : info.namespace ? 'namespace' : 'cluster';
      const dryRun = info.query.get('dryRun') ? 'All' : '';
      const values = [
        clientVerbs[info.verb] ?? info.method,
        dryRun,
        info.group,
        info.version,
        info.resource,
        info.subresource,
        scope,
        'apiserver',
      ];
      total.add(1, ...values, String(code));
      if (info.verb !== 'watch') duration.observe(seconds, ...values);
    },
    etcdRequest(operation, ms) {
      etcdDuration.observe(ms / 1000, operation);
      etcdTotal.add(1, operation);
    },
    inFlight: (kind, count) => inFlight.set(count, kind),
    watchBegan: (kind) => countWatch(kind, 1),
    watchEnded: (kind) => countWatch(kind, -1),
  };
}
