/** The hash at the end of a generated name: sha256 of the content's JSON, ten digits, without what might read as a word. */
import { toJson } from '../printers/json.ts';
import type { Process } from '#host';
import type { Resource } from './resource.ts';

const LETTERS: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };
const LENGTH = 10;

/** `t2hmhtdth5`: the hash of a ConfigMap or Secret. Its name takes no part. */
export function contentHash(process: Process, { object }: Resource): string {
  const content: Record<string, unknown> = { kind: object['kind'], name: '', data: object['data'] ?? '' };
  if (object['kind'] === 'Secret') {
    content['type'] = object['type'] ?? '';
    if (object['stringData'] !== undefined) content['stringData'] = object['stringData'];
  } else if (object['binaryData'] !== undefined) content['binaryData'] = object['binaryData'];
  const digest = process.crypto.sha256(toJson(content, 0).trim());
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [...hex.slice(0, LENGTH)].map((digit) => LETTERS[digit] ?? digit).join('');
}
