/** A crash of the page under write load, at a moment that differs from run to run, and what is left after it. */
import { hasProcesses } from './browser-processes.ts';
import { until, type LabPage } from './lab-page.ts';
import { checkLinearizable, register, type Verdict } from '../simulation/linearizability.ts';
import { keepAcknowledged, lostWrites, operationsOf, readRegisters, startLoad, stopLoad, type Acknowledged } from './write-load.ts';

/** How a page can come to its end while its lab writes. */
export const CRASHES = ['a reload', 'a crash of the renderer', ...(hasProcesses ? (['the death of the browser'] as const) : [])] as const;
export type Crash = (typeof CRASHES)[number];

/** What a run ended with. */
export interface CrashRun {
  readonly lost: readonly string[];
  /** Of the history after the crash, beginning with what was acknowledged before it. */
  readonly verdict: Verdict;
  readonly acknowledgedWrites: number;
}

/** Acknowledged writes after which run number `run` strikes: another moment of the work each time, the same in each session. */
const writesUntilCrash = (run: number): number => 5 + ((run * 37) % 41);

/** Starts the load, ends the page in the middle of it, opens the lab again and compares. */
export async function crashOnce(tab: LabPage, crash: Crash, acknowledged: Acknowledged, run: number): Promise<CrashRun> {
  const held = Math.max(0, ...(await readRegisters(tab.page)).values());
  const before = acknowledged.count;
  await startLoad(tab.page, held);
  await until('writes are acknowledged', () => acknowledged.count - before >= writesUntilCrash(run));
  if (crash === 'a reload') await tab.reload();
  else if (crash === 'a crash of the renderer') {
    await tab.crash();
    await tab.open();
  } else {
    await tab.kill();
    await tab.launch();
    await keepAcknowledged(tab, acknowledged);
    await tab.open();
  }
  await tab.ready();
  const acknowledgedWrites = acknowledged.count - before;
  const values = await readRegisters(tab.page);
  const lost = lostWrites(acknowledged, values);
  await startLoad(tab.page, Math.max(...values.values()) + 1_000);
  const after = acknowledged.count;
  await until('writes work again', () => acknowledged.count - after >= 5);
  const history = await stopLoad(tab.page);
  // What is held after the crash is where the history goes on from.
  const { verdict } = checkLinearizable(operationsOf(history, values), register);
  return { lost, verdict, acknowledgedWrites };
}
