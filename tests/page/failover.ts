/** The loss of the etcd leader in a running lab, in the ways a lab offers, and what it took until writes worked again. */
import { until, type LabPage } from './lab-page.ts';

/** How a leader can be lost. */
export const WAYS = ['cutting its power', 'killing it', 'freezing it', 'isolating its machine'] as const;
export type Way = (typeof WAYS)[number];

/** What one loss led to. Times in lab milliseconds, counted from when the fault was in force. */
export interface Failover {
  readonly way: Way;
  readonly oldLeader: string;
  readonly oldTerm: number;
  readonly newLeader: string;
  readonly newTerm: number;
  /** Until a write was acknowledged by an API server whose own etcd member survives. */
  readonly directMs: number;
  /** Until a write was acknowledged through the load balancer. */
  readonly throughBalancerMs: number;
}

interface Leader {
  readonly name: string;
  readonly term: number;
}

/** The member that leads in the highest term, of machines other than `except`. */
async function leaderOf(tab: LabPage, except?: string): Promise<Leader | undefined> {
  const machines = await tab.page.evaluate(() => lab.machines.list());
  const leaders = machines
    .filter(({ name, state }) => name !== except && state === 'running')
    .flatMap(({ name, components }) =>
      components.filter((each) => each.name === 'etcd' && each.raft?.role === 'leader').map(({ raft }) => ({ name, term: raft!.term })),
    );
  return leaders.sort((a, b) => b.term - a.term)[0];
}

async function strike(tab: LabPage, way: Way, machine: string): Promise<void> {
  await tab.page.evaluate(
    async ([how, name]) => {
      if (how === 'cutting its power') await lab.machines.powerOff(name);
      else if (how === 'killing it') await lab.machines.kill(name, 'etcd');
      else if (how === 'freezing it') await lab.machines.freeze(name, 'etcd');
      else {
        const others = (await lab.machines.list()).map((each) => each.name).filter((each) => each !== name);
        await lab.network.partition([name], others);
      }
    },
    [way, machine] as const,
  );
}

async function mend(tab: LabPage, way: Way, machine: string): Promise<void> {
  await tab.page.evaluate(
    async ([how, name]) => {
      if (how === 'cutting its power') await lab.machines.powerOn(name);
      else if (how === 'freezing it') await lab.machines.thaw(name, 'etcd');
      else if (how === 'isolating its machine') await lab.network.heal();
    },
    [way, machine] as const,
  );
  // A frozen static pod is killed by its liveness probe in the end, so a thaw may find another process in its place.
  await until(`${machine} is back in the quorum`, async () => {
    const { components } = await tab.machine(machine);
    const etcd = components.find(({ name }) => name === 'etcd');
    const leader = await leaderOf(tab);
    return leader && etcd?.state.startsWith('serving') && etcd.raft?.term === leader.term;
  });
  // Asked itself: a machine that was off for a second only is still among the healthy ones of the load balancer, and serves nobody yet.
  const planes = (await tab.page.evaluate(() => lab.machines.list())).filter(({ roles }) => roles.includes('control-plane'));
  for (const { name, address } of planes)
    await until(
      `the API server of ${name} is ready`,
      async () => (await tab.run(`kubectl --server=https://${address}:6443 --request-timeout=1s get --raw /readyz`)).exitCode === 0,
    );
  await until('the load balancer has all of them', async () => {
    const { components } = await tab.machine('load-balancer');
    const facts = (components.find(({ name }) => name === 'load-balancer' || name === 'haproxy')?.facts ?? {}) as {
      healthy?: number;
      total?: number;
    };
    return facts.total !== undefined && facts.healthy === facts.total;
  });
}

/** Breaks the present leader in one way, waits until writes work again, and mends it. */
export async function failOver(tab: LabPage, way: Way): Promise<Failover> {
  const old = await until('a leader', () => leaderOf(tab));
  const survivor = (await tab.page.evaluate(() => lab.machines.list())).find(
    ({ name, roles }) => roles.includes('control-plane') && name !== old.name,
  )!;
  const kubectl = (server: string): string => `kubectl ${server} --request-timeout=1s annotate configmap register-0 --overwrite failover=`;
  const struckMs = await tab.page.evaluate(() => lab.time.now);
  await strike(tab, way, old.name);
  const clients = [`--server=https://${survivor.address}:6443`, ''].map((server, at) =>
    tab.page.evaluate(
      async ([line, session, sinceMs]) => {
        for (let tried = 0; ; tried++) {
          const { exitCode } = await lab.run(`${line}${sinceMs}-${tried}`, { session });
          if (exitCode === 0) return lab.time.now - sinceMs;
          if (lab.time.now - sinceMs > 60_000) return Infinity;
        }
      },
      [kubectl(server), `failover-${at}`, struckMs] as const,
    ),
  );
  const [directMs, throughBalancerMs] = (await Promise.all(clients)) as [number, number];
  // A killed member that its kubelet restarts at once may win again; a later term tells that there was an election.
  const leader = await until('a leader of a later term', async () => {
    const found = await leaderOf(tab, way === 'killing it' ? undefined : old.name);
    return found && found.term > old.term ? found : undefined;
  });
  await mend(tab, way, old.name);
  return { way, oldLeader: old.name, oldTerm: old.term, newLeader: leader.name, newTerm: leader.term, directMs, throughBalancerMs };
}
