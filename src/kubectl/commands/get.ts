/** kubectl get: tables from the server, whole objects with -o, watches, raw paths. */
import { ageOf, type KubeObject, type Table, type WatchEvent } from '#apimachinery';
import type { HttpResponse } from '#host';
import { allNamespacesFlag, defineFlag, filenameFlags, outputFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound, pathOf, type ApiResource } from '../discovery.ts';
import { CommandError, UsageError } from '../errors.ts';
import { hasFiles } from '../manifests.ts';
import { objectPrinter, type ObjectPrinter } from '../printers/output.ts';
import { sortByField } from '../printers/sorting.ts';
import { TablePrinter } from '../printers/table.ts';
import { fetchInfos, listQuery, listRefusal, namespaceOrItself, readTargets, throwCollected, withType, type Target } from '../targets.ts';

const TABLE_ACCEPT = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

interface Fetched {
  readonly target: Target;
  readonly table: Table;
}

const kindPrefixOf = ({ group, kind }: ApiResource): string => (group ? `${kind.toLowerCase()}.${group}` : kind.toLowerCase());

function printerFor(invocation: Invocation, resource: ApiResource, showKind: boolean): TablePrinter {
  const { flags } = invocation;
  return new TablePrinter({
    wide: flags.text('output') === 'wide',
    noHeaders: flags.on('no-headers'),
    showLabels: flags.on('show-labels'),
    labelColumns: flags.list('label-columns'),
    withNamespace: flags.on('all-namespaces') && resource.scope === 'Namespaced',
    withEvents: flags.on('output-watch-events'),
    ...(showKind ? { kindPrefix: kindPrefixOf(resource) } : {}),
  });
}

/** A body that is no Table (an old or foreign server): its objects by name and age. */
function asTable(body: Table | KubeObject, resource: ApiResource, nowMs: number): Table {
  if (body.kind === 'Table') return body as Table;
  const items = (body as unknown as { items?: KubeObject[] }).items ?? [body as KubeObject];
  const columnDefinitions = ['Name', 'Age'].map((name) => ({
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority: 0,
  }));
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {},
    columnDefinitions,
    rows: items.map((object) => ({
      cells: [object.metadata.name, ageOf(object.metadata.creationTimestamp, nowMs)],
      object: withType(object, resource),
    })),
  };
}

async function fetchTable(invocation: Invocation, target: Target): Promise<Table> {
  const { session, flags } = invocation;
  const includeObject = flags.text('sort-by') ? 'Object' : undefined;
  const get = async (query: Record<string, string | number | undefined>): Promise<Table> =>
    asTable(
      await session.json<Table>({
        method: 'GET',
        path: pathOf(target.resource, target.namespace, target.name, flags.text('subresource') || undefined),
        query: { ...query, includeObject },
        accept: TABLE_ACCEPT,
      }),
      target.resource,
      session.nowMs(),
    );
  if (target.name !== undefined) return get({}).catch((error: unknown) => namespaceOrItself(session, target, error));
  const query = listQuery(invocation, flags.number('chunk-size'));
  try {
    const table = await get(query);
    for (let next = table.metadata.continue; next;) {
      const page = await get({ ...query, continue: next });
      table.rows = [...(table.rows ?? []), ...page.rows];
      next = page.metadata.continue;
    }
    return { ...table, rows: table.rows ?? [] };
  } catch (error) {
    throw listRefusal(invocation, target.resource, error);
  }
}

function sorted(invocation: Invocation, table: Table): Table {
  const field = invocation.flags.text('sort-by');
  return field ? { ...table, rows: sortByField(table.rows, (row) => row.object, field) } : table;
}

/** Consecutive tables of one resource are printed as one. */
function joined(fetched: readonly Fetched[]): Fetched[] {
  const result: Fetched[] = [];
  for (const one of fetched) {
    const last = result.at(-1);
    if (last?.target.resource === one.target.resource)
      result[result.length - 1] = {
        target: last.target,
        table: {
          ...last.table,
          columnDefinitions: last.table.columnDefinitions?.length ? last.table.columnDefinitions : one.table.columnDefinitions,
          rows: [...last.table.rows, ...one.table.rows],
        },
      };
    else result.push(one);
  }
  return result;
}

async function sayNothingFound(invocation: Invocation, targets: readonly Target[]): Promise<void> {
  const { session, flags } = invocation;
  if (flags.on('ignore-not-found')) return;
  const namespaced = targets.some(({ resource }) => resource.scope === 'Namespaced') && !flags.on('all-namespaces');
  await session.err(namespaced ? `No resources found in ${session.namespace} namespace.\n` : 'No resources found\n');
}

async function printTables(invocation: Invocation, targets: readonly Target[]): Promise<void> {
  const { session, flags } = invocation;
  const fetched: Fetched[] = [];
  const errors: unknown[] = [];
  for (const target of targets) {
    try {
      fetched.push({ target, table: await fetchTable(invocation, target) });
    } catch (error) {
      if (!(flags.on('ignore-not-found') && isNotFound(error))) errors.push(error);
    }
  }
  const kinds = new Set(targets.map(({ resource }) => resource));
  const showKind = flags.on('show-kind') || kinds.size > 1;
  let printed = 0;
  for (const { target, table } of joined(fetched)) {
    const text = printerFor(invocation, target.resource, showKind).print(sorted(invocation, table));
    if (!text) continue;
    await session.out(printed > 0 ? `\n${text}` : text);
    printed++;
  }
  if (printed === 0 && errors.length === 0) await sayNothingFound(invocation, targets);
  throwCollected(errors);
}

async function printObjects(invocation: Invocation, targets: readonly Target[], printer: ObjectPrinter): Promise<void> {
  const { session, flags } = invocation;
  const { infos, errors } = await fetchInfos(invocation, targets);
  const left = flags.on('ignore-not-found') ? errors.filter((error) => !isNotFound(error)) : errors;
  const field = flags.text('sort-by');
  const objects = field
    ? sortByField(
        infos.map(({ object }) => object),
        (object) => object,
        field,
      )
    : infos.map(({ object }) => object);
  const single = targets.length === 1 && targets[0]!.name !== undefined;
  if (single) {
    if (objects[0]) await session.out(printer.text(objects[0]));
  } else if (left.length === 0 || objects.length > 0) {
    if (objects.length === 0 && (flags.text('output') === 'name' || printer.isColumns)) {
      if (printer.isColumns)
        await session.out(
          printer.text({ apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: [] } as unknown as KubeObject),
        );
    } else
      await session.out(
        printer.text({ apiVersion: 'v1', items: objects, kind: 'List', metadata: { resourceVersion: '' } } as unknown as KubeObject),
      );
  }
  throwCollected(left);
}

async function* eventsOf(response: HttpResponse): AsyncGenerator<WatchEvent<KubeObject>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.chunks()) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line) yield JSON.parse(line) as WatchEvent<KubeObject>;
    }
  }
}

async function watch(invocation: Invocation, targets: readonly Target[], printer: ObjectPrinter | undefined): Promise<void> {
  const { session, flags } = invocation;
  const [target] = targets;
  if (!target || targets.length > 1)
    throw new CommandError('watch is only supported on individual resources and resource collections - more than 1 resource was found');
  const tables = printerFor(invocation, target.resource, flags.on('show-kind'));
  const accept = printer ? 'application/json' : TABLE_ACCEPT;
  const query = { ...listQuery(invocation, 0), ...(target.name === undefined ? {} : { fieldSelector: `metadata.name=${target.name}` }) };
  const first = await session
    .json<Table | KubeObject>({
      method: 'GET',
      path: pathOf(target.resource, target.namespace, target.name),
      query: target.name === undefined ? { ...query, limit: flags.number('chunk-size') || undefined } : {},
      accept,
    })
    .catch((error: unknown) => {
      throw listRefusal(invocation, target.resource, error);
    });
  let resourceVersion = first.metadata.resourceVersion;
  const show = async (object: KubeObject, event: string): Promise<void> => {
    if (!printer) await session.out(tables.print(asTable(object, target.resource, session.nowMs()), event));
    else {
      const typed = withType(object, target.resource);
      await session.out(printer.text(flags.on('output-watch-events') ? ({ type: event, object: typed } as unknown as KubeObject) : typed));
    }
  };
  if (!flags.on('watch-only')) {
    const items = printer ? ((first as unknown as { items?: KubeObject[] }).items ?? [first as KubeObject]) : [first as KubeObject];
    for (const item of items) await show(item, 'ADDED');
  }
  const response = await session.send({
    method: 'GET',
    path: pathOf(target.resource, target.namespace),
    query: { ...query, resourceVersion, watch: 'true' },
    accept,
    timeoutMs: Infinity,
  });
  for await (const { type, object } of eventsOf(response)) {
    if (type === 'BOOKMARK') continue;
    if (type === 'ERROR')
      throw new CommandError(
        `an error on the server ("${(object as unknown as { message?: string }).message ?? 'unknown'}") has prevented the request from succeeding`,
      );
    resourceVersion = object.metadata?.resourceVersion ?? resourceVersion;
    await show(object, type);
  }
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  if (flags.given('raw')) {
    const raw = flags.text('raw');
    const path = raw.replace(/[?&]([^=&]+)(?=&|$)/g, '$&=');
    const response = await session.send({ method: 'GET', path, accept: 'application/json, */*' });
    await session.out(await response.text());
    return;
  }
  if (args.length === 0 && !hasFiles(flags)) {
    await session.err(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
    );
    throw new UsageError(
      'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
      invocation.path,
    );
  }
  const printer = objectPrinter(session, flags, true);
  if (flags.on('output-watch-events') && !flags.on('watch') && !flags.on('watch-only'))
    throw new UsageError('--output-watch-events option can only be used with --watch or --watch-only', invocation.path);
  const targets = await readTargets(invocation, { allowCollections: true });
  if (flags.text('subresource') !== '' && targets.some(({ name }) => name === undefined))
    throw new CommandError('subresource cannot be used when bulk resources are specified');
  if (flags.on('watch') || flags.on('watch-only')) return watch(invocation, targets, printer);
  return printer ? printObjects(invocation, targets, printer) : printTables(invocation, targets);
}

/** kubectl get */
export const get: Command = {
  name: 'get',
  short: 'Display one or many resources',
  long: "Display one or many resources.\n\n Prints a table of the most important information about the specified resources. You can filter the list using a label selector and the --selector flag. If the desired resource type is namespaced you will only see results in the current namespace if you don't specify any namespace.\n\n By specifying the output as 'template' and providing a Go template as the value of the --template flag, you can filter the attributes of the fetched resources.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
  group: 'Basic Commands (Intermediate)',
  usage:
    '[(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]',
  examples:
    '  # List all pods in ps output format\n  kubectl get pods\n\n  # List all pods in ps output format with more information (such as node name)\n  kubectl get pods -o wide',
  completes: 'resources',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    ...selectorFlags,
    allNamespacesFlag,
    defineFlag('chunk-size', 'int', 'Return large lists in chunks rather than all at once. Pass 0 to disable.', { initial: '500' }),
    defineFlag('ignore-not-found', 'bool', 'If set to true, suppresses NotFound error for specific objects that do not exist.'),
    defineFlag('label-columns', 'list', 'Accepts a comma separated list of labels that are going to be presented as columns.', {
      short: 'L',
    }),
    defineFlag('no-headers', 'bool', "When using the default or custom-column output format, don't print headers (default print headers)."),
    defineFlag('output-watch-events', 'bool', 'Output watch event objects when --watch or --watch-only is used.'),
    defineFlag('raw', 'string', 'Raw URI to request from the server.'),
    defineFlag('server-print', 'bool', 'If true, have the server return the appropriate table output.', { initial: 'true' }),
    defineFlag('show-kind', 'bool', 'If present, list the resource type for the requested object(s).'),
    defineFlag('show-labels', 'bool', 'When printing, show all labels as the last column (default hide labels column)'),
    defineFlag('sort-by', 'string', 'If non-empty, sort list types using this field specification.'),
    defineFlag('subresource', 'string', 'If specified, gets the subresource of the requested object.'),
    defineFlag('watch', 'bool', 'After listing/getting the requested object, watch for changes.', { short: 'w' }),
    defineFlag('watch-only', 'bool', 'Watch for changes to the requested object(s), without listing/getting first.'),
  ],
  run,
};
