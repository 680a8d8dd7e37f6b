/**
 * What follows when the machine that leads etcd loses its power, told in sentences as it is seen: who waits, who asks for votes, who leads,
 * what the load balancer and the lease holders do, and how the machine comes back. It begins however the power was lost. Pure.
 */
import type { MachineInfo } from '#lab';
import { byCountedName } from './map/machine-rows.ts';
import { componentOf, etcdLeader, healthyBackends, isUp } from './cluster-summary.ts';
import { lookOf } from './state-words.ts';
import { quorumFacts } from './topology.ts';

/** Who led, and which leases its machine held (`kube-scheduler`, `kube-controller-manager`). */
export interface Leadership {
  readonly machine: string;
  readonly term: number;
  readonly held: readonly string[];
}

/** A sentence of the story and when it came true, lab milliseconds after the loss. Each key is told once. */
export interface StoryStep {
  readonly key: string;
  readonly afterMs: number;
  readonly text: string;
}

/** waiting: nobody leads yet; led: somebody does; returning: the lost machine has power again; over: it is back. */
export type StoryPhase = 'waiting' | 'led' | 'returning' | 'over';

/** The story so far. */
export interface FailoverStory {
  readonly lost: Leadership;
  /** Lab wall clock. */
  readonly lostAtMs: number;
  readonly phase: StoryPhase;
  readonly steps: readonly StoryStep[];
}

/** What is seen at one moment. */
export interface Sight {
  readonly machines: ReadonlyMap<string, MachineInfo>;
  /** Names of Nodes that are Ready. */
  readonly readyNodes: ReadonlySet<string>;
  /** Lab wall clock. */
  readonly nowMs: number;
}

const LEASED = ['kube-scheduler', 'kube-controller-manager'] as const;

const seconds = (ms: number): string => `${(Math.max(0, ms) / 1_000).toFixed(1)}\u00a0s`;

const isServing = (machine: MachineInfo | undefined, component: string): boolean =>
  machine !== undefined && isUp(machine) && lookOf(componentOf(machine, component)?.state ?? 'absent').tone === 'serving';

/** Who leads etcd now, with the leases that its machine holds. */
export function leadershipOf(machines: ReadonlyMap<string, MachineInfo>): Leadership | undefined {
  const leader = etcdLeader(machines.values());
  if (!leader) return undefined;
  const held = LEASED.filter((name) => componentOf(machines.get(leader.machine), name)?.leader === true);
  return { ...leader, held };
}

/** Machines that have an etcd member, by their role (one that is off lists no components), in the order of the map. */
export function memberMachines(machines: ReadonlyMap<string, MachineInfo>): MachineInfo[] {
  const all = [...machines.values()];
  const hosts = all.filter(({ roles }) => roles.includes('etcd'));
  return (hosts.length > 0 ? hosts : all.filter(({ roles }) => roles.includes('control-plane'))).sort(byCountedName);
}

function begin(led: Leadership, { machines, nowMs }: Sight): FailoverStory {
  const members = memberMachines(machines);
  const { quorum } = quorumFacts(members.length);
  const left = members.filter(isUp).length;
  const of = `${left} of ${members.length}`;
  const what =
    left >= quorum
      ? `The other ${left} members hear no heartbeat any more and wait for their election timeout, between 1 and 2\u00a0s.`
      : `Members left: ${of}, less than the quorum of ${quorum}. Nobody can be elected, so nothing is written until a member is back.`;
  const text = `${led.machine} has lost its power; it led etcd in term ${led.term}. ${what}`;
  return { lost: led, lostAtMs: nowMs, phase: 'waiting', steps: [{ key: 'lost', afterMs: 0, text }] };
}

/** Every sentence that holds now, in the order in which they come true; those told before are left out by the caller. */
function sentences({ lost, lostAtMs, phase }: FailoverStory, { machines, readyNodes, nowMs }: Sight): [key: string, text: string][] {
  const told: [string, string][] = [];
  const members = memberMachines(machines);
  const machine = machines.get(lost.machine);
  const leader = etcdLeader(machines.values());
  const after = seconds(nowMs - lostAtMs);
  const asking = members.find(
    (each) => isServing(each, 'etcd') && /candidate/.test(componentOf(each, 'etcd')?.raft?.role ?? '') && each.name !== lost.machine,
  );
  if (asking && !leader) told.push(['asks', `${asking.name} has waited long enough and asks the others for their votes.`]);
  if (leader && leader.term > lost.term)
    told.push([
      'led',
      `${leader.machine} is elected leader of term ${leader.term}, ${after} after the loss. ${members.filter(isUp).length} of ${members.length} members are a quorum: nothing committed is lost, and writes go on.`,
    ]);
  const { healthy, all } = healthyBackends(machines.values());
  const isBackend = machine?.roles.includes('control-plane') === true;
  if (isBackend && machine && !isUp(machine) && healthy > 0 && healthy < all)
    told.push(['backends', `The load balancer sends requests to ${healthy} of ${all} API servers: kubectl goes on.`]);
  for (const name of lost.held) {
    const holder = [...machines.values()].find(
      (each) => each.name !== lost.machine && isUp(each) && componentOf(each, name)?.leader === true,
    );
    if (holder) told.push([`lease/${name}`, `The lease of ${name} had run out; its standby on ${holder.name} has taken it and acts now.`]);
  }
  if (isBackend && machine && !isUp(machine) && readyNodes.size > 0 && !readyNodes.has(lost.machine))
    told.push(['not-ready', `The node ${lost.machine} is NotReady: its lease has not been renewed for a while.`]);
  if (machine && isUp(machine)) {
    told.push(['power', `${lost.machine} has power again and boots from what it had stored.`]);
    const etcd = componentOf(machine, 'etcd');
    if (isServing(machine, 'etcd') && etcd?.raft?.role === 'follower' && leader)
      told.push([
        'follows',
        `etcd on ${lost.machine} has recovered its log, follows ${leader.machine}; its log is at entry ${etcd.raft.commit}.`,
      ]);
    const isBack =
      leader && isServing(machine, 'etcd') && (!isBackend || (isServing(machine, 'kube-apiserver') && readyNodes.has(lost.machine)));
    if (isBack && phase === 'returning')
      told.push([
        'over',
        leader.machine === lost.machine
          ? `${lost.machine} is back and leads again.`
          : `${lost.machine} is back. Leadership stays with ${leader.machine}: only a loss moves it.`,
      ]);
  }
  return told;
}

const PHASE_OF: Readonly<Record<string, StoryPhase>> = { led: 'led', power: 'returning', over: 'over' };

/** The story after one more look; the same object where nothing new is to be told. `led`: who led when last seen. */
export function followFailover(story: FailoverStory | undefined, led: Leadership | undefined, sight: Sight): FailoverStory | undefined {
  const lostMachine = led && sight.machines.get(led.machine);
  const isNew = led !== undefined && (story === undefined || led.term > story.lost.term || story.phase === 'over');
  if (led && isNew && lostMachine && (lostMachine.state === 'off' || lostMachine.state === 'down')) return begin(led, sight);
  if (!story || story.phase === 'over') return story;
  const fresh = sentences(story, sight).filter(([key]) => !story.steps.some((step) => step.key === key));
  if (fresh.length === 0) return story;
  const afterMs = sight.nowMs - story.lostAtMs;
  return {
    ...story,
    phase: fresh.reduce<StoryPhase>((phase, [key]) => PHASE_OF[key] ?? phase, story.phase),
    steps: [...story.steps, ...fresh.map(([key, text]) => ({ key, afterMs, text }))],
  };
}
