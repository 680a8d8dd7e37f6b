// Clients of a simulated etcd cluster: they read, write, compare, delete, lease, watch and compact, each at its own pace, and note
// what they were told. How much of each a seed's clients do is drawn from the seed.

import type { etcd } from '#contracts';
import type { Random } from '#host';
import type { Cluster } from './cluster.ts';
import type { Mark } from './marks.ts';
import { callMember, wasRefused } from './rpc.ts';

/** A call of a client: when it was made, when and how it was answered. Stamps order calls and returns of all clients. */
export interface ClientCall {
  readonly method: string;
  readonly request: unknown;
  readonly call: number;
  /** Undefined: the outcome is not known. */
  readonly ret: number | undefined;
  readonly response: unknown;
  /** Whether the answer had to be linearizable. */
  readonly isLinearizable: boolean;
}

/** A renewal of a lease that was confirmed: when it was asked for, and the time it was given. */
export interface Renewal {
  readonly id: string;
  readonly askedMs: number;
  readonly ttlSeconds: number;
}

export interface Told {
  readonly calls: ClientCall[];
  readonly renewals: Renewal[];
  /** Leases that a client asked to be revoked, whatever came of it. */
  readonly revoked: Set<string>;
}

const TIMEOUT_MS = 900;
/** Longer than a member itself waits for an outcome. */
const PATIENT_MS = 9_000;
const REGISTERS = ['r/a', 'r/b', 'r/c'];
const PAIR = ['m/a', 'm/b'] as const;
const LEASE_TTL_SECONDS = 2;

type Kind = 'put' | 'get' | 'compareAndPut' | 'delete' | 'pair' | 'stale' | 'past' | 'range' | 'lease';
const KINDS: readonly Kind[] = ['put', 'get', 'compareAndPut', 'delete', 'pair', 'stale', 'past', 'range', 'lease'];

const ERROR_MARKS: readonly (readonly [text: string, mark: Mark])[] = [
  ['etcdserver: request timed out', 'request timed out at the server'],
  ['etcdserver: leader changed', 'read refused: leader changed'],
  ['etcdserver: mvcc: required revision has been compacted', 'read refused: revision compacted'],
  ['etcdserver: mvcc: database space exceeded', 'write refused: NOSPACE'],
  ['etcdserver: requested lease not found', 'lease unknown'],
];

/** Errors after which the request certainly did nothing. */
const isCertain = (error: unknown): boolean =>
  wasRefused(error) || (error instanceof Error && /compacted|future revision|space exceeded|lease not found|learner/.test(error.message));

export class Clients {
  readonly told: Told = { calls: [], renewals: [], revoked: new Set() };
  readonly #cluster: Cluster;
  readonly #kinds: readonly Kind[];
  readonly #pauseMs: number;
  readonly #padding: string;
  readonly #timeoutMs: number;
  #stamp = 0;
  #isOn = true;
  #value = 0;
  #newestRevision = 1;
  readonly #leases: { id: string; grantedBy: string | undefined }[] = [];

  /** `padding`: characters that every value has in front. */
  constructor(cluster: Cluster, random: Random, padding: number) {
    this.#padding = '.'.repeat(padding);
    this.#cluster = cluster;
    const chosen = KINDS.filter((kind) => kind === 'put' || random.next() < 0.65);
    this.#kinds = [...chosen, 'put', 'get'];
    this.#pauseMs = [15, 80, 500][random.below(3)]!;
    this.#timeoutMs = random.next() < 0.3 ? PATIENT_MS : TIMEOUT_MS;
  }

  /** Starts so many clients; resolves when all have stopped. */
  async run(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, number) => this.#live(number)));
  }

  stop(): void {
    this.#isOn = false;
  }

  async #live(number: number): Promise<void> {
    const random = this.#cluster.world.random.fork(`client/${number}`);
    while (this.#isOn) {
      await this.#operate(`client-${number}`, random).catch((error: unknown) => {
        if (!(error instanceof Error)) throw error;
        const mark = ERROR_MARKS.find(([text]) => error.message.startsWith(text))?.[1];
        if (mark) this.#cluster.world.marks[mark]++;
      });
      await this.#pause(random);
    }
  }

  #pause(random: Random): Promise<void> {
    return new Promise((resolve) => this.#cluster.world.after(1 + random.next() * this.#pauseMs, resolve));
  }

  /** Calls some member, most often the client's own, and notes what it was told. */
  async ask<Response>(client: string, random: Random, method: string, request: unknown, isLinearizable = true): Promise<Response> {
    const { sites, world } = this.#cluster;
    const own = Number(client.slice(client.indexOf('-') + 1)) % sites.length;
    const site = sites[random.next() < 0.7 ? own : random.below(sites.length)]!;
    const call = ++this.#stamp;
    const noted = { method, request, call, isLinearizable };
    try {
      const response = await callMember<Response & { header: etcd.ResponseHeader }>(
        this.#cluster,
        client,
        site.name,
        'client',
        method,
        request,
        this.#timeoutMs,
      );
      this.told.calls.push({ ...noted, ret: ++this.#stamp, response });
      this.#newestRevision = Math.max(this.#newestRevision, response.header.revision);
      return response;
    } catch (error) {
      if (!isCertain(error)) {
        world.marks['outcome unknown to the client']++;
        this.told.calls.push({ ...noted, ret: undefined, response: undefined });
      }
      throw error;
    }
  }

  async #operate(client: string, random: Random): Promise<void> {
    const { marks } = this.#cluster.world;
    const key = REGISTERS[random.below(REGISTERS.length)]!;
    const value = `${this.#padding}${++this.#value}`;
    const ask = <Response>(method: string, request: unknown, isLinearizable = true): Promise<Response> =>
      this.ask<Response>(client, random, method, request, isLinearizable);
    switch (this.#kinds[random.below(this.#kinds.length)]!) {
      case 'put':
        await ask('KV/Put', { key, value, prevKv: random.next() < 0.3 });
        return void marks.put++;
      case 'get':
        await ask('KV/Range', { key });
        return void marks['linearizable read']++;
      case 'delete':
        await ask('KV/DeleteRange', { key, prevKv: true });
        return void marks.delete++;
      case 'compareAndPut': {
        const expected = `${this.#padding}${this.#value - random.below(4)}`;
        const { succeeded } = await ask<etcd.TxnResponse>('KV/Txn', {
          compare: [{ key, target: 'VALUE', result: 'EQUAL', value: expected }],
          success: [{ put: { key, value } }],
          failure: [{ range: { key } }],
        } satisfies etcd.TxnRequest);
        return void marks[succeeded ? 'transaction: success branch' : 'transaction: failure branch']++;
      }
      case 'pair':
        await ask('KV/Txn', pairOf(random, value));
        return void marks['transaction over several keys']++;
      case 'stale':
        await ask('KV/Range', { key: 'm/', rangeEnd: 'm0', serializable: true }, false);
        return void marks['serializable read']++;
      case 'past':
        await ask('KV/Range', { key: 'r/', rangeEnd: 'r0', revision: Math.max(1, this.#newestRevision - random.below(30)) }, false);
        return void marks['read at a past revision']++;
      case 'range':
        await ask('KV/Range', { key: '\0', rangeEnd: '\0', sortTarget: 'MOD', sortOrder: 'DESCEND', limit: 3 });
        return void marks['linearizable read']++;
      case 'lease':
        return this.#lease(client, random, value);
    }
  }

  async #lease(client: string, random: Random, value: string): Promise<void> {
    const { marks } = this.#cluster.world;
    const lease = this.#leases[random.below(this.#leases.length + 1)];
    if (!lease) {
      const askedMs = this.#cluster.world.nowMs;
      const { id, ttl } = await this.ask<etcd.LeaseGrantResponse>(client, random, 'Lease/LeaseGrant', { ttl: LEASE_TTL_SECONDS });
      marks['lease granted']++;
      this.told.renewals.push({ id, askedMs, ttlSeconds: ttl });
      this.#leases.push({ id, grantedBy: this.#cluster.leader()?.siteName });
      if (this.#leases.length > 4) this.#leases.shift();
      return;
    }
    const what = random.next();
    if (what < 0.1) {
      this.told.revoked.add(lease.id);
      await this.ask(client, random, 'Lease/LeaseRevoke', { id: lease.id });
      marks['lease revoked by a client']++;
    } else if (what < 0.45) {
      // A key may also lose its lease, or go before it, and come again without one.
      const key = `l/${random.below(3)}`;
      if (what < 0.15) await this.ask(client, random, 'KV/DeleteRange', { key, prevKv: true });
      else await this.ask(client, random, 'KV/Put', what < 0.2 ? { key, value } : { key, value, lease: lease.id });
    } else {
      await this.#keepAlive(client, random, lease);
    }
  }

  async #keepAlive(client: string, random: Random, lease: { readonly id: string; readonly grantedBy: string | undefined }): Promise<void> {
    const askedMs = this.#cluster.world.nowMs;
    const { marks } = this.#cluster.world;
    const sites = this.#cluster.sites.filter(({ life }) => life?.client);
    const site = sites[random.below(sites.length)];
    if (!site) return;
    const answer = await callMember<etcd.LeaseKeepAliveResponse>(
      this.#cluster,
      client,
      site.name,
      'client',
      'Lease/LeaseKeepAlive',
      lease,
      TIMEOUT_MS,
    );
    if (answer.ttl <= 0) return void marks['lease unknown']++;
    marks['lease kept alive']++;
    if (lease.grantedBy !== undefined && this.#cluster.leader()?.siteName !== lease.grantedBy) marks['lease kept alive by a new leader']++;
    this.told.renewals.push({ id: lease.id, askedMs, ttlSeconds: answer.ttl });
  }
}

/** A transaction over two keys, which must never be seen half done: both get the same value, or one is read and one deleted. */
function pairOf(random: Random, value: string): etcd.TxnRequest {
  const [one, other] = PAIR;
  const both = [{ put: { key: one, value } }, { put: { key: other, value } }];
  const what = random.below(4);
  if (what === 0) return { compare: [], success: [{ range: { key: 'm/', rangeEnd: 'm0' } }], failure: [] };
  if (what === 1) return { compare: [], success: [{ deleteRange: { key: 'm/', rangeEnd: 'm0', prevKv: true } }], failure: [] };
  const compare = [{ key: one, target: 'VERSION', result: random.next() < 0.5 ? 'GREATER' : 'EQUAL', version: random.below(3) }] as const;
  return { compare, success: [...both, { range: { key: one } }], failure: [{ txn: { compare: [], success: both, failure: [] } }] };
}
