/**
 * Which representation a client gets and which one it sent (apiserver endpoints/handlers/negotiation): JSON or YAML, whole
 * objects, Tables or metadata only. Protobuf is understood and not written, CBOR neither; clients that list JSON after them get JSON.
 */
import { notAcceptable, unsupportedMediaType } from '#apimachinery';

/** How an answer is written. */
export interface OutputMedia {
  readonly format: 'json' | 'yaml';
  readonly as: '' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  readonly pretty: boolean;
}

interface AcceptClause {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

const available = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json;stream=watch',
  'application/vnd.kubernetes.protobuf;stream=watch',
];

/** Reads an Accept header; clauses of equal quality keep their order. */
export function acceptClauses(accept: string): AcceptClause[] {
  const clauses = accept.split(',').map((text): AcceptClause => {
    const [type = '', ...pairs] = text.split(';').map((part) => part.trim());
    const parameters: Record<string, string> = {};
    for (const pair of pairs) {
      const equals = pair.indexOf('=');
      if (equals > 0) parameters[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
    }
    return { type: type.toLowerCase(), parameters, quality: parameters['q'] === undefined ? 1 : Number(parameters['q']) || 0 };
  });
  return clauses.filter((clause) => clause.type !== '').sort((a, b) => b.quality - a.quality);
}

function formatOf(type: string): OutputMedia['format'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

/** Chooses the representation; `transforms` are the forms this endpoint can render. Throws 406. */
export function negotiate(accept: string | undefined, query: URLSearchParams, transforms: readonly OutputMedia['as'][]): OutputMedia {
  const pretty = query.get('pretty') !== null && query.get('pretty') !== 'false' && query.get('pretty') !== '0';
  if (!accept) return { format: 'json', as: '', pretty };
  for (const { type, parameters } of acceptClauses(accept)) {
    const format = formatOf(type);
    if (!format) continue;
    const as = (parameters['as'] ?? '') as OutputMedia['as'];
    if (as !== '' && (!transforms.includes(as) || parameters['g'] !== 'meta.k8s.io' || parameters['v'] !== 'v1')) continue;
    return { format, as, pretty: pretty || parameters['pretty'] === '1' };
  }
  throw notAcceptable(available);
}

/** True for Kubernetes' own protobuf. */
export const isProtobuf = (contentType: string | undefined): boolean =>
  /^\s*application\/vnd\.kubernetes\.protobuf\s*(;|$)/i.test(contentType ?? '');

/** The format of a request body as it was read (protobuf has become JSON by then); throws 415. */
export function bodyFormat(contentType: string | undefined): 'json' | 'yaml' {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === '' || type === 'application/json' || isProtobuf(contentType)) return 'json';
  if (type === 'application/yaml') return 'yaml';
  const accepted = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
  throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${accepted}`);
}
