/** OpenAPI: an index of group versions (v3), a document for each, and one of everything (v2). Built when first asked for. */
import { notAcceptable } from '#apimachinery';
import { apiVersionOf, type Kind } from '#api';
import { header, type Clock, type Crypto, type HttpAnswer } from '#host';
import { toHex } from '../authentication/encoding.ts';
import type { ServedKinds } from '../apiextensions/served-kinds.ts';
import type { Core, Exchange } from '../core.ts';
import { versionInfo } from '../discovery/version.ts';
import { acceptClauses } from '../media-types.ts';
import { generalPathItem, generalPaths } from './general-paths.ts';
import { PathWriter } from './paths.ts';
import { Components, type Descriptions } from './schemas.ts';
import { encodeVersion2, OPENAPI_V2_PROTOBUF, OPENAPI_V2_PROTOBUF_ANSWER } from './version2-protobuf.ts';

/** A document ready to be sent. */
interface EncodedDocument {
  readonly text: string;
  readonly hash: string;
  readonly madeMs: number;
}

/** The documents of one server. */
export interface OpenApiDocuments {
  /** What there are documents of, by their path below /openapi/v3: api/v1, apis/apps/v1, version. */
  readonly documentPaths: readonly string[];
  /** Wall time of the last change of that list. */
  readonly changedMs: number;
  /** What changes when a document does, without making it. */
  hashOf(groupVersion: string): string;
  version3(groupVersion: string): Promise<EncodedDocument | undefined>;
  version2(): Promise<EncodedDocument>;
  /** The v2 document as kubectl's validation reads it. */
  version2Protobuf(): Promise<Uint8Array>;
}

/** What the v2 document depends on. */
const BOTH_ENCODINGS = 'Accept-Encoding, Accept';
const info = { title: 'Kubernetes', version: versionInfo.gitVersion };

function groupVersionPath(group: string, version: string): string {
  return group ? `apis/${group}/${version}` : `api/${version}`;
}

const groupVersionOf = ({ group, version }: Kind): string => groupVersionPath(group, version);

/** What is different in a document when a kind is. */
const identityOf = (kind: Kind): string =>
  kind.ownSchema ? `${apiVersionOf(kind)} ${kind.kind} ${JSON.stringify(kind.ownSchema.openApi)}` : kind.kind;

/** Makes the documents' keeper. `descriptions` is asked once, when a document is first wanted. */
export function createOpenApiDocuments(
  crypto: Crypto,
  clock: Clock,
  served: ServedKinds,
  descriptions: () => Promise<Descriptions>,
): OpenApiDocuments {
  const kept = new Map<string, { readonly hash: string; readonly document: Promise<EncodedDocument> }>();
  let told: Promise<Descriptions> | undefined;
  let protobuf: { readonly hash: string; readonly bytes: Promise<Uint8Array> } | undefined;
  const hashes = new Map<string, string>();
  let hashed: readonly Kind[] = [];
  let changedMs = clock.wallMs();
  const notice = (): void => {
    if (hashed === served.all) return;
    if (hashed.length > 0) changedMs = clock.wallMs();
    hashes.clear();
    hashed = served.all;
  };
  const hashOf = (name: string): string => {
    notice();
    const known = hashes.get(name);
    if (known) return known;
    const kinds = served.all.filter((kind) => name === 'v2' || groupVersionOf(kind) === name);
    const digest = toHex(crypto.sha256(`${versionInfo.gitVersion} ${name} ${kinds.map(identityOf).join()}`)).toUpperCase();
    hashes.set(name, digest + digest);
    return digest + digest;
  };
  const encode = (name: string, make: (descriptions: Descriptions) => object): Promise<EncodedDocument> => {
    told ??= descriptions();
    const hash = hashOf(name);
    const known = kept.get(name);
    if (known?.hash === hash) return known.document;
    const document = told.then((words) => ({ text: JSON.stringify(make(words)), hash, madeMs: clock.wallMs() }));
    kept.set(name, { hash, document });
    return document;
  };
  const groupVersionsOf = (): string[] => [...new Set(served.all.map(groupVersionOf))].sort();
  const version2 = (): Promise<EncodedDocument> =>
    encode('v2', (words) => {
      const components = new Components('#/definitions/', words);
      const writer = new PathWriter(components, false);
      for (const kind of served.all) writer.add(kind);
      for (const general of generalPaths(served.all)) Object.assign(writer.paths, generalPathItem(general, false));
      return { swagger: '2.0', info, paths: writer.paths, definitions: components.schemas };
    });
  return {
    get documentPaths() {
      return [...groupVersionsOf(), ...generalPaths(served.all).map(({ path }) => path)].sort();
    },
    get changedMs() {
      notice();
      return changedMs;
    },
    hashOf,
    version2,
    async version3(groupVersion) {
      const general = generalPaths(served.all).find(({ path }) => path === groupVersion);
      if (general) return encode(groupVersion, () => ({ openapi: '3.0.0', info, paths: generalPathItem(general, true) }));
      if (!groupVersionsOf().includes(groupVersion)) return undefined;
      return encode(groupVersion, (words) => {
        const components = new Components('#/components/schemas/', words);
        const writer = new PathWriter(components, true);
        for (const kind of served.all) if (groupVersionOf(kind) === groupVersion) writer.add(kind);
        return { openapi: '3.0.0', info, paths: writer.paths, components: { schemas: components.schemas } };
      });
    },
    version2Protobuf() {
      const hash = hashOf('v2');
      if (protobuf?.hash !== hash)
        protobuf = { hash, bytes: version2().then(({ text }) => encodeVersion2(JSON.parse(text) as Parameters<typeof encodeVersion2>[0])) };
      return protobuf.bytes;
    },
  };
}

const httpDate = (ms: number): string => new Date(ms).toUTCString();

function documentAnswer(exchange: Exchange, document: EncodedDocument, vary: string): HttpAnswer {
  const etag = `"${document.hash}"`;
  const isPinned = exchange.info.query.get('hash') === document.hash;
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['etag', etag],
    ['vary', vary],
    ['last-modified', httpDate(document.madeMs)],
  ];
  if (isPinned) headers.push(['cache-control', 'public, immutable']);
  if (header(exchange.headers, 'if-none-match') === etag) return { status: 304, headers };
  return { status: 200, headers, body: document.text };
}

/** The form a client takes: JSON, or for the v2 document protobuf, whichever it names first. Throws 406. */
function formOf(exchange: Exchange, path: string): 'json' | 'protobuf' {
  const accept = header(exchange.headers, 'accept');
  if (!accept) return 'json';
  for (const { type } of acceptClauses(accept)) {
    if (['application/json', '*/*', 'application/*'].includes(type)) return 'json';
    if (type === OPENAPI_V2_PROTOBUF && path === '/openapi/v2') return 'protobuf';
  }
  throw notAcceptable(['application/json']);
}

function indexAnswer(documents: OpenApiDocuments): HttpAnswer {
  const paths = Object.fromEntries(
    documents.documentPaths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${documents.hashOf(path)}` }]),
  );
  const headers: [string, string][] = [
    ['content-type', 'text/plain; charset=utf-8'],
    ['last-modified', httpDate(documents.changedMs)],
  ];
  return { status: 200, headers, body: JSON.stringify({ paths }) };
}

async function documentAt(core: Core, exchange: Exchange, path: string): Promise<HttpAnswer | undefined> {
  if (formOf(exchange, path) === 'protobuf') {
    const answer = documentAnswer(exchange, await core.openApi.version2(), BOTH_ENCODINGS);
    if (answer.status === 304) return answer;
    const headers = answer.headers.map(([name, value]): [string, string] => [
      name,
      name === 'content-type' ? OPENAPI_V2_PROTOBUF_ANSWER : value,
    ]);
    return { ...answer, headers, body: await core.openApi.version2Protobuf() };
  }
  if (path === '/openapi/v3') return indexAnswer(core.openApi);
  if (path === '/openapi/v2') return documentAnswer(exchange, await core.openApi.version2(), BOTH_ENCODINGS);
  const document = await core.openApi.version3(path.slice('/openapi/v3/'.length));
  return document && documentAnswer(exchange, document, 'Accept');
}

/** Serves /openapi paths; undefined for others, and for documents there are none of. Throws 406. */
export function serveOpenApi(core: Core, exchange: Exchange): Promise<HttpAnswer | undefined> | undefined {
  const path = exchange.info.path.replace(/\/$/, '');
  const isOpenApi = path === '/openapi/v2' || path === '/openapi/v3' || path.startsWith('/openapi/v3/');
  return isOpenApi ? documentAt(core, exchange, path) : undefined;
}
