/** A small API server in memory for tests of clients: objects, versions, watches, subresources, discovery. No validation, no admission. */
import {
  alreadyExists,
  conflict,
  deepCopy,
  expired,
  notFound,
  parseFieldSelector,
  parseSelector,
  StatusError,
  type KubeObject,
} from '#apimachinery';
import { header, listenHttp, type HttpAnswer, type IncomingRequest, type Program } from '#host';
import { createSimulation, type Simulation } from '#host/simulated';

type Loose = KubeObject & { spec?: Record<string, unknown>; status?: Record<string, unknown> };
interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly collection: string;
  readonly object: Loose;
}

/** The served resources: group/version, plural, kind, namespaced. */
const SERVED: readonly (readonly [string, string, string, boolean])[] = [
  ['v1', 'namespaces', 'Namespace', false],
  ['v1', 'nodes', 'Node', false],
  ['v1', 'pods', 'Pod', true],
  ['v1', 'services', 'Service', true],
  ['v1', 'endpoints', 'Endpoints', true],
  ['v1', 'configmaps', 'ConfigMap', true],
  ['v1', 'secrets', 'Secret', true],
  ['v1', 'serviceaccounts', 'ServiceAccount', true],
  ['v1', 'events', 'Event', true],
  ['events.k8s.io/v1', 'events', 'Event', true],
  ['coordination.k8s.io/v1', 'leases', 'Lease', true],
  ['discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', true],
  ['apps/v1', 'deployments', 'Deployment', true],
  ['apps/v1', 'replicasets', 'ReplicaSet', true],
  ['apps/v1', 'daemonsets', 'DaemonSet', true],
  ['apps/v1', 'controllerrevisions', 'ControllerRevision', true],
  ['v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', true],
  ['v1', 'persistentvolumes', 'PersistentVolume', false],
  ['storage.k8s.io/v1', 'storageclasses', 'StorageClass', false],
  ['batch/v1', 'jobs', 'Job', true],
];

export interface FakeApi {
  readonly program: Program;
  /** Requests so far: `GET /api/v1/pods`. */
  readonly requests: string[];
  /** Stores as a client would, without the network. */
  put(object: object): Loose;
  remove(plural: string, key: string): void;
  get<T = Loose>(plural: string, key: string): T | undefined;
  list<T = Loose>(plural: string): T[];
  /** Answers instead of the store while it is set. */
  intercept: ((request: IncomingRequest) => HttpAnswer | undefined) | undefined;
  /** Forgets history: watches from older versions get 410. */
  compact(): void;
  /** Ends all watches. */
  dropWatches(): void;
  watches(): number;
}

const json = (status: number, body: unknown): HttpAnswer => ({
  status,
  headers: [['content-type', 'application/json']],
  body: JSON.stringify(body),
});
const keyOf = (object: Loose): string =>
  object.metadata.namespace ? `${object.metadata.namespace}/${object.metadata.name}` : object.metadata.name;

function mergeLists(target: unknown[], patch: unknown[]): unknown[] {
  const merged = [...target];
  for (const item of patch as Record<string, unknown>[]) {
    const at = merged.findIndex((other) => (other as Record<string, unknown>)['type'] === item['type']);
    if (at < 0) merged.push(item);
    else merged[at] = { ...(merged[at] as object), ...item };
  }
  return merged;
}

function merge(target: unknown, patch: unknown, strategic: boolean, field = ''): unknown {
  if (strategic && field === 'conditions' && Array.isArray(patch)) return mergeLists((target as unknown[]) ?? [], patch);
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(typeof target === 'object' && target !== null ? (target as object) : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value, strategic, key);
  }
  return result;
}

function fieldOf(object: Loose, field: string): string {
  let value: unknown = object;
  for (const part of field.split('.')) value = (value as Record<string, unknown> | undefined)?.[part];
  return value === undefined || value === null ? '' : String(value);
}

/** A new API server; run its program on a machine. */
export function fakeApi(port = 8080): FakeApi {
  let version = 100;
  let serial = 0;
  let compacted = 0;
  let wall = (): number => 0;
  const collections = new Map<string, Map<string, Loose>>(SERVED.map(([groupVersion, plural]) => [`${groupVersion}/${plural}`, new Map()]));
  const history: Change[] = [];
  const watchers = new Set<() => void>();
  let drop = 0;
  const requests: string[] = [];

  const collectionOf = (plural: string): [string, Map<string, Loose>] =>
    [...collections].find(([key]) => key.endsWith(`/${plural}`) && !key.startsWith('events.k8s.io'))!;
  const record = (collection: string, type: Change['type'], object: Loose): Loose => {
    object.metadata.resourceVersion = String(++version);
    history.push({ version, type, collection, object: deepCopy(object) });
    const objects = collections.get(collection)!;
    if (type === 'DELETED') objects.delete(keyOf(object));
    else objects.set(keyOf(object), deepCopy(object));
    for (const wake of [...watchers]) wake();
    return deepCopy(object);
  };
  const store = (collection: string, object: Loose): Loose => {
    const old = collections.get(collection)!.get(keyOf(object));
    object.metadata.uid ??= old?.metadata.uid ?? `uid-${++serial}`;
    object.metadata.creationTimestamp ??= old?.metadata.creationTimestamp ?? new Date(wall()).toISOString().replace(/\.\d+Z/, 'Z');
    if (!old) object.metadata.generation ??= 1;
    else object.metadata.generation = (old.metadata.generation ?? 1) + (JSON.stringify(old.spec) === JSON.stringify(object.spec) ? 0 : 1);
    if (object.metadata.deletionTimestamp && !object.metadata.finalizers?.length && collection !== 'v1/namespaces')
      return record(collection, 'DELETED', object);
    return record(collection, old ? 'MODIFIED' : 'ADDED', object);
  };
  const erase = (collection: string, object: Loose, policy: string | undefined): Loose => {
    const finalizers = [...(object.metadata.finalizers ?? [])];
    if (policy === 'Foreground' && !finalizers.includes('foregroundDeletion')) finalizers.push('foregroundDeletion');
    if (policy === 'Orphan' && !finalizers.includes('orphan')) finalizers.push('orphan');
    const waits = finalizers.length > 0 || (collection === 'v1/namespaces' && ((object.spec?.['finalizers'] as string[]) ?? []).length > 0);
    if (!waits) return record(collection, 'DELETED', object);
    const next = deepCopy(object);
    next.metadata.finalizers = finalizers;
    next.metadata.deletionTimestamp ??= new Date(wall()).toISOString().replace(/\.\d+Z/, 'Z');
    if (collection === 'v1/namespaces') next.status = { ...next.status, phase: 'Terminating' };
    return record(collection, 'MODIFIED', next);
  };
  const selects = (query: URLSearchParams, namespace: string | undefined) => {
    const labels = parseSelector(query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
    return (object: Loose): boolean =>
      (!namespace || object.metadata.namespace === namespace) &&
      labels.matches(object.metadata.labels) &&
      fields.matches((field) => fieldOf(object, field));
  };
  async function* watch(collection: string, from: number, matches: (object: Loose) => boolean): AsyncGenerator<string> {
    if (from < compacted) {
      yield `${JSON.stringify({ type: 'ERROR', object: expired(`too old resource version: ${from} (${compacted})`).status })}\n`;
      return;
    }
    const generation = drop;
    const known = new Set<string>();
    for (let at = history.findIndex((change) => change.version > from); ;) {
      if (at < 0) at = history.length;
      for (; at < history.length; at++) {
        const change = history[at]!;
        if (change.collection !== collection || !matches(change.object)) continue;
        const type = change.type === 'MODIFIED' && !known.has(keyOf(change.object)) && change.version === from ? 'ADDED' : change.type;
        known.add(keyOf(change.object));
        yield `${JSON.stringify({ type, object: change.object })}\n`;
      }
      let wake = (): void => undefined;
      const woken = new Promise<void>((resolve) => (wake = resolve));
      watchers.add(wake);
      await woken;
      watchers.delete(wake);
      if (drop !== generation) return;
    }
  }
  const discovery = (path: string): HttpAnswer | undefined => {
    if (path === '/apis') {
      const groups = [...new Set(SERVED.map(([groupVersion]) => groupVersion).filter((groupVersion) => groupVersion.includes('/')))];
      return json(200, {
        kind: 'APIGroupList',
        groups: groups.map((groupVersion) => ({ name: groupVersion.split('/')[0], preferredVersion: { groupVersion } })),
      });
    }
    const groupVersion = path.replace(/^\/apis?\//, '');
    const served = SERVED.filter(([own]) => own === groupVersion);
    if (!served.length) return undefined;
    const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
    return json(200, { groupVersion, resources: served.map(([, name, kind, namespaced]) => ({ name, kind, namespaced, verbs })) });
  };
  const write = async (
    request: IncomingRequest,
    collection: string,
    namespace: string | undefined,
    name: string | undefined,
    subresource: string | undefined,
  ): Promise<HttpAnswer> => {
    const objects = collections.get(collection)!;
    const plural = { group: collection.includes('/apps') ? 'apps' : '', resource: collection.slice(collection.lastIndexOf('/') + 1) };
    const body = JSON.parse((await request.text()) || '{}') as Loose;
    const current = name === undefined ? undefined : objects.get(namespace ? `${namespace}/${name}` : name);
    if (request.method === 'POST' && !subresource) {
      body.metadata.namespace ??= namespace as string;
      if (!body.metadata.name) body.metadata.name = `${body.metadata.generateName ?? ''}${(++serial).toString(36).padStart(5, 'x')}`;
      if (objects.has(keyOf(body))) throw alreadyExists(plural, body.metadata.name);
      return json(201, store(collection, body));
    }
    if (request.method === 'DELETE' && name === undefined) {
      for (const object of [...objects.values()].filter(selects(new URLSearchParams(request.path.split('?')[1] ?? ''), namespace)))
        erase(collection, object, undefined);
      return json(200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
    }
    if (subresource === 'token') return json(201, { status: { token: `token-of-${name}`, expirationTimestamp: '2030-01-01T00:00:00Z' } });
    if (!current) throw notFound(plural, name ?? '');
    if (request.method === 'DELETE') {
      const options = body as unknown as { propagationPolicy?: string; preconditions?: { uid?: string } };
      if (options.preconditions?.uid && options.preconditions.uid !== current.metadata.uid)
        throw conflict(plural, current.metadata.name, 'Precondition failed: UID');
      return json(200, erase(collection, current, options.propagationPolicy));
    }
    if (subresource === 'binding')
      return json(
        201,
        store(collection, {
          ...current,
          spec: { ...current.spec, nodeName: (body as unknown as { target: { name: string } }).target.name },
        }),
      );
    const next =
      request.method === 'PUT'
        ? body
        : (merge(current, body, (header(request.headers, 'content-type') ?? '').includes('strategic')) as Loose);
    if (next.metadata.resourceVersion && next.metadata.resourceVersion !== current.metadata.resourceVersion)
      throw conflict(plural, current.metadata.name);
    const merged: Loose =
      subresource === 'status'
        ? {
            ...current,
            metadata: { ...current.metadata, annotations: next.metadata.annotations },
            status: next.status as Record<string, unknown>,
          }
        : { ...next, ...(current.status && request.method === 'PUT' ? { status: current.status } : {}) };
    const isGone = subresource === 'finalize' && !((merged.spec?.['finalizers'] as string[]) ?? []).length;
    return json(200, isGone ? record(collection, 'DELETED', merged) : store(collection, merged));
  };
  const handle = async (request: IncomingRequest): Promise<HttpAnswer> => {
    const [path = '', search = ''] = request.path.split('?');
    requests.push(`${request.method} ${path}`);
    const intercepted = api.intercept?.(request);
    if (intercepted) return intercepted;
    const found = discovery(path);
    if (found) return found;
    const match =
      /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))(?:\/namespaces\/([^/]+)(?=\/[a-z]+(?:\/|$)))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(
        path.replace(/^(\/api\/v1)\/namespaces\/([^/]+)\/(finalize|status)$/, '$1/namespaces/$2/$3'),
      );
    const [, core, group] = match ?? [];
    let [, , , namespace, plural, name, subresource] = match ?? [];
    if (plural === 'finalize' || (plural === 'status' && namespace))
      [namespace, plural, name, subresource] = [undefined, 'namespaces', namespace, plural];
    const collection = `${core ?? group ?? ''}/${plural ?? ''}`;
    const objects = collections.get(collection);
    try {
      if (!objects) throw notFound({ group: '', resource: plural ?? '' }, '');
      if (request.method !== 'GET') return await write(request, collection, namespace, name, subresource);
      if (name !== undefined) {
        const object = objects.get(namespace ? `${namespace}/${name}` : name);
        if (!object) throw notFound({ group: '', resource: plural! }, name);
        return json(200, object);
      }
      const query = new URLSearchParams(search);
      const matches = selects(query, namespace);
      if (query.get('watch') === 'true')
        return { status: 200, headers: [], body: watch(collection, Number(query.get('resourceVersion') ?? '0'), matches) };
      return json(200, {
        kind: 'List',
        apiVersion: 'v1',
        metadata: { resourceVersion: String(version) },
        items: [...objects.values()].filter(matches),
      });
    } catch (error) {
      if (error instanceof StatusError) return json(error.status.code ?? 500, error.status);
      throw error;
    }
  };
  const api: FakeApi = {
    requests,
    intercept: undefined,
    program: async (process) => {
      wall = () => process.clock.wallMs();
      await listenHttp(process.network, port, {}, handle, (error) => {
        throw error;
      });
      return new Promise(() => undefined);
    },
    put(object) {
      const loose = deepCopy(object) as Loose;
      const [groupVersion, plural] = SERVED.find(([own, , kind]) => own === loose.apiVersion && kind === loose.kind)!;
      return store(`${groupVersion}/${plural}`, loose);
    },
    remove(plural, key) {
      const [collection, objects] = collectionOf(plural);
      const object = objects.get(key);
      if (object) record(collection, 'DELETED', deepCopy(object));
    },
    get: <T>(plural: string, key: string) => collectionOf(plural)[1].get(key) as T | undefined,
    list: <T>(plural: string) =>
      [...collections].filter(([key]) => key.endsWith(`/${plural}`)).flatMap(([, objects]) => [...objects.values()]) as T[],
    compact: () => (compacted = version),
    dropWatches() {
      drop++;
      for (const wake of [...watchers]) wake();
    },
    watches: () => watchers.size,
  };
  return api;
}

/** A kubeconfig for the fake server at `address`. */
export const kubeconfigOf = (address: string, port = 8080): string =>
  `apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: k\n  cluster:\n    server: http://${address}:${port}\ncontexts:\n- name: c\n  context:\n    cluster: k\n    user: u\nusers:\n- name: u\n  user: {}\n`;

/** A simulation with the fake API on machine `api` (10.0.0.1) and a machine `m` (10.0.0.2) that has /kubeconfig. */
export async function fakeCluster(seed: string) {
  const simulation: Simulation = createSimulation({ seed, turn: (callback) => void setImmediate(callback) });
  const server = await simulation.powerOn({ name: 'api', address: '10.0.0.1', zone: 'a' });
  const machine = await simulation.powerOn({ name: 'm', address: '10.0.0.2', zone: 'a' });
  const api = fakeApi();
  const apiProcess = server.spawn(api.program, { name: 'api' });
  const start = (program: Program, name: string, argv: readonly string[] = []) =>
    machine.spawn(
      async (process) => {
        process.files.write('/kubeconfig', kubeconfigOf('10.0.0.1'));
        return program(process);
      },
      { name, argv: ['--kubeconfig=/kubeconfig', ...argv], privileged: true },
    );
  return { simulation, server, machine, api, apiProcess, start };
}

/** A pod as a manifest gives it. */
export const podOf = (name: string, extra: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { schedulerName: 'default-scheduler', containers: [{ name: 'c', image: 'nginx' }], ...extra },
  status: { phase: 'Pending' },
});
/** A ready node with 2 CPUs and 4 GiB. */
export const nodeOf = (name: string, extra: Record<string, unknown> = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec: { ...extra },
  status: {
    allocatable: { cpu: '2', memory: '4Gi', pods: '110' },
    capacity: { cpu: '2', memory: '4Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2025-01-01T00:00:00Z' }],
  },
});
