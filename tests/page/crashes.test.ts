/** Three control planes under write load lose their page, their renderer or their browser at any moment: no acknowledged write may be lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './chromium.ts';
import { CRASHES, crashOnce } from './crash-runs.ts';
import { openLab, type LabPage } from './lab-page.ts';
import { createRegisters, keepAcknowledged, type Acknowledged } from './write-load.ts';

/** CRASH_RUNS=50 makes a long session of it. */
const RUNS = Number(process.env['CRASH_RUNS'] ?? CRASHES.length);

describe.skipIf(!browserPath)('three control planes under write load', () => {
  let tab: LabPage;
  let acknowledged: Acknowledged;

  beforeAll(async () => {
    tab = await openLab('?controlPlanes=3&workers=0');
    acknowledged = await keepAcknowledged(tab);
    await tab.ready();
    await createRegisters(tab.page);
  });
  afterAll(() => tab?.close());

  it.each(Array.from({ length: RUNS }, (_, run) => [CRASHES[run % CRASHES.length]!, run] as const))(
    'keep every acknowledged write over %s (run %i)',
    async (crash, run) => {
      const { lost, verdict, acknowledgedWrites } = await crashOnce(tab, crash, acknowledged, run);
      expect(lost).toEqual([]);
      expect(verdict).toBe('legal');
      expect(acknowledgedWrites).toBeGreaterThan(0);
    },
  );
});
