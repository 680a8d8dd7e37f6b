/** The two shells a scenario is played at over the bridge: this machine's bash with a real kubectl, and the lab's own workstation. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Answer, ScenarioShell } from './play.ts';

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
/** After Ctrl-C a line gets this long to end by itself. */
const MERCY_MS = 2_000;

/** Asks the bridge at `server`. Rejects with what it answered instead. */
export async function askBridge(server: string, path: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(new URL(path, server), init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return text;
}

/** Calls a method of the lab. */
export async function callLab<T>(server: string, method: string, ...args: unknown[]): Promise<T> {
  return JSON.parse(await askBridge(server, `/lab/${method}`, { method: 'POST', body: JSON.stringify(args) })) as T;
}

function runBash(line: string, options: { cwd: string; env: NodeJS.ProcessEnv; stdin: string; timeoutSeconds: number }): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', line], { cwd: options.cwd, env: options.env, detached: true });
    const printed = { stdout: '', stderr: '' };
    let isLate = false;
    child.stdout.on('data', (data: Buffer) => (printed.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (printed.stderr += data.toString()));
    const end = (signal: NodeJS.Signals): void => {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, signal);
    };
    const timer = setTimeout(() => {
      isLate = true;
      end('SIGINT');
      setTimeout(end, MERCY_MS, 'SIGKILL').unref();
    }, options.timeoutSeconds * 1000);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: isLate ? 'timeout' : (code ?? 1), ...printed });
    });
    // A line that does not read its input may be gone before it is written.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(options.stdin);
  });
}

/** bash and a real kubectl, whose kubeconfigs lead to the bridge. `close` removes what it wrote. */
export async function realShell(server: string): Promise<ScenarioShell & { close(): void }> {
  const root = mkdtempSync(join(tmpdir(), 'conformance-'));
  const [directory, home] = [join(root, 'work'), join(root, 'home')];
  mkdirSync(directory);
  mkdirSync(home);
  const admin = await askBridge(server, '/lab/kubeconfig');
  for (const name of ['config', 'admin']) writeFileSync(join(home, name), admin, { mode: 0o600 });
  writeFileSync(join(home, 'student'), await askBridge(server, '/lab/kubeconfig?user=student&groups=students'), { mode: 0o600 });
  const env = {
    HOME: home,
    PATH: process.env['PATH'],
    TERM: 'dumb',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    KUBECONFIG: join(home, 'config'),
    KUBECONFIG_STUDENT: join(home, 'student'),
  };
  const run = (line: string, stdin: string, timeoutSeconds: number, kubeconfig: string): Promise<Answer> =>
    runBash(line, { cwd: directory, env: { ...env, KUBECONFIG: kubeconfig }, stdin, timeoutSeconds });
  return {
    directory,
    home,
    sleep,
    now: () => performance.now(),
    run: (line, { stdin, timeoutSeconds }) => run(line, stdin, timeoutSeconds, env.KUBECONFIG),
    runAsAdmin: (line) => run(line, '', 30, join(home, 'admin')),
    writeFile(name, text) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
      return Promise.resolve();
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Runs a line of the lab's workstation. */
export type LabRun = (line: string, options: { stdin?: string; session: string; timeoutMs: number }) => Promise<Answer>;

/** Shell text that stands for `text` exactly. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The workstation's shell and our kubectl. `pass` lets time go by, `now` tells it, both in the lab's own time. */
export async function workstationShell(
  run: LabRun,
  sleepSeconds: (seconds: number) => Promise<void>,
  now: () => number,
): Promise<ScenarioShell> {
  const [directory, home] = ['/home/student/work', '/home/student'];
  const must = async (line: string, stdin?: string): Promise<string> => {
    const { code, stdout, stderr } = await run(line, { session: 'scenario', timeoutMs: 30_000, ...(stdin === undefined ? {} : { stdin }) });
    if (code !== 0) throw new Error(`${line}: ${code} ${stderr}`);
    return stdout;
  };
  await must(`mkdir -p ${directory} && cd ${directory} && cp ~/.kube/config ~/admin`);
  // The student acts through the administrator's rights to act as somebody else, and has none of his own.
  const admin = await must('cat ~/admin');
  const student = admin.replace(/^( +)user:\n( +)/m, '$1user:\n$2as: student\n$2as-groups: [students]\n$2');
  await must('cat > ~/student', student);
  await must('export KUBECONFIG_STUDENT=$HOME/student');
  return {
    directory,
    home,
    sleep: sleepSeconds,
    now,
    run: (line, { stdin, timeoutSeconds }) => run(line, { session: 'scenario', timeoutMs: timeoutSeconds * 1000, stdin }),
    runAsAdmin: (line) => run(`KUBECONFIG=$HOME/admin ${line}`, { session: 'look', timeoutMs: 30_000 }),
    async writeFile(name, text) {
      const path = `${directory}/${name}`;
      await must(`mkdir -p ${quoted(dirname(path))} && cat > ${quoted(path)}`, text);
    },
  };
}

/** The workstation over the bridge. */
export function bridgedWorkstation(server: string): Promise<ScenarioShell> {
  const run: LabRun = async (line, options) => {
    const { stdout, stderr, exitCode, isLate } = await callLab<{ stdout: string; stderr: string; exitCode: number; isLate?: boolean }>(
      server,
      'run',
      line,
      options,
    );
    return { code: isLate ? 'timeout' : exitCode, stdout, stderr };
  };
  return workstationShell(run, sleep, () => performance.now());
}
