/** kubectl events: events of a namespace or about one object, oldest first. */
import { ageOf, type KubeObject } from '#apimachinery';
import { allNamespacesFlag, defineFlag, outputFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { objectPrinter } from '../printers/output.ts';
import { alignTabs, tableLayout } from '../printers/tabs.ts';

interface EventObject extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly involvedObject: { readonly kind?: string; readonly name?: string; readonly apiVersion?: string };
}

const timeOf = ({ series, lastTimestamp, eventTime, metadata }: EventObject): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';

/** `5s`, or `5s (x3 over 2m)` for repeated ones. */
function lastSeen(event: EventObject, nowMs: number): string {
  const count = event.series?.count ?? event.count ?? 1;
  const age = ageOf(timeOf(event), nowMs);
  if (count <= 1) return age;
  return `${age} (x${count} over ${ageOf(event.firstTimestamp ?? event.eventTime ?? undefined, nowMs)})`;
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const everywhere = flags.on('all-namespaces');
  const path = everywhere ? '/api/v1/events' : `/api/v1/namespaces/${session.namespace}/events`;
  const about = flags.text('for');
  const selectors: string[] = [];
  if (about) {
    const [type = '', name = ''] = about.split('/');
    const resource = await session.discovery.resourceOf(type);
    selectors.push(`involvedObject.kind=${resource.kind}`, `involvedObject.name=${name}`);
  }
  const list = await session.json<{ items: EventObject[] } & KubeObject>({
    method: 'GET',
    path,
    query: { fieldSelector: selectors.join(',') || undefined, limit: 500 },
  });
  const types = flags.list('types').map((type) => type.toLowerCase());
  const events = list.items
    .filter(({ type = '' }) => types.length === 0 || types.includes(type.toLowerCase()))
    .sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0));
  const printer = objectPrinter(session, flags, false);
  if (printer) {
    const items = events.map((event) => ({ ...event, apiVersion: 'v1', kind: 'Event' }));
    return session.out(printer.text({ apiVersion: 'v1', kind: 'EventList', metadata: list.metadata, items } as unknown as KubeObject));
  }
  if (events.length === 0) return session.err(everywhere ? 'No events found.\n' : `No events found in ${session.namespace} namespace.\n`);
  const rows = events.map((event) => {
    const { kind = '', name = '' } = event.involvedObject;
    const place = everywhere ? `${event.metadata.namespace ?? ''}\t` : '';
    return `${place}${lastSeen(event, session.nowMs())}\t${event.type ?? ''}\t${event.reason ?? ''}\t${kind}/${name}\t${(event.message ?? '').trim().replaceAll('\n', ' ')}`;
  });
  if (!flags.on('no-headers')) rows.unshift(`${everywhere ? 'NAMESPACE\t' : ''}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE`);
  await session.out(`${alignTabs(rows.join('\n'), tableLayout)}\n`);
}

/** kubectl events */
export const events: Command = {
  name: 'events',
  short: 'List events',
  group: 'Troubleshooting and Debugging Commands',
  usage: '[(-o|--output=)json|yaml|name|go-template|…] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]',
  completes: 'none',
  flags: [
    ...outputFlags,
    allNamespacesFlag,
    defineFlag('for', 'string', 'Filter events to only those pertaining to the specified resource.'),
    defineFlag('types', 'list', 'Output only events of given types.'),
    defineFlag('no-headers', 'bool', "When using the default output format, don't print headers."),
    defineFlag('chunk-size', 'int', 'Return large lists in chunks rather than all at once.', { initial: '500' }),
  ],
  run,
};
