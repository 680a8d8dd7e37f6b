/** A machine in memory with a shell session on it, driven by its own virtual clock. */
import { createMachine, createPipe, readAll, type Disk, type Machine, type Process, type Program } from '#host';
import { createShellSession, genericPrograms, shell, type ShellSession } from '#shell';

const emptyDisk = (): Disk => ({
  log: () => ({ append: () => Promise.resolve(), compactTo: () => Promise.resolve(), read: () => Promise.resolve([]) }),
  records: () => ({
    get: () => Promise.resolve(undefined),
    put: () => Promise.resolve(),
    keys: () => Promise.resolve([]),
    entries: () => Promise.resolve(new Map<string, string>()),
  }),
  remove: () => Promise.resolve(),
});

/** One result of a line. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** A machine with one session. */
export interface Workbench {
  readonly machine: Machine;
  readonly session: ShellSession;
  readonly process: Process;
  run(line: string, options?: { stdin?: string; signal?: AbortSignal }): Promise<Ran>;
  /** Starts a line without driving the clock. */
  begin(line: string, options?: { stdin?: string; signal?: AbortSignal }): Promise<Ran>;
  /** Turns the clock until `promise` settles. */
  drive<T>(promise: Promise<T>): Promise<T>;
}

const STEP_MS = 1_000;
const MAX_STEPS = 20_000;

/** Programs every test has; `more` are added. */
export function testPrograms(more: Readonly<Record<string, Program>> = {}): Map<string, Program> {
  const programs = genericPrograms();
  for (const [name, program] of Object.entries(more)) programs.set(name, program);
  for (const name of ['sh', 'bash']) programs.set(name, shell({ programs }));
  return programs;
}

/** Switches the machine on and opens a session in /home/student. */
export async function createWorkbench(
  more: Readonly<Record<string, Program>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Workbench> {
  const machine = createMachine(
    { name: 'workstation', address: '10.0.0.5', zone: 'a', seed: 'test', incarnation: 1, wallMs: Date.UTC(2026, 10, 20, 10, 0, 0) },
    {
      turn: (callback) => void setImmediate(callback),
      disk: emptyDisk(),
      transmit: () => false,
      requestLink: () => undefined,
      asset: (name) => Promise.reject(new Error(`no asset ${name}`)),
      onTimerSet: () => undefined,
    },
  );
  await machine.load();
  machine.files.makeDirectory('/home/student', { recursive: true });
  machine.files.makeDirectory('/tmp', { recursive: true });
  let tellProcess: (process: Process) => void = () => undefined;
  const started = new Promise<Process>((resolve) => (tellProcess = resolve));
  const init: Program = (process) => {
    tellProcess(process);
    return new Promise(() => undefined);
  };
  machine.spawn(init, { name: 'bash', cwd: '/home/student', privileged: true, env: { HOME: '/home/student', USER: 'student', ...env } });
  const drive = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const tell = (): void => void (settled = true);
    promise.then(tell, tell);
    for (let step = 0; !settled; step++) {
      if (step > MAX_STEPS) throw new Error('the line did not end');
      await machine.advanceTo(machine.timers.nowMs);
      await new Promise((resolve) => setImmediate(resolve));
      const next = machine.nextTimerAtMs();
      if (!settled && next !== undefined && machine.isIdle) await machine.advanceTo(Math.min(next, machine.timers.nowMs + STEP_MS));
    }
    return promise;
  };
  const process = await drive(started);
  const session = createShellSession(process, { programs: testPrograms(more) });
  const begin = async (line: string, options: { stdin?: string; signal?: AbortSignal } = {}): Promise<Ran> => {
    const out = createPipe(Infinity);
    const err = createPipe(Infinity);
    const input = createPipe(Infinity);
    if (options.stdin) void input.writer.write(options.stdin);
    input.writer.close();
    const code = await session.run(line, {
      stdin: input.reader,
      stdout: out.writer,
      stderr: err.writer,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    out.writer.close();
    err.writer.close();
    return { stdout: await readAll(out.reader), stderr: await readAll(err.reader), code };
  };
  return { machine, session, process, begin, drive, run: (line, options) => drive(begin(line, options)) };
}
