/** kubectl config: the kubeconfig file seen and changed. */
import type { Kubeconfig, KubeconfigContext } from '#client';
import { defineFlag, outputFlags } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { changeConfig, loadConfig } from '../../kubeconfig-files.ts';
import { objectPrinter } from '../../printers/output.ts';
import { alignTabs, tableLayout } from '../../printers/tabs.ts';
import { toYaml } from '../../printers/yaml.ts';
import { entryCommands } from './entries.ts';

const SECRETS = ['certificate-authority-data', 'client-certificate-data', 'client-key-data'];

function redacted(config: Kubeconfig): Kubeconfig {
  const hide = <T extends object>(entry: T): T =>
    Object.fromEntries(
      Object.entries(entry).map(([key, value]) => [
        key,
        SECRETS.includes(key) ? 'DATA+OMITTED' : key === 'token' || key === 'password' ? 'REDACTED' : value,
      ]),
    ) as T;
  return {
    ...config,
    clusters: (config.clusters ?? []).map(({ name, cluster }) => ({ name, cluster: hide(cluster) })),
    users: (config.users ?? []).map(({ name, user }) => ({ name, user: hide(user) })),
  };
}

function minified(config: Kubeconfig, contextName: string): Kubeconfig {
  const context = config.contexts?.find(({ name }) => name === contextName);
  if (!context)
    throw new CommandError(contextName ? `cannot locate context ${contextName}` : 'current-context must exist in order to minify');
  return {
    ...config,
    contexts: [context],
    clusters: config.clusters?.filter(({ name }) => name === context.context.cluster),
    users: config.users?.filter(({ name }) => name === context.context.user),
    'current-context': contextName,
  };
}

async function view(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const { kubeconfig } = loadConfig(session.process, flags);
  const chosen = flags.on('minify') ? minified(kubeconfig, flags.text('context') || (kubeconfig['current-context'] ?? '')) : kubeconfig;
  const shown = flags.on('raw') ? chosen : redacted(chosen);
  const nullIfEmpty = <T>(list: readonly T[] | null | undefined): readonly T[] | null => (list?.length ? list : null);
  const complete = {
    ...shown,
    apiVersion: 'v1',
    kind: 'Config',
    preferences: shown.preferences ?? {},
    'current-context': shown['current-context'] ?? '',
    clusters: nullIfEmpty(shown.clusters),
    contexts: nullIfEmpty(shown.contexts),
    users: nullIfEmpty(shown.users),
  };
  const printer = objectPrinter(session, flags, false);
  await session.out(printer ? printer.text(complete as never) : toYaml(complete));
}

async function getContexts({ session, flags, args }: Invocation): Promise<void> {
  const { kubeconfig } = loadConfig(session.process, flags);
  const contexts = [...(kubeconfig.contexts ?? [])]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter(({ name }) => args.length === 0 || args.includes(name));
  const missing = args.find((name) => !kubeconfig.contexts?.some((context) => context.name === name));
  if (missing !== undefined) throw new CommandError(`context ${missing} not found`);
  if (flags.text('output') === 'name') return session.out(contexts.map(({ name }) => `${name}\n`).join(''));
  const rows = contexts.map(({ name, context }) =>
    [name === kubeconfig['current-context'] ? '*' : '', name, context.cluster, context.user, context.namespace ?? ''].join('\t'),
  );
  if (!flags.on('no-headers')) rows.unshift(['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE'].join('\t'));
  await session.out(rows.length ? `${alignTabs(rows.join('\n'), tableLayout)}\n` : '');
}

async function currentContext({ session, flags }: Invocation): Promise<void> {
  const name = loadConfig(session.process, flags).kubeconfig['current-context'];
  if (!name) throw new CommandError('current-context is not set');
  await session.out(`${name}\n`);
}

async function useContext({ session, flags, args, path }: Invocation): Promise<void> {
  const [name] = args;
  if (name === undefined) throw new UsageError('exactly one argument is required', path);
  if (!loadConfig(session.process, flags).kubeconfig.contexts?.some((context) => context.name === name))
    throw new CommandError(`no context exists with the name: "${name}"`);
  changeConfig(session.process, flags, (changed) => void (changed['current-context'] = name));
  await session.out(`Switched to context "${name}".\n`);
}

async function setContext({ session, flags, args, path }: Invocation): Promise<void> {
  const current = flags.on('current');
  const name = current ? (loadConfig(session.process, flags).kubeconfig['current-context'] ?? '') : args[0];
  if (current && args.length > 0) throw new UsageError('cannot use both --current and a context name', path);
  if (!name) throw new CommandError(current ? 'no current context is set' : 'you must specify a non-empty context name or --current');
  let existed = false;
  changeConfig(session.process, flags, (changed) => {
    const known = changed.contexts?.find((context) => context.name === name);
    existed = known !== undefined;
    const context: KubeconfigContext = { ...(known?.context ?? { cluster: '', user: '' }) };
    for (const field of ['cluster', 'user', 'namespace'] as const) if (flags.given(field)) context[field] = flags.text(field);
    if (context.namespace === '') delete context.namespace;
    if (known) known.context = context;
    else changed.contexts = [...(changed.contexts ?? []), { name, context }];
  });
  await session.out(`Context "${name}" ${existed ? 'modified' : 'created'}.\n`);
}

const lister = (name: string, header: string, of: (config: Kubeconfig) => readonly { name: string }[]): Command => ({
  name,
  short: `Display ${name.slice(4)} defined in the kubeconfig`,
  completes: 'none',
  run: ({ session, flags }) =>
    session.out(
      [header, ...of(loadConfig(session.process, flags).kubeconfig).map((entry) => entry.name)].map((line) => `${line}\n`).join(''),
    ),
});

const verbs: readonly Command[] = [
  ...entryCommands,
  { name: 'current-context', short: 'Display the current-context', completes: 'none', run: currentContext },
  lister('get-clusters', 'NAME', (kubeconfig) => kubeconfig.clusters ?? []),
  {
    name: 'get-contexts',
    short: 'Describe one or many contexts',
    completes: 'contexts',
    flags: [
      defineFlag('output', 'string', 'Output format. One of: (name).', { short: 'o' }),
      defineFlag('no-headers', 'bool', "When using the default or custom-column output format, don't print headers"),
    ],
    run: getContexts,
  },
  lister('get-users', 'NAME', (kubeconfig) => kubeconfig.users ?? []),
  {
    name: 'set-context',
    short: 'Set a context entry in kubeconfig',
    usage: '[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]',
    completes: 'contexts',
    flags: [defineFlag('current', 'bool', 'Modify the current context')],
    run: setContext,
  },
  {
    name: 'use-context',
    aliases: ['use'],
    short: 'Set the current-context in a kubeconfig file',
    usage: 'CONTEXT_NAME [options]',
    completes: 'contexts',
    run: useContext,
  },
  {
    name: 'view',
    short: 'Display merged kubeconfig settings or a specified kubeconfig file',
    completes: 'none',
    flags: [
      ...outputFlags,
      defineFlag('flatten', 'bool', 'Flatten the resulting kubeconfig file into self-contained output'),
      defineFlag('merge', 'string', 'Merge the full hierarchy of kubeconfig files', { initial: 'true', bare: 'true' }),
      defineFlag('minify', 'bool', 'Remove all information not used by current-context from the output'),
      defineFlag('raw', 'bool', 'Display raw byte data and sensitive data'),
    ],
    run: view,
  },
];

/** kubectl config */
export const config: Command = {
  name: 'config',
  short: 'Modify kubeconfig files',
  group: 'Settings Commands',
  usage: 'SUBCOMMAND [options]',
  commands: [...verbs].sort((a, b) => (a.name < b.name ? -1 : 1)),
};
