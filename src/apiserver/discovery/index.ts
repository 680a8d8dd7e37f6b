/** Serves discovery: /, /api, /apis, /version and below, in the representation the client prefers. */
import type { Kind } from '#api';
import { failure } from '#apimachinery';
import { header, type HttpAnswer } from '#host';
import { toHex } from '../authentication/encoding.ts';
import type { Core, Exchange } from '../core.ts';
import { acceptClauses, negotiate } from '../media-types.ts';
import { renderObject } from '../render.ts';
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions, servedGroups } from './documents.ts';
import { versionInfo } from './version.ts';

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Whether the client's first acceptable form is the aggregated one; throws 406 when only an unknown one would do. */
function prefersAggregated(accept: string | undefined): boolean {
  if (!accept) return false;
  const clauses = acceptClauses(accept);
  for (const { type, parameters } of clauses) {
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*' && type !== 'application/yaml') continue;
    if (parameters['as'] === undefined) return false;
    if (parameters['as'] === 'APIGroupDiscoveryList' && parameters['g'] === 'apidiscovery.k8s.io' && parameters['v'] === 'v2') return true;
  }
  throw failure(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}

/** A document of the server's own, as JSON or YAML. */
function documentAnswer(exchange: Exchange, object: object): HttpAnswer {
  const media = negotiate(header(exchange.headers, 'accept'), exchange.info.query, []);
  return renderObject({ status: 200, object }, media, exchange.info.query, exchange.nowMs);
}

function aggregatedAnswer(core: Core, exchange: Exchange, isCore: boolean): HttpAnswer {
  const body = `${JSON.stringify(aggregatedDiscovery(core.served.all, isCore))}\n`;
  const digest = toHex(core.crypto.sha256(body)).toUpperCase();
  const etag = `"${digest}${digest}"`;
  const headers: [string, string][] = [
    ['content-type', aggregatedType],
    ['cache-control', 'public'],
    ['etag', etag],
    ['vary', 'Accept'],
  ];
  if (header(exchange.headers, 'if-none-match') === etag) return { status: 304, headers };
  return { status: 200, headers, body };
}

/** Every path the server knows, for /. */
export function rootPaths(served: readonly Kind[], healthPaths: readonly string[]): string[] {
  const groups = servedGroups(served).flatMap(({ name, versions }) => [
    `/apis/${name}`,
    ...versions.map((version) => `/apis/${name}/${version}`),
  ]);
  const fixed = [
    '/.well-known/openid-configuration',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/',
    '/metrics',
    '/metrics/slis',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
    '/version',
  ];
  return [...fixed, ...groups, ...healthPaths].sort();
}

/** Serves a discovery path; undefined for other paths. */
export function serveDiscovery(core: Core, exchange: Exchange): HttpAnswer | undefined {
  const path = exchange.info.path.length > 1 ? exchange.info.path.replace(/\/$/, '') : exchange.info.path;
  if (path === '/') return documentAnswer(exchange, { paths: rootPaths(core.served.all, core.health.paths) });
  // Written for people, whatever the client accepts.
  if (path === '/version')
    return { status: 200, headers: [['content-type', 'application/json']], body: JSON.stringify(versionInfo, null, 2) };
  const accept = header(exchange.headers, 'accept');
  if (path === '/api') {
    if (prefersAggregated(accept)) return aggregatedAnswer(core, exchange, true);
    return documentAnswer(exchange, apiVersions(`${core.config.advertiseAddress}:${core.config.securePort}`));
  }
  if (path === '/apis')
    return prefersAggregated(accept) ? aggregatedAnswer(core, exchange, false) : documentAnswer(exchange, apiGroupList(core.served.all));
  const [, root, first = '', second = '', more] = path.split('/');
  if (more !== undefined) return undefined;
  let document: object | undefined;
  if (root === 'api' && !second) document = apiResourceList(core.served.all, '', first);
  else if (root === 'apis') document = second ? apiResourceList(core.served.all, first, second) : apiGroup(core.served.all, first);
  return document && documentAnswer(exchange, document);
}
