/** A write whose outcome nobody knows is not tried again behind the client's back: it could undo what others wrote since. */
import { expect, it } from 'vitest';
import { startLab, type Lab } from './lab/server.ts';
import { createManualClock, settle } from './lab/manual-clock.ts';
import { createMemoryEtcd } from './lab/memory-etcd.ts';

const path = '/api/v1/namespaces/default/configmaps';
const configMap = (value: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'register' }, data: { value } });

/** An etcd whose next transaction happens, and is then answered with `outcome`. */
async function labWith(): Promise<{ lab: Lab; failNext: (error: Error) => void; txns: () => number }> {
  const clock = createManualClock();
  const etcd = createMemoryEtcd(clock);
  const txn = etcd.txn.bind(etcd);
  let failure: Error | undefined;
  let count = 0;
  etcd.txn = async (request) => {
    count++;
    const error = failure;
    failure = undefined;
    if (error) throw error;
    return txn(request);
  };
  const lab = await startLab({ etcd, clock });
  return { lab, failNext: (error) => (failure = error), txns: () => count };
}

it('an update whose transaction timed out is answered with the timeout, and not tried again', async () => {
  const { lab, failNext, txns } = await labWith();
  expect((await lab.ask({ method: 'POST', path, body: configMap('0') })).status).toBe(201);
  await settle();
  const before = txns();
  failNext(new Error('etcdserver: request timed out'));
  const told = await lab.ask({ method: 'PUT', path: `${path}/register`, body: configMap('1') });
  expect(told.status).toBe(500);
  expect(told.json.message).toContain('etcdserver: request timed out');
  expect(txns()).toBe(before + 1);
  expect((await lab.ask({ path: `${path}/register` })).json.data.value).toBe('0');
});
