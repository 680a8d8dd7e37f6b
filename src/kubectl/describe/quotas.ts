/** kubectl describe for the limits of a namespace: quotas and limit ranges, by themselves and below their namespace. */
import type { LimitRange, Namespace, ResourceQuota } from '#api';
import { writeHead } from './core.ts';
import type { Description } from './description.ts';
import type { DescriptionWriter } from './writer.ts';

type Amounts = Readonly<Record<string, string | number>>;

/** `rule`: what stands below Used and Hard; below a namespace it is shorter. */
function writeAmounts(writer: DescriptionWriter, level: number, { status, spec }: ResourceQuota, rule: string): void {
  const hard = (status?.hard ?? spec?.hard ?? {}) as Amounts;
  const used = (status?.used ?? {}) as Amounts;
  writer.line(level, 'Resource\tUsed\tHard');
  writer.line(level, `--------\t${rule}\t${rule}`);
  for (const name of Object.keys(hard).sort()) writer.line(level, `${name}\t${used[name] ?? 0}\t${hard[name]}`);
}

/** A quota. */
export const describeQuota: Description<ResourceQuota> = (writer, object) => {
  writer.line(0, `Name:\t${object.metadata.name}`);
  writer.line(0, `Namespace:\t${object.metadata.namespace ?? ''}`);
  if (object.spec?.scopes?.length) writer.line(0, `Scopes:\t${[...object.spec.scopes].sort().join(', ')}`);
  writeAmounts(writer, 0, object, '----');
};

const LIMIT_COLUMNS = ['Type', 'Resource', 'Min', 'Max', 'Default Request', 'Default Limit', 'Max Limit/Request Ratio'];

function writeLimits(writer: DescriptionWriter, level: number, { spec }: LimitRange): void {
  for (const { type, min, max, defaultRequest, default: limit, maxLimitRequestRatio: ratio } of spec?.limits ?? []) {
    const all = [min, max, defaultRequest, limit, ratio].map((amounts) => (amounts ?? {}) as Amounts);
    for (const name of [...new Set(all.flatMap((amounts) => Object.keys(amounts)))].sort())
      writer.line(level, [type, name, ...all.map((amounts) => amounts[name] ?? '-')].join('\t'));
  }
}

function writeLimitHead(writer: DescriptionWriter, level: number): void {
  writer.line(level, LIMIT_COLUMNS.join('\t'));
  writer.line(level, LIMIT_COLUMNS.map((column) => '-'.repeat(column.length)).join('\t'));
}

/** A limit range. */
export const describeLimitRange: Description<LimitRange> = (writer, object) => {
  writer.line(0, `Name:\t${object.metadata.name}`);
  writer.line(0, `Namespace:\t${object.metadata.namespace ?? ''}`);
  writeLimitHead(writer, 0);
  writeLimits(writer, 0, object);
};

/** A namespace with its quotas and limit ranges. */
export const describeNamespace: Description<Namespace> = async (writer, namespace, { session }) => {
  const listOf = <T>(plural: string): Promise<{ items: T[] }> =>
    session.json({ method: 'GET', path: `/api/v1/namespaces/${namespace.metadata.name}/${plural}` });
  const [quotas, ranges] = [await listOf<ResourceQuota>('resourcequotas'), await listOf<LimitRange>('limitranges')];
  writeHead(writer, namespace, false);
  writer.line(0, `Status:\t${namespace.status?.phase ?? ''}`);
  if (quotas.items.length === 0) writer.line(0, '\nNo resource quota.');
  else {
    writer.line(0, '\nResource Quotas');
    for (const quota of quotas.items) {
      writer.line(1, `Name:\t${quota.metadata.name}`);
      writeAmounts(writer, 1, quota, '---');
    }
  }
  if (ranges.items.length === 0) return writer.line(0, '\nNo LimitRange resource.');
  writer.line(0, '\nResource Limits');
  writeLimitHead(writer, 0);
  for (const range of ranges.items) writeLimits(writer, 0, range);
};
