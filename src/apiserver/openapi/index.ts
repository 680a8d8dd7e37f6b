/** OpenAPI documents; served once the schema documents are built. */
import type { HttpAnswer } from '#host';
import type { Core, Exchange } from '../core.ts';

/** Serves /openapi paths; undefined for others. */
export function serveOpenApi(core: Core, exchange: Exchange): Promise<HttpAnswer | undefined> {
  void core;
  void exchange;
  return Promise.resolve(undefined);
}
