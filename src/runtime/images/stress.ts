/** docker.io/polinux/stress and docker.io/vish/stress: they take memory and processor, here by saying so; limits then end or slow them. */
import type { Program, Process } from '#host';
import { quantityBytes } from '../quantity-bytes.ts';
import { untilTold } from '../http-server.ts';
import type { Image } from '../image.ts';
import { userland } from '../userland.ts';
import { goFlag } from './http-echo.ts';

const MILLIS_PER_CPU = 1000;

const option = (argv: readonly string[], ...names: readonly string[]): string | undefined => {
  const at = argv.findIndex((word) => names.includes(word));
  return at < 0 ? undefined : argv[at + 1];
};

/** stress --cpu N --io N --vm N --vm-bytes B --vm-hang N --timeout T. */
const stress: Program = async (process) => {
  const { argv, clock, stdout } = process;
  const count = (...names: readonly string[]): number => Number(option(argv, ...names) ?? 0);
  const [cpu, io, vm, hdd] = [count('-c', '--cpu'), count('-i', '--io'), count('-m', '--vm'), count('-d', '--hdd')];
  const say = (text: string): Promise<void> => stdout.write(`stress: info: [${process.pid}] ${text}\n`);
  if (cpu + io + vm + hdd === 0) return stdout.write("`stress' imposes certain types of compute stress on your system\n").then(() => 0);
  await say(`dispatching hogs: ${cpu} cpu, ${io} io, ${vm} vm, ${hdd} hdd`);
  const bytes = quantityBytes(option(argv, '--vm-bytes') ?? '256M');
  process.declareUsage({ cpuMillis: (cpu + vm + io) * MILLIS_PER_CPU, memoryBytes: vm * bytes });
  const seconds = Number.parseFloat(option(argv, '-t', '--timeout') ?? 'Infinity');
  const startedMs = clock.monotonicMs();
  const told = untilTold(process);
  await (Number.isFinite(seconds) ? Promise.race([told, clock.sleep(seconds * 1000)]) : told);
  await say(`successful run completed in ${Math.round((clock.monotonicMs() - startedMs) / 1000)}s`);
  return 0;
};

/** klog's head of a line. */
const klogHead = ({ clock, pid }: Process): string => {
  const iso = new Date(clock.wallMs()).toISOString();
  return `I${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000 ${String(pid).padStart(7)}`;
};

/** stress -cpus N -mem-total B -mem-alloc-size B -mem-alloc-sleep T. */
const vishStress: Program = async (process) => {
  const { argv, clock, stderr } = process;
  const cpus = Number(goFlag(argv, 'cpus') ?? 0);
  const total = quantityBytes(goFlag(argv, 'mem-total') ?? '0');
  const step = quantityBytes(goFlag(argv, 'mem-alloc-size') ?? '4Ki');
  const sleepMs = Number.parseFloat(goFlag(argv, 'mem-alloc-sleep') ?? '1') * (goFlag(argv, 'mem-alloc-sleep')?.endsWith('ms') ? 1 : 1000);
  const told = untilTold(process).then(() => true);
  await stderr.write(
    `${klogHead(process)} main.go:26] Allocating "${goFlag(argv, 'mem-total') ?? '0'}" memory, in "${goFlag(argv, 'mem-alloc-size') ?? '4Ki'}" chunks, with a ${goFlag(argv, 'mem-alloc-sleep') ?? '1ms'} sleep between allocations\n`,
  );
  for (let spawned = 0; spawned < cpus; spawned++)
    await stderr.write(`${klogHead(process)} main.go:39] Spawning a thread to consume CPU\n`);
  let taken = 0;
  process.declareUsage({ cpuMillis: cpus * MILLIS_PER_CPU, memoryBytes: taken });
  while (taken < total) {
    taken = Math.min(total, taken + step);
    process.declareUsage({ cpuMillis: cpus * MILLIS_PER_CPU, memoryBytes: taken });
    if (await Promise.race([told, clock.sleep(sleepMs).then(() => false)])) return 0;
  }
  await stderr.write(`${klogHead(process)} main.go:29] Allocated "${goFlag(argv, 'mem-total') ?? '0'}" memory\n`);
  await told;
  return 0;
};

/** docker.io/polinux/stress. */
export const polinuxStress: Image = {
  repository: 'docker.io/polinux/stress',
  releases: [{ version: '1.0.4', tags: ['latest', '1.0.4'] }],
  sizeBytes: 4_041_495,
  cmd: ['/bin/sh'],
  usage: { cpuMillis: 0, memoryBytes: 1_048_576 },
  programs: userland({ directory: '/bin', shells: ['sh', 'ash'], own: { '/usr/local/bin/stress': stress } }),
};

/** docker.io/vish/stress. */
export const vishStressImage: Image = {
  repository: 'docker.io/vish/stress',
  releases: [{ version: '1.0', tags: ['latest'] }],
  sizeBytes: 1_558_791,
  entrypoint: ['/stress', '-logtostderr'],
  usage: { cpuMillis: 0, memoryBytes: 1_048_576 },
  programs: { '/stress': vishStress },
};
