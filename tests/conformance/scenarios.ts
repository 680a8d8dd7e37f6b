/** The scenarios of this folder with their recordings, and what became of them as a table. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedStep, Verdict } from './play.ts';
import { parseScenario, type Scenario } from './scenario-file.ts';

/** A scenario and what a real cluster answered. */
export interface Recorded {
  /** `07-deployments`. */
  readonly name: string;
  readonly text: string;
  readonly scenario: Scenario;
  readonly steps: readonly RecordedStep[];
}

const folder = join(process.cwd(), 'tests/conformance');

/** The scenarios whose name begins with one of `only`; all when it is empty. */
export function loadScenarios(only: readonly string[] = []): Recorded[] {
  return readdirSync(join(folder, 'scenarios'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .filter((name) => only.length === 0 || only.some((start) => name.startsWith(start)))
    .sort()
    .map((name) => {
      const text = readFileSync(join(folder, 'scenarios', `${name}.yaml`), 'utf8');
      const { steps } = JSON.parse(readFileSync(join(folder, 'recordings', `${name}.json`), 'utf8')) as { steps: RecordedStep[] };
      return { name, text, scenario: parseScenario(text), steps };
    });
}

/** How many verdicts agree. */
export const agreeing = (verdicts: readonly Verdict[]): number => verdicts.filter(({ agrees }) => agrees).length;

/** The differences of a scenario for people, at most `lines` of each step. */
export function differencesOf(name: string, verdicts: readonly Verdict[], lines = 12): string {
  return verdicts
    .flatMap(({ agrees, run, differences }, at) =>
      agrees ? [] : [`--- ${name} step ${at + 1}: ${run.trim()}`, ...differences.slice(0, lines).map((line) => `  ${line}`)],
    )
    .join('\n');
}
