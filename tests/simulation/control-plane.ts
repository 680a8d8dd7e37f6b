/** What tests ask of a control plane's machines: processes, leaders, Lease holders, and the answers of one certain API server. */
import type { Machine } from '#host';
import type { Student } from './student.ts';

/** How many processes of a component run on a machine. */
export const processesOf = (machine: Machine | undefined, component: string): number =>
  machine?.kernel.processes().filter((process) => process.component === component).length ?? 0;

/** Process numbers of a component. */
export const pidsOf = (machine: Machine | undefined, component: string): number[] =>
  (machine?.kernel.processes() ?? []).filter((process) => process.component === component).map(({ pid }) => pid);

/** Names of machines of a role, in order. */
export async function machinesOf({ lab }: Student, role: string): Promise<string[]> {
  return (await lab.machines.list()).filter(({ roles }) => roles[0] === role).map(({ name }) => name);
}

/** Address of a machine. */
export async function addressOf({ lab }: Student, machine: string): Promise<string> {
  return (await lab.machines.list()).find(({ name }) => name === machine)!.address;
}

/** Machines whose etcd says that it leads, with its term. */
export async function etcdLeaders({ lab }: Student): Promise<{ machine: string; term: number }[]> {
  const machines = (await lab.machines.list()).filter(({ power }) => power === 'on');
  return machines.flatMap(({ name, components }) =>
    components.flatMap((component) =>
      component.name === 'etcd' && component.raft?.role === 'leader' ? [{ machine: name, term: component.raft.term }] : [],
    ),
  );
}

/** Machine whose process holds a Lease of kube-system. */
export async function holderOf(student: Student, lease: string): Promise<string> {
  const found = await student.read(`/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${lease}`);
  return ((found?.spec?.holderIdentity as string | undefined) ?? '').split('_')[0]!;
}

/** Whether a certain API server says that it is ready, asked past the load balancer. */
export async function isReadyAt(student: Student, machine: string): Promise<boolean> {
  const answer = await student.attempt(`kubectl -s https://${await addressOf(student, machine)}:6443 get --raw /readyz`, 10_000);
  return answer?.exitCode === 0 && answer.stdout === 'ok';
}

/** What the load balancer thinks of its backends, by address. */
export async function backendsOf({ lab }: Student): Promise<Record<string, boolean>> {
  const balancer = (await lab.machines.list()).find(({ name }) => name === 'load-balancer')!;
  return balancer.components.find(({ name }) => name === 'load-balancer')!.facts!['backends'] as Record<string, boolean>;
}

/** Waits until every API server that is on is ready. */
export async function everyApiServerReady(student: Student, limitMs = 180_000): Promise<void> {
  for (const { name, power, roles } of await student.lab.machines.list())
    if (power === 'on' && roles[0] === 'control-plane')
      await student.eventually(`the API server of ${name} is ready`, limitMs, () => isReadyAt(student, name));
}
