/** The established connections of a machine: their ends by number, packets to them, and keep-alives that notice a silent other side. */
import { createConnectionEnd, type ConnectionEnd } from '../connection-end.ts';
import type { Life } from '../life.ts';
import { NetworkError, type Address, type Peer } from '../network.ts';
import type { EndId, Endpoint, Packet } from '../packets.ts';
import type { Random } from '../random.ts';
import type { RunQueue } from '../run-queue.ts';
import type { TimerHeap } from '../timers.ts';

/** A connection that heard nothing for so long is asked whether the other side is still there (as HTTP/2 clients ping). */
export const KEEP_ALIVE_IDLE_MS = 30_000;
/** How long the answer may take before the connection ends with ETIMEDOUT. */
export const KEEP_ALIVE_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_SWEEP_MS = 5_000;
/** The same where a connection has a user timeout, which is shorter. */
const USER_TIMEOUT_SWEEP_MS = 1_000;

/** Sends a packet: to another machine, or (undefined) to this one. */
export type Transmit = (machine: Address | undefined, packet: Packet) => void;

/** What concerns an established connection. */
export type ConnectionPacket = Extract<Packet, { t: 'data' | 'credit' | 'fin' | 'reset' | 'ping' | 'pong' }>;

/** A connection about to be established. */
export interface NewConnection {
  readonly id: EndId;
  readonly remoteId: EndId;
  /** Of the other end; undefined: this machine. */
  readonly machine: Address | undefined;
  readonly life: Life;
  readonly local: Endpoint;
  readonly peer: Peer;
  /** Name of the namespace of this end. */
  readonly namespace: string;
  /** See DialOptions. */
  readonly userTimeoutMs?: number | undefined;
  /** The load balancer that chose the other end, which may end the connection as well; its machine undefined: this one. */
  readonly balancer?: { readonly machine: Address | undefined } | undefined;
}

/** An end of an established connection, as the kernel lists it. */
export interface EstablishedConnection {
  readonly localAddress: Address;
  readonly localPort: number;
  readonly peer: Peer;
}

/** What the connections stand on. */
export interface ConnectionsOptions {
  readonly queue: RunQueue;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly transmit: Transmit;
}

/** The ends of one machine. */
export interface Connections {
  /** A number no end of this machine has had. */
  newId(): EndId;
  establish(connection: NewConnection): ConnectionEnd;
  /** Gives a packet to its end; false when this machine has no such end with that machine. */
  deliver(machine: Address | undefined, packet: ConnectionPacket): boolean;
  /** Resets every connection of a namespace. */
  resetAll(namespace: string): void;
  /** This machine's ends of all connections, in the order they came about. */
  list(): readonly EstablishedConnection[];
  readonly count: number;
}

interface Held {
  readonly end: ConnectionEnd;
  readonly remoteId: EndId;
  readonly machine: Address | undefined;
  readonly namespace: string;
  readonly userTimeoutMs: number;
  readonly balancer: NewConnection['balancer'];
}

function feed(end: ConnectionEnd, packet: ConnectionPacket, answer: (packet: Packet) => void): void {
  switch (packet.t) {
    case 'data':
      return end.onMessage(packet.message);
    case 'credit':
      return end.onCredit(packet.count);
    case 'fin':
      return end.onFin();
    case 'reset':
      return end.fail(new NetworkError('ECONNRESET', 'read: connection reset by peer'));
    case 'ping':
      return answer({ t: 'pong', to: packet.from });
    case 'pong':
  }
}

/** No connection yet. */
export function createConnections({ queue, timers, random, transmit }: ConnectionsOptions): Connections {
  const ends = new Map<EndId, Held>();
  let nextEnd: EndId = 1 + random.below(0x7fff_ffff);
  let remoteEnds = 0;
  let endsWithUserTimeout = 0;
  let sweeping = false;
  const maybeSweep = (): void => {
    if (sweeping || remoteEnds === 0) return;
    sweeping = true;
    timers.set(endsWithUserTimeout > 0 ? USER_TIMEOUT_SWEEP_MS : KEEP_ALIVE_SWEEP_MS, () => queue.enqueue(sweep));
  };
  const sweep = (): void => {
    sweeping = false;
    for (const { end, machine, remoteId, userTimeoutMs } of [...ends.values()]) {
      if (machine === undefined) continue;
      const unheardMs = end.unheardSinceMs === undefined ? 0 : timers.nowMs - end.unheardSinceMs;
      if (unheardMs >= userTimeoutMs) end.fail(new NetworkError('ETIMEDOUT', 'read: connection timed out'));
      // The wire has no acknowledgements; an echo of the other machine says the same.
      else if (unheardMs > 0 && userTimeoutMs !== Infinity) transmit(machine, { t: 'ping', to: remoteId, from: end.id });
      else if (end.pingedMs !== undefined) {
        if (timers.nowMs - end.pingedMs >= KEEP_ALIVE_TIMEOUT_MS) end.fail(new NetworkError('ETIMEDOUT', 'read: connection timed out'));
      } else if (timers.nowMs - end.heardMs >= KEEP_ALIVE_IDLE_MS) {
        end.pingedMs = timers.nowMs;
        transmit(machine, { t: 'ping', to: remoteId, from: end.id });
      }
    }
    maybeSweep();
  };
  /** A load balancer that gives a backend up ends both sides of its sessions. */
  const endedByBalancer = ({ end, machine, remoteId, balancer }: Held, by: Address | undefined, packet: ConnectionPacket): boolean => {
    if (packet.t !== 'reset' || !balancer || balancer.machine !== by) return false;
    transmit(machine, { t: 'reset', to: remoteId });
    end.fail(new NetworkError('ECONNRESET', 'read: connection reset by peer'));
    return true;
  };
  return {
    newId: () => nextEnd++,
    establish({ id, remoteId, machine, life, local, peer, namespace, userTimeoutMs = Infinity, balancer }) {
      const isBounded = machine !== undefined && userTimeoutMs !== Infinity;
      const end = createConnectionEnd({
        id,
        remoteId,
        peer,
        localAddress: local.address,
        localPort: local.port,
        life,
        transmit: (packet) => {
          if (isBounded && packet.t === 'data') end.unheardSinceMs ??= timers.nowMs;
          transmit(machine, packet);
        },
        nowMs: timers.nowMs,
        onGone: () => {
          if (!ends.delete(id) || machine === undefined) return;
          remoteEnds--;
          if (isBounded) endsWithUserTimeout--;
        },
      });
      ends.set(id, { end, remoteId, machine, namespace, userTimeoutMs, balancer });
      if (machine !== undefined) remoteEnds++;
      if (isBounded) endsWithUserTimeout++;
      maybeSweep();
      return end;
    },
    deliver(machine, packet) {
      const held = ends.get(packet.to);
      if (!held) return false;
      if (held.machine !== machine) return endedByBalancer(held, machine, packet);
      held.end.heardMs = timers.nowMs;
      held.end.pingedMs = undefined;
      held.end.unheardSinceMs = undefined;
      feed(held.end, packet, (answer) => transmit(machine, answer));
      return true;
    },
    resetAll(namespace) {
      for (const held of [...ends.values()]) if (held.namespace === namespace) held.end.connection.reset();
    },
    list: () => Array.from(ends.values(), ({ end: { connection } }) => connection),
    get count() {
      return ends.size;
    },
  };
}
