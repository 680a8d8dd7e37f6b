/** What the server is: api-resources, api-versions, cluster-info, auth can-i, auth whoami. */
import type { Service } from '#api';
import { allNamespacesFlag, defineFlag, outputFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { apiVersionOfResource, groupResource } from '../discovery.ts';
import { CommandError, SilentExit, UsageError } from '../errors.ts';
import { dumpCluster, dumpFlags } from './cluster-dump.ts';
import { listPermissions } from './can-i-list.ts';
import { goValue, objectPrinter } from '../printers/output.ts';
import { alignTabs, tableLayout } from '../printers/tabs.ts';

async function runApiResources({ session, flags }: Invocation): Promise<void> {
  const output = flags.text('output');
  if (!['', 'wide', 'name'].includes(output)) throw new CommandError(`--output ${output} is not available`);
  const verbs = flags.list('verbs');
  const all = await session.discovery.resources();
  // Of a resource in several versions only the preferred one is told: the first.
  const isPreferred = ({ group, plural }: (typeof all)[number], at: number): boolean =>
    all.findIndex((other) => other.group === group && other.plural === plural) === at;
  const resources = all.filter(
    (resource, at) =>
      isPreferred(resource, at) &&
      resource.verbs.length > 0 &&
      (!flags.given('namespaced') || (resource.scope === 'Namespaced') === flags.on('namespaced')) &&
      (!flags.given('api-group') || resource.group === flags.text('api-group')) &&
      verbs.every((verb) => resource.verbs.includes(verb)) &&
      flags.list('categories').every((category) => resource.categories.includes(category)),
  );
  const sorted = [...resources].sort((a, b) => {
    const key = ({ group, plural, kind }: (typeof resources)[number]): string =>
      flags.text('sort-by') === 'name' ? plural : flags.text('sort-by') === 'kind' ? kind : `${group}\0${plural}`;
    return key(a) < key(b) ? -1 : 1;
  });
  if (flags.text('output') === 'name') return session.out(sorted.map((resource) => `${groupResource(resource)}\n`).join(''));
  const wide = flags.text('output') === 'wide';
  const rows = sorted.map((resource) =>
    [
      resource.plural,
      resource.shortNames.join(','),
      apiVersionOfResource(resource),
      String(resource.scope === 'Namespaced'),
      resource.kind,
      ...(wide ? [resource.verbs.join(','), resource.categories.join(',')] : []),
    ].join('\t'),
  );
  if (!flags.on('no-headers'))
    rows.unshift(['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])].join('\t'));
  await session.out(`${alignTabs(rows.join('\n'), tableLayout)}\n`);
}

async function runClusterInfo({ session }: Invocation): Promise<void> {
  const services = await session.json<{ items: Service[] }>({
    method: 'GET',
    path: '/api/v1/namespaces/kube-system/services',
    query: { labelSelector: 'kubernetes.io/cluster-service=true' },
    accept: 'application/json, */*',
  });
  const { server } = session.config;
  await session.out(`Kubernetes control plane is running at ${server}\n`);
  for (const { metadata, spec } of services.items) {
    const name = metadata.labels?.['kubernetes.io/name'] ?? metadata.name;
    const port = spec?.ports?.[0]?.name;
    await session.out(
      `${name} is running at ${server}/api/v1/namespaces/${metadata.namespace ?? ''}/services/${metadata.name}${port ? `:${port}` : ''}/proxy\n`,
    );
  }
  await session.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
}

async function runCanI(invocation: Invocation): Promise<void> {
  const { session, flags, args, path } = invocation;
  if (flags.on('list')) {
    if (args.length > 0) throw new UsageError('list option must be specified with no arguments', path);
    return listPermissions(invocation);
  }
  const [verb, what, name] = args;
  if (verb === undefined || what === undefined || args.length > 3)
    throw new CommandError(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    );
  let spec: object;
  if (what.startsWith('/')) spec = { nonResourceAttributes: { path: what, verb } };
  else {
    const [word = '', resourceName = name ?? ''] = what.split('/');
    const known =
      word === '*'
        ? undefined
        : await session.discovery.resourceOf(word).catch(async (error: unknown) => {
            await session.err(`Warning: the server doesn't have a resource type '${word}'\n\n`);
            if (!(error instanceof Error)) throw error;
            return undefined;
          });
    const clusterScoped = known?.scope === 'Cluster';
    if (clusterScoped)
      await session.err(
        `Warning: resource '${known.plural}' is not namespace scoped${known.group ? ` in group '${known.group}'` : ''}\n\n`,
      );
    const namespace = flags.on('all-namespaces') || clusterScoped ? '' : session.namespace;
    spec = {
      resourceAttributes: {
        ...(known?.group ? { group: known.group } : word === '*' ? { group: '*' } : {}),
        ...(resourceName ? { name: resourceName } : {}),
        ...(namespace ? { namespace } : {}),
        resource: known?.plural ?? word,
        ...(flags.text('subresource') ? { subresource: flags.text('subresource') } : {}),
        verb,
      },
    };
  }
  const review = await session.json<{ status: { allowed: boolean; reason?: string; evaluationError?: string } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    contentType: 'application/json',
    body: {
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: { creationTimestamp: null },
      spec,
      status: { allowed: false },
    },
  });
  if (!flags.on('quiet'))
    await session.out(
      `${review.status.allowed ? 'yes' : 'no'}${review.status.reason && !review.status.allowed ? ` - ${review.status.reason}` : ''}\n`,
    );
  if (!review.status.allowed) throw new SilentExit(1);
}

async function runWhoami({ session, flags }: Invocation): Promise<void> {
  const review = await session.json<{
    status: { userInfo: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> } };
  }>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    contentType: 'application/json',
    body: {
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: null },
      status: { userInfo: {} },
    },
  });
  const printer = objectPrinter(session, flags, false);
  if (printer) return session.out(printer.text(review as never));
  const { username, uid, groups, extra } = review.status.userInfo;
  const rows = [
    'ATTRIBUTE\tVALUE',
    ...(username ? [`Username\t${username}`] : []),
    ...(uid ? [`UID\t${uid}`] : []),
    ...(groups?.length ? [`Groups\t${goValue(groups)}`] : []),
    ...Object.entries(extra ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `Extra: ${key}\t${goValue(value)}`),
  ];
  await session.out(`${alignTabs(rows.join('\n'), tableLayout)}\n`);
}

/** kubectl api-resources */
export const apiResources: Command = {
  name: 'api-resources',
  short: 'Print the supported API resources on the server',
  completes: 'none',
  flags: [
    defineFlag('namespaced', 'bool', 'If false, non-namespaced resources will be returned', { initial: 'true' }),
    defineFlag('api-group', 'string', 'Limit to resources in the specified API group.'),
    defineFlag('verbs', 'list', 'Limit to resources that support the specified verbs.'),
    defineFlag('categories', 'list', 'Limit to resources that belong to the specified categories.'),
    defineFlag('output', 'string', 'Output format. One of: (wide, name).', { short: 'o' }),
    defineFlag('no-headers', 'bool', "don't print headers"),
    defineFlag('sort-by', 'string', 'If non-empty, sort list of resources using specified field. One of (name, kind).'),
    defineFlag('cached', 'bool', 'Use the cached list of resources if available.'),
  ],
  run: runApiResources,
};
/** kubectl api-versions */
export const apiVersions: Command = {
  name: 'api-versions',
  short: 'Print the supported API versions on the server, in the form of "group/version"',
  completes: 'none',
  run: async ({ session }) =>
    session.out(
      [...(await session.discovery.groupVersions())]
        .sort()
        .map((text) => `${text}\n`)
        .join(''),
    ),
};
/** kubectl cluster-info */
export const clusterInfo: Command = {
  name: 'cluster-info',
  short: 'Display cluster information',
  group: 'Cluster Management Commands',
  completes: 'none',
  commands: [
    {
      name: 'dump',
      short: 'Dump relevant information for debugging and diagnosis',
      usage: '[flags] [options]',
      completes: 'none',
      flags: dumpFlags,
      run: dumpCluster,
    },
  ],
  run: runClusterInfo,
};
/** kubectl auth */
export const auth: Command = {
  name: 'auth',
  short: 'Inspect authorization',
  group: 'Troubleshooting and Debugging Commands',
  usage: '[flags] [options]',
  commands: [
    {
      name: 'can-i',
      short: 'Check whether an action is allowed',
      usage: 'VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]',
      completes: 'none',
      flags: [
        allNamespacesFlag,
        defineFlag('quiet', 'bool', 'If true, suppress output and just return the exit code.', { short: 'q' }),
        defineFlag('subresource', 'string', 'SubResource such as pod/log or deployment/scale'),
        defineFlag('list', 'bool', 'If true, prints all allowed actions.'),
        defineFlag('no-headers', 'bool', 'If true, prints allowed actions without headers'),
      ],
      run: runCanI,
    },
    { name: 'whoami', short: 'Experimental: Check self subject attributes', completes: 'none', flags: outputFlags, run: runWhoami },
  ],
};
