/** kubectl set: image, env, resources, selector, serviceaccount. */
import type { KubeObject } from '#apimachinery';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { readDryRun } from '../dry-run.ts';
import { CommandError, UsageError } from '../errors.ts';
import { PATCH_TYPES, patchFlags, report, sendPatch, type PodParts, type Templated } from '../patches.ts';
import { fetchInfos, readTargets, throwCollected, type Info } from '../targets.ts';

/** The pod spec of an object, and how a patch of that spec is written for it. */
function podSpecOf({ spec }: KubeObject & Templated): { parts: PodParts; wrap: (patch: object) => object } {
  const { template, jobTemplate } = spec ?? {};
  if (template) return { parts: template.spec ?? {}, wrap: (patch) => ({ spec: { template: { spec: patch } } }) };
  if (jobTemplate)
    return {
      parts: jobTemplate.spec?.template?.spec ?? {},
      wrap: (patch) => ({ spec: { jobTemplate: { spec: { template: { spec: patch } } } } }),
    };
  return { parts: spec ?? {}, wrap: (patch) => ({ spec: patch }) };
}

/** Changes each named object by a patch of its pod spec; says nothing of those that stay as they are. */
async function changeEach(
  invocation: Invocation,
  words: readonly string[],
  done: string,
  patchOf: (parts: PodParts, info: Info) => object | undefined,
): Promise<void> {
  const { flags, session } = invocation;
  const dryRun = await readDryRun(session, flags);
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { words, allowCollections: flags.on('all') }));
  for (const info of infos) {
    try {
      const { parts, wrap } = podSpecOf(info.object as KubeObject & Templated);
      const patch = patchOf(parts, info);
      if (!patch) continue;
      const after = dryRun === 'client' ? info.object : await sendPatch(invocation, info, wrap(patch), PATCH_TYPES.strategic);
      if (dryRun !== 'none' || after.metadata.resourceVersion !== info.object.metadata.resourceVersion)
        await report(invocation, info, after, done);
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

const order = (list: readonly { name: string }[] | undefined): object[] => (list ?? []).map(({ name }) => ({ name }));

async function runImage(invocation: Invocation): Promise<void> {
  const { args, path } = invocation;
  const changes = args
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
  if (changes.length === 0) throw new UsageError('at least one image update is required', path);
  const words = args.filter((word) => !word.includes('='));
  await changeEach(invocation, words, 'image updated', (parts) => {
    const all = [...(parts.containers ?? []), ...(parts.initContainers ?? [])];
    const missing = changes.find(([key]) => key !== '*' && !all.some(({ name }) => name === key));
    if (missing) throw new CommandError(`unable to find container named "${missing[0]}"`);
    const wanted = (names: readonly { name: string }[] | undefined): object[] =>
      (names ?? []).flatMap(({ name }) => changes.filter(([key]) => key === '*' || key === name).map(([, image]) => ({ image, name })));
    const [containers, initContainers] = [wanted(parts.containers), wanted(parts.initContainers)];
    return {
      ...(containers.length ? { '$setElementOrder/containers': order(parts.containers), containers } : {}),
      ...(initContainers.length ? { '$setElementOrder/initContainers': order(parts.initContainers), initContainers } : {}),
    };
  });
}

interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}
interface EnvContainer {
  readonly name: string;
  readonly env?: readonly EnvEntry[];
}

/** Whether a container is meant by -c, whose stars stand for anything. */
function isMeant(name: string, pattern: string): boolean {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name);
}

async function environmentOf(invocation: Invocation): Promise<EnvEntry[]> {
  const { session, flags } = invocation;
  const from = flags.text('from');
  if (!from) return [];
  const [type = '', name = ''] = from.split('/');
  const resource = await session.discovery.resourceOf(type);
  const isSecret = resource.plural === 'secrets';
  if (!isSecret && resource.plural !== 'configmaps') throw new CommandError(`unsupported resource specified in --from`);
  const path = `/api/v1/namespaces/${session.namespace}/${resource.plural}/${name}`;
  const { data = {} } = await session.json<KubeObject & { data?: Record<string, string> }>({ method: 'GET', path });
  const keys = flags.list('keys');
  return Object.keys(data)
    .filter((key) => keys.length === 0 || keys.includes(key))
    .sort()
    .map((key) => ({
      name: `${flags.text('prefix')}${key.toUpperCase().replace(/[^A-Z0-9_]/g, '_')}`,
      valueFrom: { [isSecret ? 'secretKeyRef' : 'configMapKeyRef']: { key, name } },
    }));
}

async function listEnvironment(invocation: Invocation, words: readonly string[]): Promise<void> {
  const { session, flags } = invocation;
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { words, allowCollections: flags.on('all') }));
  for (const info of infos) {
    for (const { name, env = [] } of (podSpecOf(info.object as KubeObject & Templated).parts.containers ?? []) as readonly EnvContainer[]) {
      if (!isMeant(name, flags.text('containers'))) continue;
      await session.out(`# ${info.resource.plural} ${info.name}, container ${name}\n`);
      for (const entry of env) {
        const [kind, reference] = Object.entries(entry.valueFrom ?? {})[0] ?? [];
        const { key = '', name: of = '', fieldPath = '' } = (reference ?? {}) as Record<string, string>;
        if (kind === 'fieldRef') await session.out(`# ${entry.name} from field path ${fieldPath}\n`);
        else if (kind === undefined) await session.out(`${entry.name}=${entry.value ?? ''}\n`);
        else await session.out(`# ${entry.name} from ${kind === 'secretKeyRef' ? 'secret' : 'configmap'} ${of}, key ${key}\n`);
      }
    }
  }
  throwCollected(errors);
}

async function runEnv(invocation: Invocation): Promise<void> {
  const { flags, args, path } = invocation;
  const isChange = (word: string, at: number): boolean => word.includes('=') || (at > 0 && word.endsWith('-'));
  const words = args.filter((word, at) => !isChange(word, at));
  const changes = [...args.filter(isChange), ...flags.list('env')];
  if (flags.on('list')) return listEnvironment(invocation, words);
  const added: EnvEntry[] = [...(await environmentOf(invocation))];
  const removed: string[] = [];
  for (const change of changes) {
    if (!change.includes('=')) {
      removed.push(change.slice(0, -1));
      continue;
    }
    const name = change.slice(0, change.indexOf('='));
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name))
      throw new CommandError(
        `"${name}" is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
      );
    added.push({ name, value: change.slice(change.indexOf('=') + 1) });
  }
  if (added.length + removed.length === 0) throw new UsageError('at least one environment variable must be provided', path);
  await changeEach(invocation, words, 'env updated', (parts) => {
    const meant = ((parts.containers ?? []) as readonly EnvContainer[]).filter(({ name }) => isMeant(name, flags.text('containers')));
    if (meant.length === 0) throw new CommandError(`${words[0] ?? ''} does not have any containers matching "${flags.text('containers')}"`);
    const containers = meant.map(({ name, env = [] }) => ({
      name,
      env: [
        ...added.map((entry) => ({ ...entry, ...(entry.valueFrom ? { value: null } : { valueFrom: null }) })),
        ...removed.filter((one) => env.some((entry) => entry.name === one)).map((one) => ({ $patch: 'delete', name: one })),
      ],
    }));
    return { '$setElementOrder/containers': order(parts.containers), containers };
  });
}

function amounts(text: string): Record<string, string> | undefined {
  if (text === '') return undefined;
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', value] = pair.split('=');
      if (value === undefined || value === '') throw new CommandError(`invalid argument syntax ${pair}, expected <resource>=<value>`);
      return [name, value];
    }),
  );
}

async function runResources(invocation: Invocation): Promise<void> {
  const { flags, args, path } = invocation;
  const limits = amounts(flags.text('limits'));
  const requests = amounts(flags.text('requests'));
  if (!limits && !requests)
    throw new UsageError('you must specify an update to requests or limits (in the form of --requests/--limits)', path);
  await changeEach(invocation, args, 'resource requirements updated', (parts, info) => {
    const meant = (parts.containers ?? []).filter(({ name }) => isMeant(name, flags.text('containers')));
    if (meant.length === 0) throw new CommandError(`unable to find container named ${flags.text('containers')} in ${info.name}`);
    const resources = { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) };
    return { '$setElementOrder/containers': order(parts.containers), containers: meant.map(({ name }) => ({ name, resources })) };
  });
}

async function runServiceAccount(invocation: Invocation): Promise<void> {
  const { args, path } = invocation;
  if (args.length === 0) throw new UsageError('serviceaccount is required', path);
  const name = args.at(-1)!;
  await changeEach(invocation, args.slice(0, -1), 'serviceaccount updated', () => ({ serviceAccountName: name }));
}

async function runSelector(invocation: Invocation): Promise<void> {
  const { args, path, flags } = invocation;
  const text = args.at(-1);
  if (text === undefined || !text.includes('=')) throw new UsageError('one selector must be provided', path);
  const selector = Object.fromEntries(text.split(',').map((pair) => pair.split('=') as [string, string]));
  const { infos, errors } = await fetchInfos(
    invocation,
    await readTargets(invocation, { words: args.slice(0, -1), allowCollections: flags.on('all') }),
  );
  for (const info of infos) {
    try {
      if (info.object.kind !== 'Service') throw new CommandError(`setting a selector is only supported for Services`);
      const old = (info.object as KubeObject & { spec?: { selector?: Record<string, string> } }).spec?.selector ?? {};
      const gone = Object.fromEntries(
        Object.keys(old)
          .filter((key) => !(key in selector))
          .map((key) => [key, null]),
      );
      await report(
        invocation,
        info,
        await sendPatch(invocation, info, { spec: { selector: { ...gone, ...selector } } }, PATCH_TYPES.merge),
        'selector updated',
      );
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

const containersFlag = defineFlag(
  'containers',
  'string',
  'The names of containers in the selected pod templates to change, all containers are selected by default - may use wildcards',
  { short: 'c', initial: '*' },
);

/** kubectl set */
export const set: Command = {
  name: 'set',
  short: 'Set specific features on objects',
  long: 'Configure application resources.\n\n These commands help you make changes to existing application resources.',
  group: 'Basic Commands (Beginner)',
  usage: 'SUBCOMMAND [options]',
  commands: [
    {
      name: 'env',
      short: 'Update environment variables on a pod template',
      usage: 'RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]',
      completes: 'resources',
      flags: [
        ...patchFlags('kubectl-set'),
        containersFlag,
        defineFlag('env', 'array', 'Specify a key-value pair for an environment variable to set into each container.', { short: 'e' }),
        defineFlag('from', 'string', 'The name of a resource from which to inject environment variables'),
        defineFlag('keys', 'list', 'Comma-separated list of keys to import from specified resource'),
        defineFlag('prefix', 'string', 'Prefix to append to variable names'),
        defineFlag('list', 'bool', 'If true, display the environment and any changes in the standard format.'),
        defineFlag('overwrite', 'bool', 'If true, allow environment to be overwritten', { initial: 'true' }),
      ],
      run: runEnv,
    },
    {
      name: 'image',
      short: 'Update the image of a pod template',
      usage: '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
      completes: 'resources',
      flags: patchFlags('kubectl-set'),
      run: runImage,
    },
    {
      name: 'resources',
      short: 'Update resource requests/limits on objects with pod templates',
      usage: '(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS] [options]',
      completes: 'resources',
      flags: [
        ...patchFlags('kubectl-set'),
        containersFlag,
        defineFlag('limits', 'string', "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'."),
        defineFlag('requests', 'string', "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'."),
      ],
      run: runResources,
    },
    {
      name: 'selector',
      short: 'Set the selector on a resource',
      usage: '(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]',
      completes: 'resources',
      flags: patchFlags('kubectl-set'),
      run: runSelector,
    },
    {
      name: 'serviceaccount',
      aliases: ['sa'],
      short: 'Update the service account of a resource',
      usage: '(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]',
      completes: 'resources',
      flags: patchFlags('kubectl-set'),
      run: runServiceAccount,
    },
  ],
};
