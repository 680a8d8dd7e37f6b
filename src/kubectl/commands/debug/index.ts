/** kubectl debug: an ephemeral container in a pod, a copy of a pod to look into, or a pod on a node. */
import { createTwoWayMergePatch, deepCopy, type JsonObject, type KubeObject } from '#apimachinery';
import { fieldSchemaOf, kindOf, type Container, type EphemeralContainer, type Pod } from '#api';
import { randomSuffix } from '#host';
import { defineFlag } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { pathOf } from '../../discovery.ts';
import { CommandError } from '../../errors.ts';
import { PATCH_TYPES } from '../../patches.ts';
import { containerNames } from '../../pods.ts';
import { toJson } from '../../printers/json.ts';
import { getObject, readTargets } from '../../targets.ts';
import { waitFor } from '../../waiting.ts';
import { attachTo } from '../attach.ts';
import { environmentOf } from '../run.ts';
import { containerParts, nodeParts, profileOf } from './profiles.ts';

const SUFFIX_LENGTH = 5;
const START_TIMEOUT_MS = 60_000;

const suffix = ({ session }: Invocation): string => randomSuffix(session.process.random, SUFFIX_LENGTH);

const commandOf = ({ args, dashAt }: Invocation): readonly string[] => (dashAt < 0 ? [] : args.slice(dashAt));

/** The fields of a new container that flags give. */
function containerOf(invocation: Invocation, name: string): Container {
  const { flags } = invocation;
  const command = commandOf(invocation);
  const env = environmentOf(flags);
  return {
    name,
    image: flags.text('image'),
    ...(command.length > 0 ? { [flags.on('arguments-only') ? 'args' : 'command']: [...command] } : {}),
    ...(env.length > 0 ? { env } : {}),
    ...(flags.text('image-pull-policy') ? { imagePullPolicy: flags.text('image-pull-policy') as 'Always' } : {}),
    ...(flags.on('stdin') ? { stdin: true } : {}),
    ...(flags.on('tty') ? { tty: true } : {}),
    terminationMessagePolicy: 'File',
  };
}

/** The name of the debugging container: the given one, or a new one, which is told. */
async function nameFor(invocation: Invocation, pod: Pod): Promise<string> {
  const { session, flags } = invocation;
  if (flags.text('container') !== '') return flags.text('container');
  const taken = containerNames(pod).all;
  let name = `debugger-${suffix(invocation)}`;
  while (taken.includes(name)) name = `debugger-${suffix(invocation)}`;
  if (!flags.on('quiet')) await session.err(`Defaulting debug container name to ${name}.\n`);
  return name;
}

async function create(invocation: Invocation, pod: KubeObject): Promise<Pod> {
  const { session } = invocation;
  const path = pathOf(await session.discovery.resourceOf('pods'), session.namespace);
  return session.json<Pod>({ method: 'POST', path, contentType: 'application/json', body: toJson(pod, 0) });
}

interface Debugged {
  readonly pod: Pod;
  readonly container: string;
}

/** An ephemeral container in the pod itself. */
async function addEphemeral(invocation: Invocation, pod: Pod): Promise<Debugged> {
  const { session, flags } = invocation;
  const target = flags.text('target');
  if (target !== '')
    await session.err(
      `Targeting container ${JSON.stringify(target)}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`,
    );
  const name = await nameFor(invocation, pod);
  const container: EphemeralContainer = {
    ...containerOf(invocation, name),
    ...containerParts(profileOf(flags.text('profile'))),
    ...(target === '' ? {} : { targetContainerName: target }),
  };
  const after = deepCopy(pod);
  after.spec!.ephemeralContainers = [...(pod.spec?.ephemeralContainers ?? []).filter((one) => one.name !== name), container];
  const patch = createTwoWayMergePatch(pod as unknown as JsonObject, after as unknown as JsonObject, fieldSchemaOf(kindOf('v1', 'Pod')!));
  const path = pathOf(await session.discovery.resourceOf('pods'), pod.metadata.namespace, pod.metadata.name, 'ephemeralcontainers');
  const changed = await session.json<Pod>({ method: 'PATCH', path, contentType: PATCH_TYPES.strategic, body: patch });
  return { pod: changed, container: name };
}

/** A copy of the pod with another command, other images, or one container more. */
async function copyPod(invocation: Invocation, pod: Pod): Promise<Debugged> {
  const { session, flags } = invocation;
  const { labels: _labels, annotations } = pod.metadata;
  const { nodeName, ephemeralContainers: _ephemeral, ...spec } = deepCopy(pod.spec!);
  const images = new Map(flags.list('set-image').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  const keepsInit = flags.on('keep-init-containers');
  const copy = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: flags.text('copy-to'),
      namespace: pod.metadata.namespace,
      ...(annotations ? { annotations } : {}),
      ...(flags.on('keep-labels') && pod.metadata.labels ? { labels: pod.metadata.labels } : {}),
    },
    spec: {
      ...spec,
      ...(flags.on('same-node') && nodeName ? { nodeName } : {}),
      ...(keepsInit ? {} : { initContainers: [] }),
      shareProcessNamespace: flags.on('share-processes'),
    },
  };
  for (const container of copy.spec.containers) {
    const image = images.get(container.name) ?? images.get('*');
    if (image) container.image = image;
  }
  const known = copy.spec.containers.find(({ name }) => name === flags.text('container'));
  let name = flags.text('container') || copy.spec.containers[0]!.name;
  if (known) {
    const { image, ...parts } = containerOf(invocation, known.name);
    Object.assign(known, parts, image ? { image } : {}, containerParts(profileOf(flags.text('profile'))));
    if (commandOf(invocation).length > 0 && !flags.on('arguments-only')) delete known.args;
  } else if (flags.text('image') !== '') {
    name = await nameFor(invocation, pod);
    copy.spec.containers.push({ ...containerOf(invocation, name), ...containerParts(profileOf(flags.text('profile'))) });
  } else if (commandOf(invocation).length > 0)
    throw new CommandError('you must specify an existing container or a new image when specifying args.');
  if (flags.on('replace'))
    await session.json({
      method: 'DELETE',
      path: `/api/v1/namespaces/${pod.metadata.namespace ?? ''}/pods/${pod.metadata.name}`,
      contentType: 'application/json',
      body: { gracePeriodSeconds: 0 },
    });
  return { pod: await create(invocation, copy as unknown as KubeObject), container: name };
}

/** A pod on the node, in its namespaces, with its files below /host. */
async function debugNode(invocation: Invocation, node: string): Promise<Debugged> {
  const { session, flags } = invocation;
  const container = flags.text('container') || 'debugger';
  const { pod: podParts, container: more } = nodeParts(profileOf(flags.text('profile')));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `node-debugger-${node}-${suffix(invocation)}`, namespace: session.namespace },
    spec: {
      ...podParts,
      containers: [{ ...containerOf(invocation, container), ...more }],
      nodeName: node,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
    },
  };
  const made = await create(invocation, pod as unknown as KubeObject);
  if (!flags.on('quiet')) await session.out(`Creating debugging pod ${made.metadata.name} with container ${container} on node ${node}.\n`);
  return { pod: made, container };
}

/** Waits until the container runs (or has run) and joins its streams, or prints what it wrote. */
async function join(invocation: Invocation, { pod, container }: Debugged): Promise<void> {
  const { session, flags } = invocation;
  const resource = await session.discovery.resourceOf('pods');
  const stateOf = (object: KubeObject | undefined): 'running' | 'terminated' | undefined => {
    const { status } = (object ?? {}) as Partial<Pod>;
    const all = [...(status?.ephemeralContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    const state = all.find(({ name }) => name === container)?.state;
    return state?.running ? 'running' : state?.terminated ? 'terminated' : undefined;
  };
  let state: 'running' | 'terminated' | undefined;
  const awaited = { resource, namespace: pod.metadata.namespace, name: pod.metadata.name };
  const isThere = await waitFor(session, awaited, START_TIMEOUT_MS, (object) => {
    state = stateOf(object);
    return object === undefined || state !== undefined;
  });
  if (!isThere) throw new CommandError('timed out waiting for the condition');
  const tty = flags.on('tty') && session.process.terminal !== undefined;
  if (state === 'running') {
    await attachTo(session, pod, { container, stdin: flags.on('stdin'), tty, quiet: flags.on('quiet') });
    return;
  }
  const path = `${pathOf(resource, pod.metadata.namespace, pod.metadata.name)}/log`;
  await session.out(await (await session.send({ method: 'GET', path, query: { container } })).text());
}

function check({ flags, args, dashAt }: Invocation): void {
  const words = dashAt < 0 ? args : args.slice(0, dashAt);
  const isCopy = flags.text('copy-to') !== '';
  const hasCommand = dashAt >= 0 && args.length > dashAt;
  if (isCopy && flags.text('image') === '' && flags.list('set-image').length === 0 && !hasCommand)
    throw new CommandError('you must specify --image, --set-image or command arguments.');
  if (!isCopy && flags.text('image') === '') throw new CommandError('you must specify --image when not using --copy-to.');
  if (words.length === 0) throw new CommandError('NAME or filename is required for debug');
  if (isCopy && flags.text('target') !== '')
    throw new CommandError('--target is incompatible with --copy-to. Use --share-processes instead.');
  if (!isCopy && flags.list('set-image').length > 0) throw new CommandError('--set-image may only be used with --copy-to.');
  if (!isCopy && flags.on('replace')) throw new CommandError('--replace may only be used with --copy-to.');
  if (!isCopy && flags.on('same-node')) throw new CommandError('--same-node may only be used with --copy-to.');
  if (flags.on('tty') && !flags.on('stdin')) throw new CommandError('-i/--stdin is required for containers with -t/--tty=true');
  profileOf(flags.text('profile'));
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args, dashAt } = invocation;
  check(invocation);
  if (flags.text('profile') === 'legacy')
    await session.err(
      '--profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example "--profile=general".\n',
    );
  const words = (dashAt < 0 ? args : args.slice(0, dashAt)).map((word) => (word.includes('/') ? word : `pods/${word}`));
  for (const target of await readTargets(invocation, { words, allowCollections: false })) {
    const object = await getObject(session, target);
    const { kind, group, version } = target.resource;
    if (kind !== 'Pod' && kind !== 'Node')
      throw new CommandError(`"${group ? `${group}/` : '/'}${version}, Kind=${kind}" not supported by debug`);
    const pod = { ...(object as Pod), apiVersion: 'v1' as const, kind: 'Pod' as const };
    const debugged =
      kind === 'Node'
        ? await debugNode(invocation, object.metadata.name)
        : flags.text('copy-to')
          ? await copyPod(invocation, pod)
          : await addEphemeral(invocation, pod);
    const attaches = flags.given('attach') ? flags.on('attach') : flags.on('stdin');
    if (attaches) await join(invocation, debugged);
  }
}

/** kubectl debug */
export const debug: Command = {
  name: 'debug',
  short: 'Create debugging sessions for troubleshooting workloads and nodes',
  group: 'Troubleshooting and Debugging Commands',
  usage: '(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]',
  completes: 'pods',
  flags: [
    defineFlag(
      'arguments-only',
      'bool',
      'If specified, everything after -- will be passed to the new container as Args instead of Command.',
    ),
    defineFlag('attach', 'bool', 'If true, wait for the container to start running, and then attach to it. True by default with -i.'),
    defineFlag('container', 'string', 'Container name to use for debug container.', { short: 'c' }),
    defineFlag('copy-to', 'string', 'Create a copy of the target Pod with this name.'),
    defineFlag('env', 'array', 'Environment variables to set in the container.'),
    defineFlag('image', 'string', 'Container image to use for debug container.'),
    defineFlag('image-pull-policy', 'string', 'The image pull policy for the container.'),
    defineFlag('keep-init-containers', 'bool', 'Run the init containers of the pod in its copy.', { initial: 'true' }),
    defineFlag('keep-labels', 'bool', 'If true, keep the labels of the pod in its copy.'),
    defineFlag('profile', 'string', 'Options are "legacy", "general", "baseline", "netadmin", "restricted" or "sysadmin".', {
      initial: 'legacy',
    }),
    defineFlag('quiet', 'bool', 'If true, suppress informational messages.', { short: 'q' }),
    defineFlag('replace', 'bool', "When used with '--copy-to', delete the original Pod."),
    defineFlag('same-node', 'bool', "When used with '--copy-to', schedule the copy of target Pod on the same node."),
    defineFlag('set-image', 'list', "When used with '--copy-to', a list of name=image pairs for changing container images."),
    defineFlag('share-processes', 'bool', "When used with '--copy-to', enable process namespace sharing in the copy.", { initial: 'true' }),
    defineFlag('stdin', 'bool', 'Keep stdin open on the container(s) in the pod, even if nothing is attached.', { short: 'i' }),
    defineFlag('target', 'string', 'When using an ephemeral container, target processes in this container name.'),
    defineFlag('tty', 'bool', 'Allocate a TTY for the debugging container.', { short: 't' }),
  ],
  run,
};
