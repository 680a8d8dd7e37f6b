/** nodes/proxy: any path of a kubelet's own API through the API server (stats/summary, metrics). Pods and Services are not proxied yet. */
import type { Kind } from '#api';
import { serviceUnavailable } from '#apimachinery';
import type { HttpAnswer } from '#host';
import type { Core, Exchange } from '../core.ts';
import { askKubelet } from './kubelet-streams.ts';

const dropped = new Set(['connection', 'transfer-encoding', 'authorization', 'content-length']);

/** Serves a proxied request. */
export async function serveProxy(core: Core, exchange: Exchange, kind: Kind): Promise<HttpAnswer> {
  if (kind.plural !== 'nodes') throw serviceUnavailable('no way from the API server into the pod network');
  const { info, headers } = exchange;
  const query = info.query.toString();
  const body = info.method === 'GET' ? undefined : await exchange.readBody();
  const response = await askKubelet(core, exchange, info.name, {
    method: info.method,
    path: `/${info.rest}${query ? `?${query}` : ''}`,
    headers: headers.filter(([name]) => !dropped.has(name)),
    ...(body ? { body } : {}),
  });
  return { status: response.status, headers: response.headers.filter(([name]) => !dropped.has(name)), body: response.chunks() };
}
