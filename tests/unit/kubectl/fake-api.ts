/** A small API server for kubectl's tests: discovery of a few resources, objects in a map, tables by name, merge patches. */
import { listenHttp, type HttpAnswer, type IncomingRequest, type Program } from '#host';

interface Served {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly short: readonly string[];
  readonly namespaced: boolean;
  readonly categories?: readonly string[];
}

const SERVED: readonly Served[] = [
  { group: '', version: 'v1', plural: 'pods', kind: 'Pod', short: ['po'], namespaced: true, categories: ['all'] },
  { group: '', version: 'v1', plural: 'services', kind: 'Service', short: ['svc'], namespaced: true, categories: ['all'] },
  { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', short: ['cm'], namespaced: true },
  { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', short: [], namespaced: true },
  { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', short: ['sa'], namespaced: true },
  { group: '', version: 'v1', plural: 'events', kind: 'Event', short: ['ev'], namespaced: true },
  { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', short: ['ns'], namespaced: false },
  { group: '', version: 'v1', plural: 'nodes', kind: 'Node', short: ['no'], namespaced: false },
  { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', short: ['deploy'], namespaced: true, categories: ['all'] },
];

/** A request as the server got it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly accept: string;
  readonly contentType: string;
  readonly body: string;
}

type Stored = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; resourceVersion?: string; labels?: Record<string, string> } & Record<string, unknown>;
} & Record<string, unknown>;

/** The server's memory: `objects` by collection path and name; every request in `seen`. */
export interface FakeApi {
  readonly objects: Map<string, Stored>;
  readonly seen: Seen[];
  readonly program: Program;
  /** Answers before everything else. */
  readonly answers: Map<string, (request: IncomingRequest) => Promise<HttpAnswer> | HttpAnswer>;
  warning: string | undefined;
}

const json = (status: number, body: unknown, headers: readonly (readonly [string, string])[] = []): HttpAnswer => ({
  status,
  headers: [['content-type', 'application/json'], ...headers],
  body: JSON.stringify(body),
});

function discovery(core: boolean): unknown {
  const groups = [...new Set(SERVED.filter(({ group }) => (group === '') === core).map(({ group }) => group))];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: groups.map((group) => ({
      metadata: { name: group },
      versions: [
        {
          version: 'v1',
          resources: SERVED.filter((one) => one.group === group).map((one) => ({
            resource: one.plural,
            responseKind: { group: '', version: '', kind: one.kind },
            scope: one.namespaced ? 'Namespaced' : 'Cluster',
            singularResource: one.kind.toLowerCase(),
            verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
            shortNames: one.short,
            categories: one.categories ?? [],
          })),
        },
      ],
    })),
  };
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...(target as object) } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

const notFound = (plural: string, group: string, name: string): HttpAnswer =>
  json(404, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${group ? `${plural}.${group}` : plural} "${name}" not found`,
    reason: 'NotFound',
    details: { name, kind: plural },
    code: 404,
  });

function tableOf(items: readonly Stored[]): unknown {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '100' },
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      { name: 'Age', type: 'string', format: '', description: '', priority: 0 },
      { name: 'Node', type: 'string', format: '', description: '', priority: 1 },
    ],
    rows: items.map((item) => ({
      cells: [item.metadata.name, '5s', 'worker-1'],
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: item.metadata },
    })),
  };
}

/** A server that listens on `port` of its machine. */
export function createFakeApi(port: number): FakeApi {
  let revision = 100;
  const api: FakeApi = { objects: new Map(), seen: [], answers: new Map(), warning: undefined, program: () => Promise.resolve(0) };
  const handle = async (request: IncomingRequest): Promise<HttpAnswer> => {
    const value = (name: string): string => request.headers.find(([key]) => key === name)?.[1] ?? '';
    const body = value('upgrade') ? '' : await request.text();
    api.seen.push({ method: request.method, path: request.path, accept: value('accept'), contentType: value('content-type'), body });
    const url = new URL(`http://x${request.path}`);
    const special = api.answers.get(`${request.method} ${url.pathname}`);
    if (special) return special(request);
    if (url.pathname === '/api' || url.pathname === '/apis') return json(200, discovery(url.pathname === '/api'));
    const match = /^(?:\/api\/v1|\/apis\/([^/]+)\/v1)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname);
    const [, group = '', namespace, plural = '', name] = match ?? [];
    const served = SERVED.find((one) => one.plural === plural && one.group === group);
    if (!served)
      return json(404, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'the server could not find the requested resource',
        reason: 'NotFound',
        code: 404,
      });
    const key = `${plural}/${namespace ?? ''}/${name ?? ''}`;
    const asTable = value('accept').includes('as=Table');
    const warnings: [string, string][] = api.warning ? [['warning', `299 - "${api.warning}"`]] : [];
    if (request.method === 'GET' && name !== undefined) {
      const found = api.objects.get(key);
      if (!found) return notFound(plural, group, name);
      return json(200, asTable ? tableOf([found]) : found, warnings);
    }
    if (request.method === 'GET') {
      const selector = url.searchParams.get('labelSelector')?.split('=');
      const items = [...api.objects]
        .filter(([id]) => id.startsWith(`${plural}/${namespace ?? ''}`))
        .map(([, item]) => item)
        .filter((item) => !selector || item.metadata.labels?.[selector[0]!] === selector[1]);
      return json(
        200,
        asTable
          ? tableOf(items)
          : { kind: `${served.kind}List`, apiVersion: group ? `${group}/v1` : 'v1', metadata: { resourceVersion: '100' }, items },
        warnings,
      );
    }
    if (request.method === 'POST') {
      const object = JSON.parse(body) as Stored;
      const id = `${plural}/${namespace ?? ''}/${object.metadata.name}`;
      if (api.objects.has(id))
        return json(409, {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: `${plural}${group ? `.${group}` : ''} "${object.metadata.name}" already exists`,
          reason: 'AlreadyExists',
          code: 409,
        });
      const stored = {
        ...object,
        metadata: { ...object.metadata, ...(namespace ? { namespace } : {}), resourceVersion: String(++revision), uid: 'u-1' },
      };
      if (!url.searchParams.has('dryRun')) api.objects.set(id, stored);
      return json(201, stored, warnings);
    }
    const found = api.objects.get(key);
    if (!found) return notFound(plural, group, name ?? '');
    if (request.method === 'DELETE') {
      api.objects.delete(key);
      return json(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, kind: plural, uid: 'u-1' } });
    }
    const patched = { ...(merge(found, JSON.parse(body)) as Stored) };
    const same = JSON.stringify(patched) === JSON.stringify(found);
    if (!same) patched.metadata = { ...patched.metadata, resourceVersion: String(++revision) };
    if (!url.searchParams.has('dryRun')) api.objects.set(key, patched);
    return json(200, patched, warnings);
  };
  const program: Program = async (process) => {
    await listenHttp(process.network, port, {}, handle, (error) => {
      throw error;
    });
    return new Promise(() => undefined);
  };
  return Object.assign(api, { program });
}

/** A kubeconfig for it. */
export const fakeKubeconfig = (port: number): string => `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster: {server: "http://127.0.0.1:${port}"}
users:
- name: kubernetes-admin
  user: {}
contexts:
- name: kubernetes-admin@kubernetes
  context: {cluster: kubernetes, user: kubernetes-admin}
current-context: kubernetes-admin@kubernetes
`;
