/** Plays a scenario at a shell and holds what it printed against the recording. Which shell, and how time passes there, comes from outside. */
import { learn, normalise, plainBlanks } from './normalise.ts';
import type { Scenario, Step } from './scenario-file.ts';

/** What a line gave; `timeout` when it had to be interrupted. */
export interface Answer {
  readonly code: number | 'timeout';
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell in an empty directory of its own, with $KUBECONFIG and $KUBECONFIG_STUDENT set. */
export interface ScenarioShell {
  run(line: string, options: { readonly stdin: string; readonly timeoutSeconds: number }): Promise<Answer>;
  /** Runs a line as the administrator, whatever the scenario did to the kubeconfig. */
  runAsAdmin(line: string): Promise<Answer>;
  writeFile(name: string, text: string): Promise<void>;
  sleep(seconds: number): Promise<void>;
  now(): number;
  /** The directory and the home: shown as `.` and `~`. */
  readonly directory: string;
  readonly home: string;
}

/** A recorded step of a real cluster. */
export interface RecordedStep {
  readonly run: string;
  readonly code: number | 'timeout';
  readonly stdout: string;
  readonly stderr: string;
  readonly norm?: { readonly stdout?: string; readonly stderr?: string };
  /** The real cluster did not answer alike twice: only the exit code counts. */
  readonly unstable?: boolean;
}

/** What became of a step. */
export interface Verdict {
  readonly run: string;
  readonly agrees: boolean;
  /** One line each: `real stdout: …`, `ours stdout: …`. */
  readonly differences: readonly string[];
}

const STEP_SECONDS = 40;
const PATIENCE_SECONDS = 40;
const PAUSE_SECONDS = 0.3;

/** Order in maps of a `describe` and of events of one second is not promised; how often a rollout says that it waits is a matter of moments. */
function loose(run: string, text: string): string {
  if (/rollout status/.test(run)) return text.replace(/^Waiting for .*\n/gm, '');
  const isUnordered = /\b(describe|events)\b/.test(run);
  return isUnordered
    ? text
        .split('\n')
        .map((line) => line.trim())
        .sort()
        .join('\n')
    : text;
}

function judge(real: RecordedStep, code: Answer['code'], ours: { stdout: string; stderr: string }): Verdict {
  const differences = code === real.code ? [] : [`exit code: real ${real.code}, ours ${code}`];
  for (const stream of ['stdout', 'stderr'] as const) {
    const wanted = withoutNodes(plainBlanks(real.norm?.[stream] ?? real[stream]));
    if (real.unstable || loose(real.run, wanted) === loose(real.run, ours[stream])) continue;
    const [left, right] = [wanted.split('\n'), ours[stream].split('\n')];
    const before = differences.length;
    for (const line of left) if (!right.includes(line)) differences.push(`real ${stream}: ${line}`);
    for (const line of right) if (!left.includes(line)) differences.push(`ours ${stream}: ${line}`);
    if (differences.length === before) differences.push(`${stream}: the same lines in another order or number`);
  }
  return { run: real.run, agrees: differences.length === 0, differences };
}

async function waitFor(shell: ScenarioShell, { before, patience = PATIENCE_SECONDS }: Step): Promise<void> {
  if (before === undefined) return;
  const untilMs = shell.now() + patience * 1000;
  for (;;) {
    const { code } = await shell.run(before, { stdin: '', timeoutSeconds: 60 });
    if (code === 0 || shell.now() > untilMs) return;
    await shell.sleep(PAUSE_SECONDS);
  }
}

/** A node of the recorded cluster. */
const RECORDED_NODE = '172.18.0.2';
/** Addresses of nodes are a matter of where the cluster ran. */
const withoutNodes = (text: string): string => text.replace(/\b172\.18\.0\.\d+\b/g, '<nodeIP>');

/** Reads where this cluster's nodes and its API are: recorded ones stand for them, so that the same rules meet the same text. */
async function lookAround(shell: ScenarioShell): Promise<(printed: string) => string> {
  const lines = async (line: string): Promise<string[]> => (await shell.runAsAdmin(line)).stdout.split(/\s+/).filter(Boolean);
  const addresses = await lines('kubectl get nodes -o jsonpath=\'{.items[*].status.addresses[?(@.type=="InternalIP")].address}\'');
  const [server = ''] = await lines("kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'");
  return (printed) => {
    let text = server === '' ? printed : printed.replaceAll(server, '<server>');
    for (const address of addresses) text = text.replaceAll(new RegExp(`\\b${address.replaceAll('.', '\\.')}\\b`, 'g'), RECORDED_NODE);
    return text;
  };
}

async function look(shell: ScenarioShell, known: Map<string, string>): Promise<void> {
  const { stdout } = await shell.runAsAdmin('kubectl get pods,replicasets,jobs,controllerrevisions -A -o json');
  if (stdout.startsWith('{')) learn((JSON.parse(stdout) as { items: Parameters<typeof learn>[0] }).items, known);
}

/** Plays a scenario to its end; one verdict for each recorded step. `text`: the scenario's file. */
export async function play(shell: ScenarioShell, scenario: Scenario, recorded: readonly RecordedStep[], text: string): Promise<Verdict[]> {
  for (const [name, content] of Object.entries(scenario.files)) await shell.writeFile(name, content);
  const known = new Map<string, string>();
  const answers: Answer[] = [];
  const placed = await lookAround(shell);
  for (const step of scenario.steps) {
    if (step.sleep !== undefined) await shell.sleep(step.sleep);
    await waitFor(shell, step);
    if (step.run === undefined) continue;
    answers.push(await shell.run(step.run, { stdin: step.stdin ?? '', timeoutSeconds: step.timeout ?? STEP_SECONDS }));
    if (!step.quick) await look(shell, known);
  }
  await look(shell, known);
  const hidden = (printed: string): string =>
    placed(printed)
      .replaceAll(shell.directory, '.')
      .replaceAll(shell.home, '~')
      .replace(/\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/g, '<jwt>')
      .replace(/(\beyJ[\w+/=-]{200,})/g, '<token>');
  const tidy = (printed: string): string => withoutNodes(normalise(hidden(printed), known, text));
  return recorded.map((real, at) => {
    const answer = answers[at];
    if (!answer) return { run: real.run, agrees: false, differences: ['the step was not reached'] };
    return judge(real, answer.code, { stdout: tidy(answer.stdout), stderr: tidy(answer.stderr) });
  });
}
