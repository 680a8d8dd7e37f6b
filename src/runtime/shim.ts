/**
 * containerd-shim-runc-v2: one process per sandbox that is the parent of its containers, so that they outlive containerd,
 * as systemd's child. It serves its task service on a loopback port of its own and tells that port on its standard output.
 */
import { RpcError, serveRpc, type Connection, type Kernel, type Process, type Program, type RpcService, type RpcStream } from '#host';
import type { Catalogue } from './catalogue.ts';
import type { ExecMessage, ExecRequest } from './cri-types.ts';
import { createTask, type ShimTask } from './shim-task.ts';
import type { CreateTaskRequest, KillTaskRequest, StartTaskResponse, TaskPortForward, TaskReference, TaskState } from './task.ts';

/** Carries one connection into the sandbox's network namespace; it runs there as a process of its own, as socat would. */
function forwarder(port: number, stream: RpcStream<{ data: unknown }, { data: unknown }>): Program {
  return async (process) => {
    const connection: Connection = await process.network.dial('127.0.0.1', port, { timeoutMs: 5_000 });
    const out = (async () => {
      for (let message = await connection.receive(); message !== undefined; message = await connection.receive())
        await stream.send({ data: message });
      stream.end();
    })();
    const into = (async () => {
      for (let message = await stream.receive(); message !== undefined; message = await stream.receive())
        await connection.send(message.data as string);
      connection.close();
    })();
    await Promise.all([out, into]);
    return 0;
  };
}

/** What the service of a shim stands on. */
interface ShimParts {
  readonly process: Process;
  readonly kernel: Kernel;
  readonly catalogue: Catalogue;
  readonly namespace: string;
  readonly shutDown: () => void;
}

function shimService({ process, kernel, catalogue, namespace, shutDown }: ShimParts): RpcService {
  const tasks = new Map<string, ShimTask>();
  const watchers = new Set<(state: TaskState) => void>();
  const taskOf = (containerId: string): ShimTask => {
    const task = tasks.get(containerId);
    if (!task) throw new RpcError('NotFound', `task ${containerId}: not found`);
    return task;
  };
  const surroundings = {
    process,
    kernel,
    catalogue,
    namespace,
    onChange(state: TaskState) {
      for (const tell of watchers) tell(state);
    },
  };
  return {
    unary: {
      'Task/Create': async (request: CreateTaskRequest) => {
        tasks.set(request.containerId, createTask(surroundings, request));
        return {};
      },
      'Task/Start': async ({ containerId }: TaskReference): Promise<StartTaskResponse> => ({ pid: taskOf(containerId).start() }),
      'Task/Kill': async ({ containerId, signal }: KillTaskRequest) => {
        taskOf(containerId).kill(signal);
        return {};
      },
      'Task/Delete': async ({ containerId }: TaskReference) => {
        tasks.delete(containerId);
        return {};
      },
      'Task/State': async () => ({ tasks: [...tasks.values()].map((task) => task.state()) }),
      'Task/Shutdown': async () => {
        for (const task of tasks.values()) task.kill('KILL');
        process.clock.after(0, shutDown);
        return {};
      },
    },
    streaming: {
      'Task/Events': async (stream: RpcStream<never, TaskState>) => {
        const tell = (state: TaskState): void => {
          stream.send(state).catch(() => watchers.delete(tell));
        };
        watchers.add(tell);
        for (const task of tasks.values()) tell(task.state());
        try {
          while ((await stream.receive()) !== undefined);
        } finally {
          watchers.delete(tell);
        }
      },
      'Task/Exec': async (stream: RpcStream<ExecRequest & ExecMessage, ExecMessage>) => {
        const request = await stream.receive();
        if (!request) throw new RpcError('InvalidArgument', 'the first message says what to execute');
        const task = taskOf(request.containerId);
        await (request.attach ? task.attach(request, stream as never) : task.exec(request, stream as never));
      },
      'Task/PortForward': async (stream: RpcStream<TaskPortForward & { data: unknown }, { data: unknown }>) => {
        const request = await stream.receive();
        if (!request) throw new RpcError('InvalidArgument', 'the first message names the port');
        const child = process.spawn(forwarder(request.port, stream as never), { name: 'socat', namespace });
        const status = await child.exit;
        if (status.code !== 0)
          throw new RpcError(
            'Unavailable',
            `failed to connect to localhost:${request.port} inside namespace "${namespace}", IPv4: dial tcp4 127.0.0.1:${request.port}: connect: connection refused`,
          );
      },
    },
  };
}

/** The shim's program; argv: `-namespace k8s.io -id <sandbox> -netns <network namespace>`. */
export function shim(catalogue: Catalogue): Program {
  return async (process) => {
    const { kernel } = process;
    if (!kernel) throw new Error('containerd-shim-runc-v2 needs a privileged process');
    const namespace = process.argv[process.argv.indexOf('-netns') + 1]!;
    let shutDown: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (shutDown = resolve));
    const service = shimService({ process, kernel, catalogue, namespace, shutDown: () => shutDown() });
    // A closed terminal or an orderly machine shutdown must not take the containers before their runtime does.
    process.onSignal('TERM', () => undefined);
    process.onSignal('HUP', () => undefined);
    const listener = await process.network.listen(0, { address: '127.0.0.1' }, (connection) => serveRpc(connection, service));
    await process.stdout.write(`${listener.port}\n`);
    process.stdout.close();
    await done;
    return 0;
  };
}
