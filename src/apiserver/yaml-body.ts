/** YAML bodies as the API server reads and writes them: YAML 1.1 (so `y` is a boolean), without its dates, sets and base-60 numbers. */
import { Document, parse, Scalar, visit, type Tags } from 'yaml';
import { badRequest } from '#apimachinery';

const unusual = new Set([
  'tag:yaml.org,2002:timestamp',
  'tag:yaml.org,2002:binary',
  'tag:yaml.org,2002:omap',
  'tag:yaml.org,2002:pairs',
  'tag:yaml.org,2002:set',
]);

const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]+\d{1,2}:\d{2}:\d{2}.*)?$/;

/** The tags Kubernetes' YAML knows: without dates and their like, and without "." counting as a number. */
function kubernetesTags(tags: Tags): Tags {
  const kept = tags.filter((tag) => typeof tag === 'string' || (!unusual.has(tag.tag) && (tag as { format?: string }).format !== 'TIME'));
  return kept.map((tag) => {
    if (typeof tag === 'string' || !('test' in tag) || !tag.test?.test('.')) return tag;
    return tag.tag === 'tag:yaml.org,2002:float' ? { ...tag, test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/ } : tag;
  });
}

/** The value of a YAML text. Throws badRequest. */
export function parseYamlBody(text: string): unknown {
  try {
    return parse(text, { version: '1.1', logLevel: 'silent', customTags: kubernetesTags }) as unknown;
  } catch (error) {
    throw badRequest(
      `error converting YAML to JSON: yaml: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
    );
  }
}

/** A value as YAML with sorted keys, as Kubernetes writes it. */
export function formatYamlBody(value: unknown): string {
  const document = new Document(value, { sortMapEntries: true, version: '1.1', aliasDuplicateObjects: false, customTags: kubernetesTags });
  visit(document, {
    Scalar(_, scalar) {
      // A reader of YAML 1.1 would take it for a date.
      if (typeof scalar.value === 'string' && timestamp.test(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: false });
}
