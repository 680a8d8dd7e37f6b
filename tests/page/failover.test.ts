/** Three control planes in a real browser lose their etcd leader in every way there is, while clients write: how long it takes, and that nothing is lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from './chromium.ts';
import { failOver, WAYS, type Failover } from './failover.ts';
import { openLab, type LabPage } from './lab-page.ts';
import { checkLinearizable, register } from '../simulation/linearizability.ts';
import {
  createRegisters,
  keepAcknowledged,
  lostWrites,
  operationsOf,
  readRegisters,
  startLoad,
  stopLoad,
  type Acknowledged,
} from './write-load.ts';

/** etcd's own, of kubeadm. */
const ELECTION_TIMEOUT_MS = 1_000;

describe.skipIf(!browserPath)('three control planes whose etcd leader fails under write load', () => {
  let tab: LabPage;
  let acknowledged: Acknowledged;
  const measured: Failover[] = [];

  beforeAll(async () => {
    tab = await openLab('?controlPlanes=3&workers=3');
    acknowledged = await keepAcknowledged(tab);
    await tab.ready();
    await createRegisters(tab.page);
    await startLoad(tab.page, 0);
  });
  afterAll(() => tab?.close());

  it.each(WAYS)('write again after the leader was lost by %s', async (way) => {
    const failover = await failOver(tab, way);
    measured.push(failover);
    if (way !== 'killing it') expect(failover.newLeader).not.toBe(failover.oldLeader);
    expect(failover.newTerm).toBeGreaterThan(failover.oldTerm);
    // Figures are the benchmark's business; here, that it is an election and not a person that brought the cluster back.
    expect(failover.directMs).toBeLessThan(15 * ELECTION_TIMEOUT_MS);
    expect(failover.throughBalancerMs).toBeLessThan(30 * ELECTION_TIMEOUT_MS);
  });

  it('have lost no acknowledged write, and every history could have happened one operation at a time', async () => {
    const history = await stopLoad(tab.page);
    expect(history.filter(({ op, outcome }) => op === 'put' && outcome === 'ok').length).toBeGreaterThan(WAYS.length);
    expect(lostWrites(acknowledged, await readRegisters(tab.page))).toEqual([]);
    const { verdict, key } = checkLinearizable(operationsOf(history), register);
    expect(verdict, JSON.stringify(history.filter((operation) => operation.register === key))).toBe('legal');
  });
});
