/** Verbs for nodes: cordon, uncordon, taint. */
import type { Node, Taint } from '#api';
import { defineFlag, dryRunFlag, fieldManagerFlag, outputFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError, UsageError } from '../errors.ts';
import { PATCH_TYPES, report, sendPatch } from '../patches.ts';
import { fetchInfos, readTargets, throwCollected } from '../targets.ts';

const cordoning =
  (unschedulable: boolean) =>
  async (invocation: Invocation): Promise<void> => {
    const { session, flags, args, path } = invocation;
    if (args.length === 0 && !flags.text('selector'))
      throw new UsageError(`USAGE: ${unschedulable ? 'cordon' : 'uncordon'} NODE [flags]`, path);
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
          await sendPatch(invocation, info, { spec: { unschedulable: unschedulable ? true : null } }, PATCH_TYPES.strategic),
          done,
        );
    }
    throwCollected(errors);
  };

/** `key=value:Effect`, `key:Effect`; with `-` at the end it is taken away. */
function readTaint(text: string, path: string): { key: string; value: string; effect: string; remove: boolean } {
  const remove = text.endsWith('-');
  const match = /^([^=:]+)(?:=([^:]*))?(?::(\w+))?$/.exec(remove ? text.slice(0, -1) : text);
  if (!match || (!remove && !match[3])) throw new CommandError(`invalid taint spec: ${text}, expected <key>=<value>:<effect>`);
  const effect = match[3] ?? '';
  if (effect !== '' && !['NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect))
    throw new UsageError(`invalid taint effect: ${effect}, unsupported taint effect`, path);
  return { key: match[1]!, value: match[2] ?? '', effect, remove };
}

async function runTaint(invocation: Invocation): Promise<void> {
  const { session, flags, args, path } = invocation;
  const isTaint = (word: string): boolean => /[=:]|-$/.test(word);
  const firstTaint = args.findIndex((word, at) => at > 0 && isTaint(word));
  if (firstTaint < 0) throw new CommandError('at least one taint update is required');
  const changes = args.slice(firstTaint).map((text) => readTaint(text, path));
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
      await sendPatch(invocation, info, { spec: { taints: taints.length ? taints : null } }, PATCH_TYPES.merge);
      const removedOnly = changes.every(({ remove }) => remove);
      await session.out(`node/${info.name} ${removedOnly ? 'untainted' : changes.some(({ remove }) => remove) ? 'modified' : 'tainted'}\n`);
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

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
