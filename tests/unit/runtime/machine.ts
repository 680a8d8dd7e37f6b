/** A simulated machine with containerd on it, for the tests of this folder. */
import { setImmediate } from 'node:timers';
import type { cri } from '../../../src/contracts/index.ts';
import { createRpcClient, type Process, type RpcClient } from '../../../src/host/index.ts';
import type { Machine } from '../../../src/host/machine.ts';
import { createSimulation, type Simulation } from '../../../src/host/simulated/index.ts';
import { bridgeNetwork } from '../../../src/network/cni/bridge.ts';
import { configurationListOf } from '../../../src/network/cni/configuration.ts';
import { containerd, createCatalogue, genericImages, type Image } from '../../../src/runtime/index.ts';

/** A machine whose CRI a test calls from a process of its own. */
export interface Bench {
  readonly simulation: Simulation;
  machine: Machine;
  process: Process;
  cri: RpcClient;
  /** Starts containerd and a process to call it from (again, after a power cut). */
  start(): Promise<void>;
  /** Calls a method and runs the simulation until it has answered. */
  call<T>(method: string, request: unknown, limitMs?: number): Promise<T>;
}

export const address = '10.0.0.20';

export async function createBench(images: readonly Image[] = genericImages, seed = 'runtime'): Promise<Bench> {
  const simulation = createSimulation({ seed, turn: (callback) => void setImmediate(callback) });
  const bench: Bench = {
    simulation,
    machine: undefined as never,
    process: undefined as never,
    cri: undefined as never,
    async start() {
      bench.machine = simulation.machine('worker-1') ?? (await simulation.powerOn({ name: 'worker-1', address, zone: 'a' }));
      bench.machine.files.makeDirectory('/etc/cni/net.d', { recursive: true });
      bench.machine.files.write('/etc/cni/net.d/10-bridge.conflist', configurationListOf('10.244.1.0/24'));
      bench.machine.spawn(containerd(createCatalogue(images), bridgeNetwork), {
        name: 'containerd',
        component: 'containerd',
        privileged: true,
      });
      bench.machine.spawn((process) => ((bench.process = process), new Promise<number>(() => undefined)), {
        name: 'test',
        privileged: true,
      });
      await simulation.run(10);
      bench.cri = createRpcClient(bench.process.network, bench.process.clock, '127.0.0.1', 10010);
    },
    call: (method, request, limitMs = 120_000) =>
      simulation.settle(bench.cri.call(method, request, { timeoutMs: limitMs }), limitMs, method),
  };
  await bench.start();
  return bench;
}

export const sandboxConfig = (name: string, more: Partial<cri.PodSandboxConfig> = {}): cri.PodSandboxConfig => ({
  metadata: { name, uid: `uid-${name}`, namespace: 'default', attempt: 0 },
  hostname: name,
  labels: { app: name },
  annotations: {},
  hostNetwork: false,
  dnsServers: ['10.96.0.10'],
  dnsSearches: ['default.svc.cluster.local'],
  dnsOptions: ['ndots:5'],
  ...more,
});

export const containerConfig = (name: string, image: string, more: Partial<cri.ContainerConfig> = {}): cri.ContainerConfig => ({
  metadata: { name, attempt: 0 },
  image,
  command: [],
  args: [],
  workingDir: '',
  env: [],
  mounts: [],
  labels: {},
  annotations: {},
  logPath: `${name}/0.log`,
  stdin: false,
  tty: false,
  privileged: false,
  cpuRequestMillis: 0,
  cpuLimitMillis: 0,
  memoryLimitBytes: 0,
  ...more,
});
