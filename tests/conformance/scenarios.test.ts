/**
 * The recorded sessions, played by our kubectl at the workstation of a simulated cluster. The floors are what agreed last: raise them when
 * more does. docs/CONFORMANCE.md has the figures of a real kubectl as well.
 */
import { describe, expect, it } from 'vitest';
import { simulatedLab } from '../simulation/data-centre.ts';
import { play } from './play.ts';
import { agreeing, differencesOf, loadScenarios } from './scenarios.ts';
import { workstationShell, type LabRun } from './shells.ts';
import floors from './floors.json' with { type: 'json' };

const BOOT_LIMIT_MS = 180_000;

describe.each(loadScenarios((process.env['SCENARIOS'] ?? '').split(',').filter(Boolean)))('$name', ({ name, scenario, steps, text }) => {
  it('agrees with a real cluster in at least as many steps as before', { timeout: 600_000 }, async () => {
    const { lab, simulation, settle } = await simulatedLab(`conformance ${name}`, { topology: 'stacked', controlPlanes: 1, workers: 2 });
    await settle(lab.ready, BOOT_LIMIT_MS, 'the cluster is ready');
    const run: LabRun = async (line, { stdin, session, timeoutMs }) => {
      const aborter = new AbortController();
      const running = lab.run(line, { session, signal: aborter.signal, ...(stdin === undefined ? {} : { stdin }) });
      try {
        const { exitCode, stdout, stderr } = await settle(running, timeoutMs, line);
        return { code: exitCode, stdout, stderr };
      } catch (error) {
        if (!String(error).includes('not within')) throw error;
        aborter.abort();
        const { stdout, stderr } = await settle(running, 10_000, `${line} ends after Ctrl-C`);
        return { code: 'timeout', stdout, stderr };
      }
    };
    const shell = await workstationShell(
      run,
      (seconds) => simulation.run(seconds * 1000),
      () => simulation.nowMs,
    );
    const verdicts = await play(shell, scenario, steps, text);
    lab.close();
    const floor = (floors as Readonly<Record<string, number>>)[name] ?? 0;
    if (process.env['SHOW']) console.log(`${name}: ${agreeing(verdicts)} of ${verdicts.length}\n${differencesOf(name, verdicts)}`);
    expect(agreeing(verdicts), differencesOf(name, verdicts)).toBeGreaterThanOrEqual(floor);
  });
});
