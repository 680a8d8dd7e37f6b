/** Stage 6: what got through is read from or written to storage, or answered by the server itself (discovery, health, metrics). */
import { resourceNotServed } from '#apimachinery';
import type { HttpAnswer } from '#host';
import type { Core, Exchange } from '../core.ts';
import { serveDiscovery } from '../discovery/index.ts';
import { serveOpenId } from '../discovery/openid.ts';
import { serveOpenApi } from '../openapi/index.ts';
import { isServedGroupVersion, serveResource } from '../resources.ts';

/** What Go's mux answers for a path nobody registered. */
export const pageNotFound: HttpAnswer = {
  status: 404,
  headers: [
    ['content-type', 'text/plain; charset=utf-8'],
    ['x-content-type-options', 'nosniff'],
  ],
  body: '404 page not found\n',
};

async function servePath(core: Core, exchange: Exchange): Promise<HttpAnswer> {
  const { path, query } = exchange.info;
  const health = await core.health.serve(path, query);
  if (health) return health;
  const metrics = path === '/metrics' ? core.metrics.text() : path === '/metrics/slis' ? core.health.metricsText() : undefined;
  if (metrics !== undefined) return { status: 200, headers: [['content-type', 'text/plain; version=0.0.4; charset=utf-8']], body: metrics };
  return serveOpenId(core, path) ?? serveDiscovery(core, exchange) ?? (await serveOpenApi(core, exchange)) ?? pageNotFound;
}

/** Serves a request that may be served. Throws StatusError. */
export async function serveFromStorage(core: Core, exchange: Exchange): Promise<HttpAnswer> {
  const { info } = exchange;
  if (!info.isResource) return servePath(core, exchange);
  if (!isServedGroupVersion(core, info.group, info.version)) return pageNotFound;
  if (!info.resource) throw resourceNotServed();
  return serveResource(core, exchange);
}
