/**
 * Clients that write and read registers of the cluster without pause, and keep the history of what they asked and what they were told.
 * They run in the page (so that reads and writes are as fast as the lab); Node takes the history out in time to survive a crash of the page.
 */
import type { Page } from 'playwright';
import type { LabPage } from './lab-page.ts';
import type { Operation, RegisterAction } from '../simulation/linearizability.ts';

/** How many registers; each is a ConfigMap with one writer and one reader. */
export const REGISTERS = 3;
const NAMESPACE = 'default';
/** What registers hold that were just made. */
const FRESH: ReadonlyMap<string, number> = new Map(Array.from({ length: REGISTERS }, (_, at) => [`register-${at}`, 0]));

/** An operation as the page records it: `ret` is there when it was answered, `isKnown` false when nobody knows whether it happened. */
export interface Recorded {
  readonly id: number;
  readonly register: string;
  readonly op: 'put' | 'get';
  readonly value: number;
  readonly call: number;
  readonly ret: number | undefined;
  readonly outcome: 'ok' | 'failed' | 'unknown' | 'open';
}

declare global {
  interface Window {
    /** Takes an acknowledged write at once to a place that outlives the page. */
    acknowledge(register: string, value: number): void;
    load: { history: Recorded[]; isStopped: boolean; finished: Promise<unknown> };
  }
}

/**
 * Starts the load in the page. Each writer puts rising numbers, beginning above `from`, into its own register; each reader reads it
 * with a quorum read. A request without an answer within two seconds has an unknown outcome.
 */
export async function startLoad(page: Page, from: number): Promise<void> {
  await page.evaluate(
    ([registers, namespace, first]) => {
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      const history: Recorded[] = [];
      const load = { history, isStopped: false, finished: Promise.resolve() as Promise<unknown> };
      window.load = load;
      let ids = 0;
      const ask = (to: string, init: RequestInit = {}): Promise<Response> => lab.fetch(to, { ...init, signal: AbortSignal.timeout(2_000) });
      const record = async (
        register: string,
        op: 'put' | 'get',
        value: number,
        act: () => Promise<{ outcome: Recorded['outcome']; value: number }>,
      ): Promise<void> => {
        const at = history.push({ id: ids++, register, op, value, call: performance.now(), ret: undefined, outcome: 'open' }) - 1;
        const ended = await act().catch(() => ({ outcome: 'unknown' as const, value }));
        history[at] = { ...history[at]!, ...ended, ret: performance.now() };
        if (ended.outcome === 'ok' && op === 'put') window.acknowledge(register, value);
        if (ended.outcome !== 'ok') await new Promise((resolve) => setTimeout(resolve, 20));
      };
      /** 2xx is done; a refusal by the client's own fault or by a full queue has not happened; anything else may have. */
      const outcomeOf = (status: number): Recorded['outcome'] =>
        status < 300 ? 'ok' : status >= 400 && status < 500 && status !== 408 ? 'failed' : 'unknown';
      const put = (register: string, value: number): Promise<void> =>
        record(register, 'put', value, async () => {
          const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: register }, data: { value: `${value}` } });
          const response = await ask(`${path}/${register}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
          await response.text();
          return { outcome: outcomeOf(response.status), value };
        });
      const get = (register: string): Promise<void> =>
        record(register, 'get', 0, async () => {
          const response = await ask(`${path}/${register}`);
          const text = await response.text();
          if (response.status !== 200) return { outcome: 'failed', value: 0 };
          return { outcome: 'ok', value: Number((JSON.parse(text) as { data: { value: string } }).data.value) };
        });
      const client = async (act: () => Promise<void>): Promise<void> => {
        while (!load.isStopped) {
          await act();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      load.finished = Promise.all(
        Array.from({ length: registers }, (_, at) => {
          const register = `register-${at}`;
          let value = first;
          return [client(() => put(register, ++value)), client(() => get(register))];
        }).flat(),
      );
    },
    [REGISTERS, NAMESPACE, from] as const,
  );
}

/** Makes the registers, with value 0. */
export async function createRegisters(page: Page): Promise<void> {
  await page.evaluate(
    async ([registers, namespace]) => {
      for (let at = 0; at < registers; at++) {
        const response = await lab.fetch(`/api/v1/namespaces/${namespace}/configmaps`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `register-${at}` }, data: { value: '0' } }),
        });
        if (response.status !== 201) throw new Error(`register-${at}: ${response.status} ${await response.text()}`);
      }
    },
    [REGISTERS, NAMESPACE] as const,
  );
}

/** Acknowledged writes, kept outside the page: the highest of each register. */
export interface Acknowledged {
  readonly values: Map<string, number>;
  count: number;
}

/** From now on every page of this browser reports what was acknowledged, the moment it was. A new browser goes on with `kept`. */
export async function keepAcknowledged(tab: LabPage, kept: Acknowledged = { values: new Map(), count: 0 }): Promise<Acknowledged> {
  await tab.context.exposeFunction('acknowledge', (name: string, value: number) => {
    kept.count++;
    kept.values.set(name, Math.max(value, kept.values.get(name) ?? 0));
  });
  return kept;
}

/** Ends the load and gives its history. */
export async function stopLoad(page: Page): Promise<readonly Recorded[]> {
  return page.evaluate(async () => {
    window.load.isStopped = true;
    await window.load.finished;
    return window.load.history;
  });
}

/** What the registers hold now. */
export async function readRegisters(page: Page): Promise<ReadonlyMap<string, number>> {
  const values = await page.evaluate(
    async ([registers, namespace]) => {
      const found: [string, number][] = [];
      for (let at = 0; at < registers; at++) {
        const response = await lab.fetch(`/api/v1/namespaces/${namespace}/configmaps/register-${at}`);
        found.push([`register-${at}`, Number(((await response.json()) as { data?: { value: string } }).data?.value)]);
      }
      return found;
    },
    [REGISTERS, NAMESPACE] as const,
  );
  return new Map(values);
}

/** Registers that hold less than what was acknowledged: each a lost write. One writer per register puts rising numbers, so less means lost. */
export function lostWrites(acknowledged: Acknowledged, held: ReadonlyMap<string, number>): string[] {
  return [...acknowledged.values]
    .filter(([register, value]) => !((held.get(register) ?? -1) >= value))
    .map(([register, value]) => `${register}: ${value} was acknowledged, ${held.get(register)} is held`);
}

/**
 * The history as the checker of linearizability takes it, from what the registers held when it began (0 for fresh ones). Failed
 * operations did nothing; an unknown read told nothing.
 */
export function operationsOf(history: readonly Recorded[], begun: ReadonlyMap<string, number> = FRESH): Operation<RegisterAction>[] {
  const first = [...begun].map(([key, value]): Operation<RegisterAction> => ({ key, call: -2, ret: -1, action: { op: 'put', value } }));
  const asked = history
    .filter(({ outcome, op }) => outcome === 'ok' || (op === 'put' && outcome !== 'failed'))
    .map(({ register, op, value, call, ret, outcome }): Operation<RegisterAction> => ({
      key: register,
      call,
      ret: outcome === 'ok' ? ret : undefined,
      action: op === 'put' ? { op, value } : { op, out: value },
    }));
  return [...first, ...asked];
}
