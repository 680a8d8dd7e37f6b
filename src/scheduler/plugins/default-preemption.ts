/**
 * DefaultPreemption: where no node fits, looks for one that would if pods of lower priority were not there, and deletes those.
 * Left out: PodDisruptionBudgets, extenders.
 */
import type { Pod } from '#api';
import { isNotFound } from '#apimachinery';
import { resources } from '#client';
import { fitMessage } from '../fit-message.ts';
import type { Handle, Plugin, PluginStatus } from '../framework.ts';
import { nodeInfoOf, type NodeInfo } from '../node-info.ts';

/** A node and the pods that would have to go. */
export interface Candidate {
  readonly node: NodeInfo;
  readonly victims: readonly Pod[];
}

const priorityOf = (pod: Pod): number => pod.spec?.priority ?? 0;
/** More important first: higher priority, then longer running. */
const byImportance = (a: Pod, b: Pod): number =>
  priorityOf(b) - priorityOf(a) || ((a.status?.startTime ?? '') < (b.status?.startTime ?? '') ? -1 : 1);

/** The fewest pods of lower priority whose absence lets the pod onto the node; undefined where even all of them do not suffice. */
export function selectVictims(pod: Pod, node: NodeInfo, fits: (node: NodeInfo) => boolean): Pod[] | undefined {
  const lower = node.pods.filter((other) => priorityOf(other) < priorityOf(pod)).sort(byImportance);
  if (!lower.length) return undefined;
  let kept = node.pods.filter((other) => !lower.includes(other));
  if (!fits(nodeInfoOf(node.node, kept))) return undefined;
  const victims: Pod[] = [];
  for (const other of lower) {
    if (fits(nodeInfoOf(node.node, [...kept, other]))) kept = [...kept, other];
    else victims.push(other);
  }
  return victims;
}

/** The candidate that hurts least: lowest highest priority, then lowest sum, then fewest victims, then the one that started last. */
export function bestCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const sum = ({ victims }: Candidate): number => victims.reduce((total, victim) => total + priorityOf(victim) + 2 ** 31, 0);
  const highest = ({ victims }: Candidate): number => Math.max(...victims.map(priorityOf));
  const started = ({ victims }: Candidate): string =>
    victims
      .filter((victim) => priorityOf(victim) === Math.max(...victims.map(priorityOf)))
      .map((victim) => String(victim.status?.startTime ?? ''))
      .sort()[0] ?? '';
  return [...candidates].sort(
    (a, b) => highest(a) - highest(b) || sum(a) - sum(b) || a.victims.length - b.victims.length || (started(a) > started(b) ? -1 : 1),
  )[0];
}

/** Why no node could be freed: the message after `preemption: `. */
function helplessMessage(rejected: ReadonlyMap<string, PluginStatus>): string {
  const reasons = new Map<string, PluginStatus>();
  for (const [name, { code }] of rejected) {
    const reason =
      code === 'UnschedulableAndUnresolvable' ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod';
    reasons.set(name, { code, reasons: [reason] });
  }
  return fitMessage(rejected.size, reasons);
}

/** The plugin. */
export function defaultPreemption(handle: Handle): Plugin {
  const evict = async (victim: Pod, by: Pod, nodeName: string): Promise<void> => {
    const { name, namespace, uid } = victim.metadata;
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${by.spec?.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
    };
    try {
      await handle.client.patch(
        resources.pods,
        name,
        namespace,
        'strategic',
        { status: { conditions: [condition] } },
        { subresource: 'status' },
      );
      await handle.client.delete(resources.pods, name, namespace, uid ? { preconditions: { uid } } : {});
      handle.preempted(victim, by, nodeName);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  };
  return {
    name: 'DefaultPreemption',
    interests: [{ resource: 'AssignedPod', actions: ['Delete'] }],
    async postFilter(_state, pod, rejected) {
      if (pod.spec?.preemptionPolicy === 'Never') return { message: 'preemption: not eligible due to preemptionPolicy=Never.' };
      const nodes = handle.nodes();
      const nominated = nodes.find((node) => node.name === pod.status?.nominatedNodeName);
      if (nominated?.pods.some((other) => other.metadata.deletionTimestamp && priorityOf(other) < priorityOf(pod))) {
        return { message: 'preemption: not eligible due to a terminating pod on the nominated node.' };
      }
      const candidates: Candidate[] = [];
      for (const node of nodes) {
        if (rejected.get(node.name)?.code !== 'Unschedulable') continue;
        const victims = selectVictims(pod, node, (changed) =>
          handle.fits(
            pod,
            changed,
            nodes.map((other) => (other.name === changed.name ? changed : other)),
          ),
        );
        if (victims) candidates.push({ node, victims });
      }
      const best = bestCandidate(candidates);
      if (!best) return { message: `preemption: ${helplessMessage(rejected)}` };
      await Promise.all(best.victims.map((victim) => evict(victim, pod, best.node.name)));
      return { nominatedNodeName: best.node.name, message: '' };
    },
  };
}
