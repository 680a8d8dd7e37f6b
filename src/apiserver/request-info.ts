/**
 * What a request is about, read from its method and path (apiserver endpoints/request RequestInfo): verb, group, version,
 * namespace, resource, name and subresource, or a non-resource path. The authorizers judge by this and nothing else.
 */

/** The facts of one request. */
export interface RequestInfo {
  readonly isResource: boolean;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** get, list, watch, create, update, patch, delete, deletecollection; the lower-case method for non-resource paths. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What follows the name and subresource (proxy paths). */
  readonly rest: string;
}

const namespaceSubresources = new Set(['status', 'finalize']);

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value !== 'false';
}

const verbsByMethod: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
  GET: 'get',
  HEAD: 'get',
};

/** The name a metadata.name=… field selector pins, as authorization of list and watch sees it. */
function nameOfFieldSelector(selector: string | null): string {
  if (!selector) return '';
  for (const term of selector.split(',')) {
    const match = /^metadata\.name==?([^!=]+)$/.exec(term.trim());
    if (match?.[1]) return match[1];
  }
  return '';
}

/** Reads a request's method and target. */
export function requestInfoOf(method: string, target: string): RequestInfo {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const nothing = { group: '', version: '', namespace: '', resource: '', subresource: '', name: '', rest: '' };
  const plain: RequestInfo = { isResource: false, method, path, query, verb: method.toLowerCase(), ...nothing };
  const parts = path.split('/').filter((part, at) => part !== '' || at > 1);
  if (parts.at(-1) === '') parts.pop();
  const isCore = parts[0] === 'api';
  const first = isCore ? 2 : 3;
  if ((!isCore && parts[0] !== 'apis') || parts.length <= first) return plain;
  const group = isCore ? '' : (parts[1] ?? '');
  const version = parts[first - 1] ?? '';
  return resourceInfo(plain, group, version, parts.slice(first).map(decodeSegment));
}

function resourceInfo(plain: RequestInfo, group: string, version: string, segments: string[]): RequestInfo {
  const { query, method } = plain;
  let namespace = '';
  let parts = segments;
  let isWatchPath = false;
  if (parts[0] === 'watch' && parts.length > 1) {
    isWatchPath = true;
    parts = parts.slice(1);
  }
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? '';
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] ?? '')) parts = parts.slice(2);
  }
  const [resource = '', pathName = '', subresource = ''] = parts;
  let name = pathName;
  let verb = verbsByMethod[method] ?? '';
  if (name === '' && verb === 'get') {
    verb = isTrue(query.get('watch')) ? 'watch' : 'list';
    name = nameOfFieldSelector(query.get('fieldSelector'));
  } else if (name === '' && verb === 'delete') {
    verb = 'deletecollection';
    name = nameOfFieldSelector(query.get('fieldSelector'));
  }
  if (isWatchPath) verb = 'watch';
  return { ...plain, isResource: true, verb, group, version, namespace, resource, subresource, name, rest: parts.slice(3).join('/') };
}
