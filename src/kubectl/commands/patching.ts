/** Verbs that are one patch: patch, scale, set image, rollout restart, cordon, uncordon, taint. */
import type { KubeObject } from '#apimachinery';
import type { Node, Taint } from '#api';
import { readAll } from '#host';
import { resolvePath } from '#shell';
import { allNamespacesFlag, defineFlag, dryRunFlag, fieldManagerFlag, filenameFlags, outputFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { pathOf, printedName } from '../discovery.ts';
import { dryRunSuffix, readDryRun } from '../dry-run.ts';
import { CommandError, UsageError } from '../errors.ts';
import { parseDocuments } from '../manifests.ts';
import { objectPrinter } from '../printers/output.ts';
import { formatTime } from '#apimachinery';
import { fetchInfos, getObject, readTargets, throwCollected, type Info } from '../targets.ts';

const PATCH_TYPES: Readonly<Record<string, string>> = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

async function sendPatch(
  invocation: Invocation,
  info: Pick<Info, 'resource' | 'namespace' | 'name'>,
  body: unknown,
  contentType: string,
  subresource?: string,
): Promise<KubeObject> {
  const { session, flags } = invocation;
  const dryRun = await readDryRun(session, flags);
  return session.json<KubeObject>({
    method: 'PATCH',
    path: pathOf(info.resource, info.namespace, info.name, subresource),
    query: { fieldManager: flags.text('field-manager') || undefined, dryRun: dryRun === 'server' ? 'All' : undefined },
    contentType,
    accept: 'application/json, */*',
    body,
  });
}

async function report(invocation: Invocation, info: Pick<Info, 'resource' | 'name'>, object: KubeObject, done: string): Promise<void> {
  const { session, flags } = invocation;
  const printer = objectPrinter(session, flags, false);
  const suffix = dryRunSuffix(await readDryRun(session, flags));
  await session.out(printer ? printer.text(object) : `${printedName(info.resource, info.name)} ${done}${suffix}\n`);
}

async function runPatch(invocation: Invocation): Promise<void> {
  const { session, flags, path } = invocation;
  const file = flags.text('patch-file');
  const text = file
    ? file === '-'
      ? await readAll(session.process.stdin)
      : session.process.files.readText(resolvePath(session.process.cwd, file))
    : flags.text('patch');
  if (text === '') throw new UsageError('must specify --patch or --patch-file containing the contents of the patch', path);
  const contentType = PATCH_TYPES[flags.text('type')];
  if (!contentType) throw new UsageError(`--type must be one of [json merge strategic], not ${JSON.stringify(flags.text('type'))}`, path);
  let body: unknown;
  try {
    [body] = parseDocuments(text, 'patch');
  } catch (error) {
    throw new CommandError(
      `unable to parse "${text}": ${(error as Error).message.replace(/^error parsing patch: (error converting YAML to JSON: )?/, '')}`,
    );
  }
  for (const target of await readTargets(invocation, { allowCollections: false })) {
    const before = await getObject(session, target);
    const info = { resource: target.resource, namespace: target.namespace, name: target.name! };
    const after = await sendPatch(invocation, info, body, contentType, flags.text('subresource') || undefined);
    await report(
      invocation,
      info,
      after,
      before.metadata.resourceVersion === after.metadata.resourceVersion ? 'patched (no change)' : 'patched',
    );
  }
}

async function runScale(invocation: Invocation): Promise<void> {
  const { session, flags, path } = invocation;
  if (!flags.given('replicas')) throw new UsageError('--replicas=COUNT is required, and COUNT must be greater than or equal to 0', path);
  const replicas = flags.number('replicas');
  if (replicas < 0) throw new UsageError('--replicas=COUNT is required, and COUNT must be greater than or equal to 0', path);
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { allowCollections: flags.on('all') }));
  const dryRun = await readDryRun(session, flags);
  for (const info of infos) {
    const current = (info.object as unknown as { spec?: { replicas?: number } }).spec?.replicas;
    if (flags.given('current-replicas') && flags.number('current-replicas') >= 0 && current !== flags.number('current-replicas')) {
      errors.push(new CommandError(`Expected replicas to be ${flags.number('current-replicas')}, was ${current ?? 0}`));
      continue;
    }
    try {
      if (dryRun !== 'client') await sendPatch(invocation, info, { spec: { replicas } }, PATCH_TYPES.merge!, 'scale');
      await report(invocation, info, info.object, 'scaled');
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

interface Templated {
  spec?: { template?: { spec?: PodParts }; jobTemplate?: { spec?: { template?: { spec?: PodParts } } } } & PodParts;
}
interface PodParts {
  containers?: { name: string }[];
  initContainers?: { name: string }[];
}

async function runSetImage(invocation: Invocation): Promise<void> {
  const { flags, args, path } = invocation;
  const changes = args
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
  if (changes.length === 0) throw new UsageError('at least one image update is required', path);
  const { infos, errors } = await fetchInfos(
    invocation,
    await readTargets(invocation, { words: args.filter((word) => !word.includes('=')), allowCollections: flags.on('all') }),
  );
  for (const info of infos) {
    const { spec } = info.object as unknown as Templated;
    const template = spec?.template?.spec;
    const parts = template ?? spec?.jobTemplate?.spec?.template?.spec ?? spec;
    const wanted = (names: readonly { name: string }[] | undefined): object[] =>
      (names ?? []).flatMap(({ name }) => changes.filter(([key]) => key === '*' || key === name).map(([, image]) => ({ image, name })));
    const containers = wanted(parts?.containers);
    const initContainers = wanted(parts?.initContainers);
    const missing = changes.find(
      ([key]) => key !== '*' && ![...(parts?.containers ?? []), ...(parts?.initContainers ?? [])].some(({ name }) => name === key),
    );
    if (missing) {
      errors.push(new CommandError(`unable to find container named "${missing[0]}"`));
      continue;
    }
    const order = (list: readonly { name: string }[] | undefined): object[] => (list ?? []).map(({ name }) => ({ name }));
    const podSpec = {
      ...(containers.length ? { '$setElementOrder/containers': order(parts?.containers), containers } : {}),
      ...(initContainers.length ? { '$setElementOrder/initContainers': order(parts?.initContainers), initContainers } : {}),
    };
    const body = template
      ? { spec: { template: { spec: podSpec } } }
      : spec?.jobTemplate
        ? { spec: { jobTemplate: { spec: { template: { spec: podSpec } } } } }
        : { spec: podSpec };
    try {
      const after = await sendPatch(invocation, info, body, PATCH_TYPES.strategic!);
      if (after.metadata.resourceVersion !== info.object.metadata.resourceVersion) await report(invocation, info, after, 'image updated');
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

async function runRestart(invocation: Invocation): Promise<void> {
  const { session } = invocation;
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { allowCollections: true }));
  for (const info of infos) {
    if (!(info.object as unknown as Templated).spec?.template || info.object.kind === 'Job') {
      errors.push(new CommandError(`${info.resource.plural}.${info.resource.group} "${info.name}" restarting is not supported`));
      continue;
    }
    const annotations = { 'kubectl.kubernetes.io/restartedAt': formatTime(session.nowMs()) };
    await report(
      invocation,
      info,
      await sendPatch(invocation, info, { spec: { template: { metadata: { annotations } } } }, PATCH_TYPES.strategic!),
      'restarted',
    );
  }
  throwCollected(errors);
}

const cordoning =
  (unschedulable: boolean) =>
  async (invocation: Invocation): Promise<void> => {
    const { session, flags, args, path } = invocation;
    if (args.length === 0 && !flags.text('selector'))
      throw new UsageError(`error: USAGE: ${unschedulable ? 'cordon' : 'uncordon'} NODE [flags]`, path);
    const { infos, errors } = await fetchInfos(
      invocation,
      await readTargets(invocation, { words: ['nodes', ...args], allowCollections: true }),
    );
    for (const info of infos) {
      const done = unschedulable ? 'cordoned' : 'uncordoned';
      if (((info.object as unknown as Node).spec?.unschedulable ?? false) === unschedulable)
        await session.out(`node/${info.name} already ${done}\n`);
      else
        await report(
          invocation,
          info,
          await sendPatch(invocation, info, { spec: { unschedulable: unschedulable ? true : null } }, PATCH_TYPES.strategic!),
          done,
        );
    }
    throwCollected(errors);
  };

/** `key=value:Effect`, `key:Effect`; with `-` at the end it is taken away. */
function readTaint(text: string): { key: string; value: string; effect: string; remove: boolean } {
  const remove = text.endsWith('-');
  const match = /^([^=:]+)(?:=([^:]*))?(?::(\w+))?$/.exec(remove ? text.slice(0, -1) : text);
  if (!match || (!remove && !match[3])) throw new CommandError(`invalid taint spec: ${text}, expected <key>=<value>:<effect>`);
  const effect = match[3] ?? '';
  if (effect !== '' && !['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect))
    throw new CommandError(`invalid taint effect: ${effect}, unsupported taint effect`);
  return { key: match[1]!, value: match[2] ?? '', effect, remove };
}

async function runTaint(invocation: Invocation): Promise<void> {
  const { session, flags, args, path } = invocation;
  const isTaint = (word: string): boolean => /[=:]|-$/.test(word);
  const firstTaint = args.findIndex((word, at) => at > 0 && isTaint(word));
  if (firstTaint < 0) throw new UsageError('at least one taint update is required', path);
  const changes = args.slice(firstTaint).map(readTaint);
  const { infos, errors } = await fetchInfos(
    invocation,
    await readTargets(invocation, { words: args.slice(0, firstTaint), allowCollections: flags.on('all') }),
  );
  for (const info of infos) {
    let taints: Taint[] = [...((info.object as unknown as Node).spec?.taints ?? [])];
    try {
      for (const { key, value, effect, remove } of changes) {
        const same = (taint: Taint): boolean => taint.key === key && (effect === '' || taint.effect === effect);
        const known = taints.find(same);
        if (remove && !known) throw new CommandError(`taint "${key}${effect ? `:${effect}` : ''}" not found`);
        if (!remove && known && known.value !== (value || undefined) && !flags.on('overwrite'))
          throw new CommandError(`node ${info.name} already has ${key} taint(s) with same effect(s) and --overwrite is false`);
        taints = taints.filter((taint) => !same(taint));
        if (!remove) taints.push({ effect: effect as Taint['effect'], key, ...(value ? { value } : {}) });
      }
      await sendPatch(invocation, info, { spec: { taints: taints.length ? taints : null } }, PATCH_TYPES.merge!);
      const removedOnly = changes.every(({ remove }) => remove);
      await session.out(`node/${info.name} ${removedOnly ? 'untainted' : changes.some(({ remove }) => remove) ? 'modified' : 'tainted'}\n`);
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

const shared = (manager: string): NonNullable<Command['flags']> => [
  ...filenameFlags,
  ...outputFlags,
  ...selectorFlags,
  allNamespacesFlag,
  dryRunFlag,
  fieldManagerFlag(manager),
  defineFlag('all', 'bool', 'Select all resources in the namespace of the specified resource types'),
];

/** kubectl patch */
export const patch: Command = {
  name: 'patch',
  short: 'Update fields of a resource',
  group: 'Advanced Commands',
  usage: '(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]',
  completes: 'resources',
  flags: [
    ...shared('kubectl-patch'),
    defineFlag('patch', 'string', 'The patch to be applied to the resource JSON file.', { short: 'p' }),
    defineFlag('patch-file', 'string', 'A file containing a patch to be applied to the resource.'),
    defineFlag('type', 'string', 'The type of patch being provided; one of [json merge strategic]', { initial: 'strategic' }),
    defineFlag('subresource', 'string', 'If specified, patch will operate on the subresource of the requested object.'),
  ],
  run: runPatch,
};
/** kubectl scale */
export const scale: Command = {
  name: 'scale',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  group: 'Deploy Commands',
  usage: '[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]',
  completes: 'resources',
  flags: [
    ...shared(''),
    defineFlag('replicas', 'int', 'The new desired number of replicas. Required.'),
    defineFlag('current-replicas', 'int', 'Precondition for current size.', { initial: '-1' }),
    defineFlag('timeout', 'duration', 'The length of time to wait before giving up on a scale operation', { initial: '0s' }),
  ],
  run: runScale,
};
/** kubectl set */
export const set: Command = {
  name: 'set',
  short: 'Set specific features on objects',
  long: 'Configure application resources.\n\n These commands help you make changes to existing application resources.',
  group: 'Basic Commands (Beginner)',
  usage: 'SUBCOMMAND [options]',
  commands: [
    {
      name: 'image',
      short: 'Update the image of a pod template',
      usage: '(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]',
      completes: 'resources',
      flags: shared('kubectl-set'),
      run: runSetImage,
    },
  ],
};
/** kubectl rollout restart */
export const restart: Command = {
  name: 'restart',
  short: 'Restart a resource',
  usage: 'RESOURCE [options]',
  completes: 'resources',
  flags: shared('kubectl-rollout'),
  run: runRestart,
};
/** kubectl cordon */
export const cordon: Command = {
  name: 'cordon',
  short: 'Mark node as unschedulable',
  group: 'Cluster Management Commands',
  usage: 'NODE [options]',
  completes: 'nodes',
  flags: [selectorFlags[0]!, dryRunFlag, ...outputFlags],
  run: cordoning(true),
};
/** kubectl uncordon */
export const uncordon: Command = {
  name: 'uncordon',
  short: 'Mark node as schedulable',
  group: 'Cluster Management Commands',
  usage: 'NODE [options]',
  completes: 'nodes',
  flags: [selectorFlags[0]!, dryRunFlag, ...outputFlags],
  run: cordoning(false),
};
/** kubectl taint */
export const taint: Command = {
  name: 'taint',
  short: 'Update the taints on one or more nodes',
  group: 'Cluster Management Commands',
  usage: 'NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]',
  completes: 'nodes',
  flags: [
    ...outputFlags,
    selectorFlags[0]!,
    dryRunFlag,
    fieldManagerFlag('kubectl-taint'),
    defineFlag('all', 'bool', 'Select all nodes in the cluster'),
    defineFlag('overwrite', 'bool', 'If true, allow taints to be overwritten'),
  ],
  run: runTaint,
};
