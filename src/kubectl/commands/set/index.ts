/** kubectl set: image, env, resources, selector, serviceaccount, subject. */
import { canonicalQuantity, deepCopy, type KubeObject } from '#apimachinery';
import { defineFlag } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { CommandError } from '../../errors.ts';
import { patchFlags, type PodParts } from '../../patches.ts';
import { throwCollected } from '../../targets.ts';
import { changeEach, isMeant, objectsMeant, saveChange } from './change.ts';
import { setEnvironment } from './environment.ts';
import { setSubject } from './subject.ts';

interface Container {
  readonly name: string;
  image?: string;
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
}

const containersOf = (list: PodParts['containers']): Container[] => list ?? [];

async function setImage(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  const changes = args
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
  if (changes.length === 0) throw new CommandError('at least one image update is required');
  if (changes.length > 1 && changes.some(([key]) => key === '*'))
    throw new CommandError('all containers are already specified by *, but saw more than one container_name=container_image pairs');
  const words = args.filter((word) => !word.includes('='));
  const telling = { done: 'image updated', failed: 'failed to patch image update to pod template:' };
  await changeEach(invocation, words, telling, (parts) => {
    const all = [...containersOf(parts.initContainers), ...containersOf(parts.containers)];
    for (const [key, image] of changes) {
      const meant = all.filter(({ name }) => key === '*' || name === key);
      if (meant.length === 0) throw new CommandError(`unable to find container named "${key}"`);
      for (const container of meant) container.image = image;
    }
  });
}

function amounts(text: string): Record<string, string> | undefined {
  if (text === '') return undefined;
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', value] = pair.split('=');
      if (value === undefined) throw new CommandError(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
      try {
        return [name, canonicalQuantity(value)];
      } catch (error) {
        throw new CommandError(error instanceof Error ? error.message : String(error));
      }
    }),
  );
}

async function setResources(invocation: Invocation): Promise<void> {
  const { flags, args } = invocation;
  const limits = amounts(flags.text('limits'));
  const requests = amounts(flags.text('requests'));
  if (!limits && !requests) throw new CommandError('you must specify an update to requests or limits (in the form of --requests/--limits)');
  const telling = { done: 'resource requirements updated', failed: 'failed to patch resources update to pod template' };
  await changeEach(invocation, args, telling, (parts) => {
    const pattern = flags.text('containers');
    const meant = containersOf(parts.containers).filter(({ name }) => isMeant(name, pattern));
    if (meant.length === 0) throw new CommandError(`unable to find container named ${pattern}`);
    for (const container of meant) {
      container.resources ??= {};
      if (limits) container.resources.limits = { ...container.resources.limits, ...limits };
      if (requests) container.resources.requests = { ...container.resources.requests, ...requests };
    }
  });
}

async function setServiceAccount(invocation: Invocation): Promise<void> {
  const { args } = invocation;
  const name = args.at(-1);
  if (name === undefined) throw new CommandError('serviceaccount is required');
  const telling = { done: 'serviceaccount updated', failed: 'failed to patch ServiceAccountName', tellsUnchanged: true };
  await changeEach(invocation, args.slice(0, -1), telling, (spec) => {
    (spec as { serviceAccountName?: string }).serviceAccountName = name;
  });
}

async function setSelector(invocation: Invocation): Promise<void> {
  const { args, flags } = invocation;
  const text = args.at(-1) ?? '';
  const { infos, errors } = await objectsMeant(invocation, args.slice(0, -1));
  const selector = Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', value] = pair.split(/==?/);
      if (value === undefined) throw new CommandError(`no selector requirement found in "${text}"`);
      return [key, value];
    }),
  );
  for (const info of infos) {
    try {
      if (info.object.kind !== 'Service') throw new CommandError('setting a selector is only supported for Services');
      const after = deepCopy(info.object) as KubeObject & { spec?: { selector?: Record<string, string> } };
      after.spec = { ...after.spec, selector };
      if (flags.text('resource-version') !== '') after.metadata.resourceVersion = flags.text('resource-version');
      await saveChange(invocation, info, after, { done: 'selector updated', failed: '', tellsUnchanged: true });
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

const setFlags = [
  ...patchFlags('kubectl-set'),
  defineFlag('local', 'bool', 'If true, the verb works on the files alone and asks no server.'),
];

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
        ...setFlags,
        containersFlag,
        defineFlag('env', 'array', 'Specify a key-value pair for an environment variable to set into each container.', { short: 'e' }),
        defineFlag('from', 'string', 'The name of a resource from which to inject environment variables'),
        defineFlag('keys', 'list', 'Comma-separated list of keys to import from specified resource'),
        defineFlag('prefix', 'string', 'Prefix to append to variable names'),
        defineFlag('list', 'bool', 'If true, display the environment and any changes in the standard format.'),
        defineFlag('overwrite', 'bool', 'If true, allow environment to be overwritten', { initial: 'true' }),
      ],
      run: setEnvironment,
    },
    {
      name: 'image',
      short: 'Update the image of a pod template',
      usage: '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
      completes: 'resources',
      flags: setFlags,
      run: setImage,
    },
    {
      name: 'resources',
      short: 'Update resource requests/limits on objects with pod templates',
      usage: '(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS] [options]',
      completes: 'resources',
      flags: [
        ...setFlags,
        containersFlag,
        defineFlag('limits', 'string', "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'."),
        defineFlag('requests', 'string', "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'."),
      ],
      run: setResources,
    },
    {
      name: 'selector',
      short: 'Set the selector on a resource',
      usage: '(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]',
      completes: 'resources',
      flags: [
        ...setFlags,
        defineFlag('resource-version', 'string', 'If non-empty, the update is done only where the object has this version.'),
      ],
      run: setSelector,
    },
    {
      name: 'serviceaccount',
      aliases: ['sa'],
      short: 'Update the service account of a resource',
      usage: '(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]',
      completes: 'resources',
      flags: setFlags,
      run: setServiceAccount,
    },
    {
      name: 'subject',
      short: 'Update the user, group, or service account in a role binding or cluster role binding',
      usage:
        '(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
      completes: 'resources',
      flags: [
        ...setFlags,
        defineFlag('user', 'array', 'Usernames to bind to the role.'),
        defineFlag('group', 'array', 'Groups to bind to the role.'),
        defineFlag('serviceaccount', 'array', 'Service accounts to bind to the role, in the format <namespace>:<name>.'),
      ],
      run: setSubject,
    },
  ],
};
