/** Subresources that are more than another way to write the parent object: binding, eviction, scale, token, and what nodes serve. */
import type { Kind, Subresource } from '#api';
import { methodNotSupported, resourceNotServed } from '#apimachinery';
import type { HttpAnswer } from '#host';
import type { Core, Exchange, ObjectReply } from '../core.ts';
import { serveBinding } from './binding.ts';
import { serveEviction } from './eviction.ts';
import { serveExec, serveLog } from './kubelet-streams.ts';
import { serveProxy } from './proxy.ts';
import { serveScale } from './scale.ts';
import { serveToken } from './token.ts';

/** Serves one subresource. */
export type SubresourceHandler = (
  core: Core,
  exchange: Exchange,
  kind: Kind,
  subresource: Subresource,
) => Promise<ObjectReply | HttpAnswer>;

const handlers: Readonly<Record<string, SubresourceHandler>> = {
  binding: serveBinding,
  eviction: serveEviction,
  scale: serveScale,
  token: serveToken,
  log: serveLog,
  exec: serveExec,
  attach: serveExec,
  portforward: serveExec,
  proxy: serveProxy,
};

/** Serves a request on a subresource that has a handler of its own. Throws StatusError. */
export async function serveSubresource(
  core: Core,
  exchange: Exchange,
  kind: Kind,
  subresource: Subresource,
): Promise<ObjectReply | HttpAnswer> {
  const handler = handlers[subresource.name];
  if (!handler) throw resourceNotServed();
  const { verb } = exchange.info;
  // A GET that opens a stream counts as create or get, whichever the subresource has.
  if (!subresource.verbs.some((each) => each === verb)) throw methodNotSupported();
  return handler(core, exchange, kind, subresource);
}
