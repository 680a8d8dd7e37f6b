/**
 * LIST: from the watch cache wherever Kubernetes' semantics of resourceVersion allow it, else from etcd at a revision, in
 * pages with continue tokens.
 */
import { apiVersionOf, storagePrefixOf, type Kind } from '#api';
import {
  badRequest,
  expired,
  failure,
  isResourceVersionTooLarge,
  isTooManyRequests,
  resourceVersionTooLarge,
  type KubeObject,
  type ListMeta,
} from '#apimachinery';
import type { Core, Exchange } from '../core.ts';
import { isCompacted } from '../store/errors.ts';
import { prefixEnd } from '../store/etcd.ts';
import type { StoredPage } from '../store/object-store.ts';
import { versionOf, type Version } from '../watch-cache/version.ts';
import { formatContinueToken, parseContinueToken } from './continue-token.ts';
import { listOptionsOf, type ListOptions } from './list-options.ts';
import { selectionOf, type Selection } from './selection.ts';

/** A list, not yet rendered. */
export interface ListResult {
  readonly kind: Kind;
  readonly metadata: ListMeta;
  readonly items: readonly Version[];
}

const continueExpired =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted ' +
  'between the time the first chunk was returned and now may show up in the list.';

async function listFromCache(core: Core, kind: Kind, selection: Selection, minRevision: number): Promise<ListResult> {
  const cache = core.caches.of(kind);
  await cache.waitFor(minRevision);
  const { revision } = cache;
  const all = cache.list(selection.scope);
  const items = selection.isWholeScope ? all : all.filter((version) => selection.matches(version.object));
  return { kind, metadata: { resourceVersion: String(revision) }, items };
}

/** Pages of etcd read until a page of matching objects is full. */
const READ_PAGES_MAX = 10_000;

async function listFromEtcd(
  core: Core,
  kind: Kind,
  selection: Selection,
  options: ListOptions,
  revision: number,
  start: string,
): Promise<ListResult> {
  const prefix = storagePrefixOf(kind, selection.scope.namespace);
  const end = prefixEnd(prefix);
  const items: Version[] = [];
  let from = prefix + start;
  let at = revision;
  let page: StoredPage | undefined;
  let taken = 0;
  for (let pages = 0; pages < READ_PAGES_MAX; pages++) {
    page = await core.store.list(kind, from, end, { limit: options.limit, revision: at });
    at ||= page.revision;
    taken = 0;
    for (const stored of page.items) {
      if (options.limit > 0 && items.length >= options.limit) break;
      taken++;
      from = `${stored.key}\0`;
      if (selection.matches(stored.object)) items.push(versionOf(stored.key, stored.object, stored.modRevision));
    }
    if (!page.more || options.limit === 0 || items.length >= options.limit) break;
  }
  const hasMore = page !== undefined && (page.more || taken < page.items.length);
  const metadata: ListMeta = { resourceVersion: String(at) };
  if (hasMore && page) {
    metadata.continue = formatContinueToken({ revision: at, start: from.slice(prefix.length) });
    if (!selection.hasSelector) metadata.remainingItemCount = page.count - taken;
  }
  return { kind, metadata, items };
}

/** A 410 that lets the client go on inconsistently. */
function expiredContinue(start: string): Error {
  const error = failure(410, 'Expired', continueExpired);
  error.status.metadata = { continue: formatContinueToken({ revision: -1, start }) };
  return error;
}

async function continued(core: Core, kind: Kind, selection: Selection, options: ListOptions): Promise<ListResult> {
  if (options.resourceVersion && options.resourceVersion !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  const { revision, start } = parseContinueToken(options.continueToken);
  try {
    return await listFromEtcd(core, kind, selection, options, Math.max(0, revision), start);
  } catch (error) {
    if (isCompacted(error)) throw expiredContinue(start);
    throw error;
  }
}

async function exactly(core: Core, kind: Kind, selection: Selection, options: ListOptions): Promise<ListResult> {
  try {
    return await listFromEtcd(core, kind, selection, options, Number(options.resourceVersion), '');
  } catch (error) {
    if (isCompacted(error)) throw expired('The resourceVersion for the provided list is too old.');
    if (error instanceof Error && error.message.includes('future revision')) {
      throw resourceVersionTooLarge(options.resourceVersion, String(await core.store.currentRevision()));
    }
    throw error;
  }
}

/** Serves a list. Throws StatusError. */
export async function listObjects(core: Core, exchange: Exchange, kind: Kind): Promise<ListResult> {
  const selection = selectionOf(kind, exchange.info);
  const options = listOptionsOf(exchange.info, false);
  const { resourceVersion, resourceVersionMatch, limit } = options;
  if (options.continueToken) return continued(core, kind, selection, options);
  if (resourceVersion === '0') return listFromCache(core, kind, selection, 0);
  const isExact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0 && resourceVersion !== '');
  if (isExact) return exactly(core, kind, selection, options);
  if (resourceVersion !== '') return listFromCache(core, kind, selection, Number(resourceVersion));
  if (limit > 0) return listFromEtcd(core, kind, selection, options, 0, '');
  // ConsistentListFromCache: the quorum says how far one has to be, the cache has the objects.
  try {
    return await listFromCache(core, kind, selection, await core.store.currentRevision());
  } catch (error) {
    // The cache is behind (its watch was broken): etcd itself answers.
    if (!isResourceVersionTooLarge(error) && !isTooManyRequests(error)) throw error;
    return listFromEtcd(core, kind, selection, options, 0, '');
  }
}

/** The list's JSON, put together from the items' own; items stand without kind and apiVersion, as typed lists do. */
export function listJson({ kind, metadata, items }: ListResult): string {
  const head = `{"kind":"${kind.kind}","apiVersion":"${apiVersionOf(kind)}",`;
  const parts = items.map((version) => {
    const json = version.json();
    return json.startsWith(head)
      ? `{${json.slice(head.length)}`
      : JSON.stringify({ ...(version.object as KubeObject), kind: undefined, apiVersion: undefined });
  });
  return `{"kind":"${kind.listKind}","apiVersion":"${apiVersionOf(kind)}","metadata":${JSON.stringify(metadata)},"items":[${parts.join(',')}]}`;
}
