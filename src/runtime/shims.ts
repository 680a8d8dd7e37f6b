/** The shims of the sandboxes as containerd reaches them: started, found again after a restart, listened to, ended. */
import { createPipe, createRpcClient, readLines, type Kernel, type Process, type RpcClient } from '#host';
import type { Catalogue } from './catalogue.ts';
import type { SandboxRecord, ShimAddress } from './records.ts';
import { shim } from './shim.ts';
import type { TaskState } from './task.ts';

/** Connections to shims. */
export interface Shims {
  start(sandboxId: string, namespace: string): Promise<ShimAddress>;
  /** The client of a sandbox's shim; undefined when it is gone (killed, or of an earlier boot). */
  client(sandbox: SandboxRecord): RpcClient | undefined;
  /** Follows the tasks of a sandbox; `onLost` is called once when the shim has ended. */
  follow(sandbox: SandboxRecord, onTask: (state: TaskState) => void, onLost: () => void): void;
  end(sandbox: SandboxRecord): Promise<void>;
}

const SHIM_NAME = 'containerd-shim-runc-v2';

/** Shims of one containerd. */
export function createShims(process: Process, kernel: Kernel, catalogue: Catalogue): Shims {
  const clients = new Map<string, RpcClient>();
  const isAlive = ({ shim: address }: SandboxRecord): boolean =>
    address !== undefined && address.bootId === kernel.facts.bootId && kernel.process(address.pid)?.name === SHIM_NAME;
  const client = (sandbox: SandboxRecord): RpcClient | undefined => {
    if (!isAlive(sandbox)) return undefined;
    let known = clients.get(sandbox.id);
    if (!known) {
      known = createRpcClient(process.network, process.clock, '127.0.0.1', sandbox.shim!.port);
      clients.set(sandbox.id, known);
    }
    return known;
  };
  return {
    client,
    async start(sandboxId, namespace) {
      const output = createPipe();
      const child = kernel.spawnDetached(shim(catalogue), {
        name: SHIM_NAME,
        argv: ['-namespace', 'k8s.io', '-id', sandboxId, '-netns', namespace, '-address', '/run/containerd/containerd.sock'],
        privileged: true,
        stdout: output.writer,
      });
      void child.exit.then(() => output.writer.close());
      for await (const line of readLines(output.reader)) return { pid: child.pid, port: Number(line), bootId: kernel.facts.bootId };
      throw new Error(`failed to start shim: ${SHIM_NAME} exited before it listened`);
    },
    follow(sandbox, onTask, onLost) {
      const run = async (): Promise<void> => {
        const reached = client(sandbox);
        if (!reached) return;
        const stream = await reached.stream<never, TaskState>('Task/Events', { timeoutMs: Infinity });
        for (let state = await stream.receive(); state; state = await stream.receive()) onTask(state);
      };
      // A shim that cannot be reached any more has ended; what it ran has ended with it or is killed as nobody's.
      run().then(onLost, onLost);
    },
    async end(sandbox) {
      const reached = client(sandbox);
      clients.delete(sandbox.id);
      if (!reached) return;
      try {
        await reached.call('Task/Shutdown', {});
      } catch {
        // A shim that does not answer is ended by force.
        kernel.signal(sandbox.shim!.pid, 'KILL');
      }
      await kernel.wait(sandbox.shim!.pid);
      reached.close();
    },
  };
}
