/** A small API server in memory for the kubelet's tests: get, list, watch, create, update, delete of whatever is put into it, without rules. */
import { listenHttp, type HttpAnswer, type IncomingRequest, type Program } from '../../../src/host/index.ts';
import { createPipe, readLines } from '../../../src/host/streams.ts';

// Tests look into objects of every kind by plain paths.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Loose = any;
type Item = {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    deletionTimestamp?: string;
    [field: string]: unknown;
  };
  [field: string]: Loose;
};

export interface FakeApi {
  readonly program: Program;
  /** Stores an object at `plural/namespace/name` and tells the watchers. */
  put(plural: string, object: Item): void;
  get(plural: string, name: string, namespace?: string): Item | undefined;
  list(plural: string): Item[];
  remove(plural: string, name: string, namespace?: string): void;
  /** `reason: message` of all events, in order, repeats once. */
  events(): string[];
}

export function fakeApi(): FakeApi {
  const objects = new Map<string, Item>();
  const watchers = new Set<{ plural: string; field: string | undefined; send: (line: string) => void }>();
  let version = 0;
  let uids = 0;
  const keyOf = (plural: string, namespace: string, name: string): string => `${plural}/${namespace}/${name}`;
  const matches = (object: Item, field: string | undefined): boolean =>
    !field?.startsWith('spec.nodeName=') || object['spec']?.nodeName === field.slice('spec.nodeName='.length);
  const tell = (type: string, plural: string, object: Item): void => {
    for (const watcher of watchers)
      if (watcher.plural === plural && matches(object, watcher.field)) watcher.send(JSON.stringify({ type, object }) + '\n');
  };
  const put = (plural: string, object: Item): Item => {
    const key = keyOf(plural, object.metadata.namespace ?? '', object.metadata.name);
    const known = objects.get(key);
    const stored = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: object.metadata.uid ?? known?.metadata.uid ?? `uid-${++uids}`,
        resourceVersion: String(++version),
      },
    };
    objects.set(key, stored);
    tell(known ? 'MODIFIED' : 'ADDED', plural, stored);
    return stored;
  };
  const json = (status: number, body: unknown): HttpAnswer => ({
    status,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(body),
  });
  const failure = (code: number, reason: string, message: string): HttpAnswer =>
    json(code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });
  const watch = (plural: string, field: string | undefined, request: IncomingRequest): HttpAnswer => {
    const pipe = createPipe();
    const watcher = { plural, field, send: (line: string) => void pipe.writer.write(line) };
    watchers.add(watcher);
    request.signal.addEventListener('abort', () => (watchers.delete(watcher), pipe.writer.close()));
    async function* body(): AsyncGenerator<string> {
      for await (const line of readLines(pipe.reader)) yield `${line}\n`;
    }
    return { status: 200, headers: [['content-type', 'application/json']], body: body() };
  };
  const remove = (plural: string, namespace: string, name: string): Item | undefined => {
    const key = keyOf(plural, namespace, name);
    const known = objects.get(key);
    if (!known) return undefined;
    objects.delete(key);
    tell('DELETED', plural, { ...known, metadata: { ...known.metadata, resourceVersion: String(++version) } });
    return known;
  };
  const handle = async (request: IncomingRequest): Promise<HttpAnswer> => {
    const [path = '', query = ''] = request.path.split('?');
    const parts = path.split('/').filter(Boolean);
    parts.splice(0, parts[0] === 'api' ? 2 : 3);
    const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts.splice(0, 2)[1]! : '';
    const [plural = '', name, subresource] = parts;
    const parameters = new URLSearchParams(query);
    const field = parameters.get('fieldSelector') ?? undefined;
    if (subresource === 'token') return json(201, { status: { token: `token-of-${name}`, expirationTimestamp: '2026-01-06T09:00:00Z' } });
    const known = name === undefined ? undefined : objects.get(keyOf(plural, namespace, name));
    if (request.method === 'GET' && name === undefined) {
      if (parameters.get('watch')) return watch(plural, field, request);
      const items = [...objects]
        .filter(([key, object]) => key.startsWith(`${plural}/${namespace}`) && matches(object, field))
        .map(([, object]) => object);
      return json(200, { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: String(version) }, items });
    }
    if (request.method === 'POST') {
      const object = JSON.parse(await request.text()) as Item;
      if (objects.has(keyOf(plural, namespace, object.metadata.name)))
        return failure(409, 'AlreadyExists', `${plural} "${object.metadata.name}" already exists`);
      return json(201, put(plural, object));
    }
    if (!known) return failure(404, 'NotFound', `${plural} "${name}" not found`);
    if (request.method === 'GET') return json(200, known);
    if (request.method === 'DELETE') return json(200, remove(plural, namespace, name!));
    const sent = JSON.parse(await request.text()) as Item;
    if (request.method === 'PATCH') return json(200, put(plural, { ...known, ...sent, metadata: { ...known.metadata, ...sent.metadata } }));
    if (sent.metadata.resourceVersion !== undefined && sent.metadata.resourceVersion !== known.metadata.resourceVersion)
      return failure(409, 'Conflict', 'the object has been modified');
    return json(200, put(plural, subresource === 'status' ? { ...known, status: sent['status'] } : sent));
  };
  return {
    put,
    get: (plural, name, namespace = '') => objects.get(keyOf(plural, namespace, name)),
    list: (plural) => [...objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object),
    remove: (plural, name, namespace = '') => void remove(plural, namespace, name),
    events: () =>
      [...objects].filter(([key]) => key.startsWith('events/')).map(([, object]) => `${object['reason']}: ${object['message']}`),
    program: async (process) => {
      await listenHttp(process.network, 8080, {}, handle, (error) => process.telemetry.log('error', String(error)));
      return new Promise(() => undefined);
    },
  };
}
