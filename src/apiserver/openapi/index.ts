/** OpenAPI: an index of group versions (v3), a document for each, and one of everything (v2, JSON only). Built when first asked for. */
import { notAcceptable } from '#apimachinery';
import { header, type Crypto, type HttpAnswer } from '#host';
import { toHex } from '../authentication/encoding.ts';
import type { Core, Exchange } from '../core.ts';
import { versionInfo } from '../discovery/version.ts';
import { acceptClauses } from '../media-types.ts';
import { servedKinds } from '../reviews/kinds.ts';
import { PathWriter } from './paths.ts';
import { Components } from './schemas.ts';

/** A document ready to be sent. */
interface EncodedDocument {
  readonly text: string;
  readonly hash: string;
}

/** The documents of one server. */
export interface OpenApiDocuments {
  /** Group versions by their path below /openapi/v3: api/v1, apis/apps/v1. */
  readonly groupVersions: readonly string[];
  version3(groupVersion: string): EncodedDocument | undefined;
  version2(): EncodedDocument;
}

const info = { title: 'Kubernetes', version: versionInfo.gitVersion };

function groupVersionPath(group: string, version: string): string {
  return group ? `apis/${group}/${version}` : `api/${version}`;
}

/** Makes the documents' keeper. */
export function createOpenApiDocuments(crypto: Crypto): OpenApiDocuments {
  const kept = new Map<string, EncodedDocument>();
  const encode = (name: string, make: () => object): EncodedDocument => {
    const known = kept.get(name);
    if (known) return known;
    const text = JSON.stringify(make());
    const digest = toHex(crypto.sha256(text)).toUpperCase();
    const document = { text, hash: digest + digest };
    kept.set(name, document);
    return document;
  };
  const groupVersions = [...new Set(servedKinds().map((kind) => groupVersionPath(kind.group, kind.version)))].sort();
  return {
    groupVersions,
    version3(groupVersion) {
      if (!groupVersions.includes(groupVersion)) return undefined;
      return encode(groupVersion, () => {
        const components = new Components('#/components/schemas/');
        const writer = new PathWriter(components, true);
        for (const kind of servedKinds()) if (groupVersionPath(kind.group, kind.version) === groupVersion) writer.add(kind);
        return { openapi: '3.0.0', info, paths: writer.paths, components: { schemas: components.schemas } };
      });
    },
    version2: () =>
      encode('v2', () => {
        const components = new Components('#/definitions/');
        const writer = new PathWriter(components, false);
        for (const kind of servedKinds()) writer.add(kind);
        return { swagger: '2.0', info, paths: writer.paths, definitions: components.schemas };
      }),
  };
}

function documentAnswer(exchange: Exchange, document: EncodedDocument): HttpAnswer {
  const etag = `"${document.hash}"`;
  const isPinned = exchange.info.query.get('hash') === document.hash;
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['etag', etag],
    ['vary', 'Accept'],
  ];
  if (isPinned) headers.push(['cache-control', 'public, immutable']);
  if (header(exchange.headers, 'if-none-match') === etag) return { status: 304, headers };
  return { status: 200, headers, body: document.text };
}

/** Whether the client takes JSON; kubectl asks for protobuf first, which is not spoken here. */
function checkAccept(exchange: Exchange): void {
  const accept = header(exchange.headers, 'accept');
  if (!accept) return;
  const takesJson = acceptClauses(accept).some(({ type }) => ['application/json', '*/*', 'application/*'].includes(type));
  if (!takesJson) throw notAcceptable(['application/json']);
}

function indexAnswer(documents: OpenApiDocuments): HttpAnswer {
  const paths = Object.fromEntries(
    documents.groupVersions.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${documents.version3(path)!.hash}` }]),
  );
  return { status: 200, headers: [['content-type', 'text/plain; charset=utf-8']], body: JSON.stringify({ paths }) };
}

/** Serves /openapi paths; undefined for others. Throws 406. */
export function serveOpenApi(core: Core, exchange: Exchange): HttpAnswer | undefined {
  const path = exchange.info.path.replace(/\/$/, '');
  if (path !== '/openapi/v2' && path !== '/openapi/v3' && !path.startsWith('/openapi/v3/')) return undefined;
  checkAccept(exchange);
  if (path === '/openapi/v3') return indexAnswer(core.openApi);
  const document = path === '/openapi/v2' ? core.openApi.version2() : core.openApi.version3(path.slice('/openapi/v3/'.length));
  return document && documentAnswer(exchange, document);
}
