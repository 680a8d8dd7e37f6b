/** The student's workstation: shell sessions with kubectl, terminals, and HTTP requests for the page; all as processes of that machine. */
import type { workstation } from '#contracts';
import { loadKubeconfig, type RestConfig } from '#client';
import { createPipe, createRpcClient, type ByteWriter, type Process, type Terminal } from '#host';
import { benchmark, etcdctl } from '#etcdctl';
import { kubeadm } from '#kubeadm';
import { kubectl } from '#kubectl';
import { commonTools, ssh } from '#node-tools';
import { createShellSession, genericPrograms, runInteractive, shell, type Programs, type ShellSession } from '#shell';
import { provideSamples } from './samples.ts';
import { awaitClusterReady } from './readiness.ts';
import { createFetches, createRequestClients } from './workstation-requests.ts';

/** What the workstation offers the lab. */
export type Workstation = workstation.WorkstationManagement;

const HOME = '/home/student';
const ENVIRONMENT = {
  HOME,
  USER: 'student',
  LOGNAME: 'student',
  SHELL: '/bin/bash',
  PATH: '/usr/local/bin:/usr/bin:/bin',
  TERM: 'xterm-256color',
  LANG: 'C.UTF-8',
  KUBECONFIG: `${HOME}/.kube/config`,
  EDITOR: 'vi',
};

/** The programs of the workstation's shell: the generic ones and the tools of a Kubernetes administrator. */
function workstationPrograms(): Programs {
  const programs = genericPrograms();
  for (const [name, program] of commonTools()) programs.set(name, program);
  programs.set('kubectl', kubectl);
  programs.set('etcdctl', etcdctl(programs));
  programs.set('benchmark', benchmark);
  programs.set('kubeadm', kubeadm);
  programs.set('ssh', ssh);
  for (const name of ['sh', 'bash']) programs.set(name, shell({ programs }));
  return programs;
}

/** A process that lives until told: the holder of a session or a terminal. */
function startHolder(init: Process, name: string, terminal?: Terminal): Promise<{ process: Process; end: (code: number) => void }> {
  return new Promise((resolve) => {
    init.spawn(
      (process) =>
        new Promise<number>((end) => {
          resolve({ process, end });
        }),
      { name, argv: [name], env: ENVIRONMENT, cwd: HOME, ...(terminal ? { terminal } : {}) },
    );
  });
}

function writerTo(fd: 1 | 2, onOutput: (fd: 1 | 2, text: string) => Promise<void>): ByteWriter {
  const decoder = new TextDecoder();
  return {
    write: (chunk) => onOutput(fd, typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })),
    close: () => undefined,
  };
}

function createRuns(init: Process): Pick<Workstation, 'run' | 'interrupt'> {
  const sessions = new Map<string, Promise<ShellSession>>();
  const runs = new Map<string, AbortController>();
  const sessionOf = (name: string): Promise<ShellSession> => {
    const known =
      sessions.get(name) ??
      startHolder(init, 'bash').then(({ process }) => createShellSession(process, { programs: workstationPrograms() }));
    sessions.set(name, known);
    return known;
  };
  return {
    async run(id, line, { stdin, session = 'default' }, onOutput) {
      const shell = await sessionOf(session);
      const aborter = new AbortController();
      runs.set(id, aborter);
      const input = createPipe();
      try {
        const given = stdin === undefined ? undefined : input.reader;
        if (stdin !== undefined) {
          // The line may end without reading all of it.
          input.writer.write(stdin).catch(() => undefined);
          input.writer.close();
        }
        const exitCode = await shell.run(line, {
          ...(given ? { stdin: given } : {}),
          stdout: writerTo(1, onOutput),
          stderr: writerTo(2, onOutput),
          signal: aborter.signal,
        });
        if (shell.hasExited) sessions.delete(session);
        return { exitCode };
      } finally {
        runs.delete(id);
      }
    },
    interrupt(id) {
      runs.get(id)?.abort();
      return Promise.resolve();
    },
  };
}

interface OpenTerminal {
  readonly input: ByteWriter;
  resize(columns: number, rows: number): void;
  close(): void;
}

function createTerminals(init: Process): Pick<Workstation, 'openTerminal' | 'terminalInput' | 'terminalResize' | 'closeTerminal'> {
  const open = new Map<string, OpenTerminal>();
  return {
    async openTerminal(id, size, onOutput, onExit) {
      const keyboard = createPipe();
      const listeners: (() => void)[] = [];
      const current = { ...size };
      const terminal: Terminal = {
        get columns() {
          return current.columns;
        },
        get rows() {
          return current.rows;
        },
        onResize: (listener) => void listeners.push(listener),
      };
      const { process, end } = await startHolder(init, 'bash', terminal);
      const session = createShellSession(process, { programs: workstationPrograms() });
      const output = writerTo(1, (_, text) => onOutput(text));
      open.set(id, {
        input: keyboard.writer,
        resize(columns, rows) {
          current.columns = columns;
          current.rows = rows;
          for (const listener of listeners) listener();
        },
        close: () => keyboard.writer.close(),
      });
      void runInteractive(session, { input: keyboard.reader, output, terminal }).then((code) => {
        open.delete(id);
        end(code);
        onExit(code);
      });
    },
    async terminalInput(id, data) {
      await open.get(id)?.input.write(data);
    },
    terminalResize(id, { columns, rows }) {
      open.get(id)?.resize(columns, rows);
      return Promise.resolve();
    },
    closeTerminal(id) {
      open.get(id)?.close();
      return Promise.resolve();
    },
  };
}

/** How soon what a student saves is durable; a burst of writes is one. */
const SAVE_MS = 20;

/** Writes the home directory through to the disk: a student's file outlives a crash of the tab, whatever the page cache would do. */
function keepHome({ files, clock, telemetry }: Process): void {
  let isScheduled = false;
  files.watch('/home', () => {
    if (isScheduled) return;
    isScheduled = true;
    clock.after(SAVE_MS, () => {
      isScheduled = false;
      files
        .sync()
        .catch((error: unknown) =>
          telemetry.log('error', `the home directory could not be saved: ${error instanceof Error ? error.message : String(error)}`),
        );
    });
  });
}

/** Makes the workstation over its init process. */
export async function createWorkstation(init: Process): Promise<Workstation> {
  const { files, network, clock, crypto } = init;
  if (!files.stat(HOME)) files.makeDirectory(HOME, { recursive: true });
  keepHome(init);
  provideSamples(files, HOME);
  const loaded: { config?: RestConfig } = {};
  const config = (): RestConfig => (loaded.config ??= loadKubeconfig(files, `${HOME}/.kube/config`, crypto));
  const clients = createRequestClients(init, config);
  return {
    ...createRuns(init),
    ...createTerminals(init),
    ...createFetches(clients),
    awaitReady: (expected) => awaitClusterReady(init, clients.kept, expected),
    async dialCall(address, port, method, request) {
      const rpc = createRpcClient(network, clock, address, port);
      try {
        return await rpc.call(method, request);
      } finally {
        rpc.close();
      }
    },
  };
}
