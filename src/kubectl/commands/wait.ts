/** kubectl wait: for a condition, a JSONPath value, creation or deletion. */
import { parseJsonPath, relaxedJsonPath, type KubeObject } from '#apimachinery';
import { allNamespacesFlag, defineFlag, filenameFlags, outputFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound, printedName } from '../discovery.ts';
import { CommandError } from '../errors.ts';
import { fetchInfos, readTargets, throwCollected } from '../targets.ts';
import { waitFor } from '../waiting.ts';

type Met = (object: KubeObject | undefined) => boolean;

interface Conditioned {
  status?: { conditions?: { type: string; status: string; observedGeneration?: number }[] };
}

/** What --for means. Throws CommandError. */
function conditionOf(text: string): { met: Met; kind: 'condition' | 'delete' | 'create' } {
  if (text.toLowerCase() === 'delete') return { kind: 'delete', met: (object) => object === undefined };
  if (text.toLowerCase() === 'create') return { kind: 'create', met: (object) => object !== undefined };
  const condition = /^condition=([^=]+)(?:=(.*))?$/.exec(text);
  if (condition) {
    const [, type = '', value = 'true'] = condition;
    return {
      kind: 'condition',
      met(object) {
        const found = (object as Conditioned | undefined)?.status?.conditions?.find((one) => one.type.toLowerCase() === type.toLowerCase());
        if (!found) return false;
        const generation = object?.metadata.generation;
        if (found.observedGeneration !== undefined && generation !== undefined && found.observedGeneration < generation) return false;
        return found.status.toLowerCase() === value.toLowerCase();
      },
    };
  }
  const jsonpath = /^jsonpath=(\{[^]*\}|[^=]+)(?:=([^]*))?$/.exec(text);
  if (!jsonpath) throw new CommandError(`unrecognized condition: ${JSON.stringify(text)}`);
  const path = parseJsonPath(relaxedJsonPath(jsonpath[1]!.replace(/^'|'$/g, '')));
  const wanted = jsonpath[2]?.replace(/^['"]|['"]$/g, '');
  return {
    kind: 'condition',
    met(object) {
      const values = object === undefined ? [] : path.find(object, { allowMissingKeys: true }).flat();
      if (wanted === undefined) return values.some((value) => value !== undefined && value !== null);
      return values.length === 1 && String(values[0] as string) === wanted;
    },
  };
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const { met, kind } = conditionOf(flags.text('for'));
  const timeoutMs = flags.durationMs('timeout') < 0 ? 7 * 24 * 3_600_000 : flags.durationMs('timeout');
  const targets = await readTargets(invocation, { allowCollections: true });
  const deadlineMs = session.process.clock.monotonicMs() + timeoutMs;
  const leftMs = (): number => Math.max(0, deadlineMs - session.process.clock.monotonicMs());
  if (kind === 'create') {
    for (const target of targets) {
      if (target.name === undefined) throw new CommandError('--for=create needs a name');
      if (!(await waitFor(session, { ...target, name: target.name }, leftMs(), met)))
        throw new CommandError('timed out waiting for the condition');
      await session.out(`${printedName(target.resource, target.name)} condition met\n`);
    }
    return;
  }
  const { infos, errors } = await fetchInfos(invocation, targets);
  const left = kind === 'delete' ? errors.filter((error) => !isNotFound(error)) : errors;
  throwCollected(left);
  if (infos.length === 0 && kind !== 'delete') throw new CommandError('no matching resources found');
  const late: unknown[] = [];
  for (const info of infos) {
    const { uid } = info.object.metadata;
    // Of a deletion the object is read first, and client-go lets no request begin after the deadline.
    if (kind === 'delete' && timeoutMs > 0 && leftMs() === 0) {
      late.push(new CommandError('client rate limiter Wait returned an error: context deadline exceeded'));
      continue;
    }
    const done = kind === 'delete' ? (object: KubeObject | undefined) => object === undefined || object.metadata.uid !== uid : met;
    if (await waitFor(session, info, leftMs(), done)) await session.out(`${printedName(info.resource, info.name)} condition met\n`);
    else late.push(new CommandError(`timed out waiting for the condition on ${info.resource.plural}/${info.name}`));
  }
  throwCollected(late);
}

/** kubectl wait */
export const wait: Command = {
  name: 'wait',
  short: 'Experimental: Wait for a specific condition on one or many resources',
  group: 'Advanced Commands',
  usage:
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
  completes: 'resources',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    ...selectorFlags,
    allNamespacesFlag,
    defineFlag('all', 'bool', 'Select all resources in the namespace of the specified resource types'),
    defineFlag(
      'for',
      'string',
      "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]].",
    ),
    defineFlag('timeout', 'duration', 'The length of time to wait before giving up.', { initial: '30s' }),
  ],
  run,
};
