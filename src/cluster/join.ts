/** What a machine that was added to a running cluster does by itself at its first boot: `kubeadm join`, or for an etcd host joining the members. */
import { joinEtcd, kubeadmWith } from '#kubeadm';
import type { management } from '#contracts';
import type { Process, Program } from '#host';
import type { ServiceManager } from '#node-tools';
import type { PlannedCluster, Provisioning } from './provisioning.ts';
import type { Unit } from './systemd.ts';

const MARKER = '/var/lib/kubeadm/join-finished';
const RETRY_MS = 5_000;

async function finish({ files }: Process): Promise<number> {
  files.makeDirectory('/var/lib/kubeadm', { recursive: true });
  files.write(MARKER, 'done\n');
  await files.sync();
  return 0;
}

const joinCommand =
  (argv: readonly string[], units: ServiceManager): Program =>
  async (process) => {
    if (process.files.stat(MARKER)) return 0;
    const said = { write: (chunk: Uint8Array | string) => process.stderr.write(chunk), close: () => undefined };
    const child = process.spawn(kubeadmWith(units), { name: 'kubeadm', argv, stdout: said, stderr: said, privileged: true });
    const { code } = await child.exit;
    return code === 0 ? finish(process) : code;
  };

const joinMembers =
  (boot: management.BootMessage, { configuration, etcdHosts }: PlannedCluster): Program =>
  async (process) => {
    if (process.files.stat(MARKER)) return 0;
    await joinEtcd(
      process,
      configuration,
      { name: boot.machine, address: boot.address },
      etcdHosts.map(({ address }) => `https://${address}:2379`),
    );
    return finish(process);
  };

/** The unit; undefined for a machine that was there from the start. It ends with 0 once joined and is not restarted then. */
export function joinUnit(boot: management.BootMessage, cluster: PlannedCluster, systemd: ServiceManager): Unit | undefined {
  const own = (boot.provisioning as unknown as Provisioning).machines.find(({ name }) => name === boot.machine);
  if (!own?.joins) return undefined;
  const shape = {
    name: 'kubeadm-join',
    description: 'Join this machine to its cluster',
    argv: [],
    restartMs: RETRY_MS,
    isOneShot: true,
  } as const;
  if (boot.role === 'etcd') return { ...shape, program: joinMembers(boot, cluster) };
  // A join that a power cut broke off goes on where it was.
  const argv = [
    ...(own.joinCommand ?? '').trim().split(/\s+/).slice(1),
    ...(boot.role === 'control-plane' ? ['--control-plane'] : []),
    '--ignore-preflight-errors=all',
  ];
  return { ...shape, program: joinCommand(argv, systemd) };
}
