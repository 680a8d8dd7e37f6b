/** Continue tokens: where the next page of a list starts and at which revision; base64url of Kubernetes' own JSON form. */
import { badRequest, parseJsonStrict } from '#apimachinery';
import { fromBase64Url, toBase64Url } from '../authentication/encoding.ts';

/** What a token says. */
export interface ContinueToken {
  /** Revision of the list; -1 goes on inconsistently at the newest. */
  readonly revision: number;
  /** The key to start from, without the prefix. */
  readonly start: string;
}

/** Writes a token. */
export function formatContinueToken(token: ContinueToken): string {
  return toBase64Url(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.start }));
}

const fail = (detail: string): Error => badRequest(`invalid continue token: continue key is not valid: ${detail}`);

/** Reads a token. Throws 400. */
export function parseContinueToken(text: string): ContinueToken {
  const bytes = fromBase64Url(text);
  if (!bytes) throw fail('illegal base64 data at input byte 0');
  let value: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    // Byte by byte, as Go's decoder names the first wrong byte.
    value = parseJsonStrict(String.fromCharCode(...bytes)).value as typeof value;
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
  if (value.v !== 'meta.k8s.io/v1') throw fail(`server does not recognize this encoded version "${String(value.v ?? '')}"`);
  if (typeof value.rv !== 'number' || value.rv === 0) throw fail('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof value.start !== 'string' || value.start === '') throw fail('encoded start key empty (version meta.k8s.io/v1)');
  return { revision: value.rv, start: value.start };
}
