/**
 * The network card of a machine: counts frames, checks lives, and applies what a link does (latency, jitter, loss, cuts) at the
 * receiver, by the receiver's clock. Loss on a stream is delay; only datagrams get lost. A cut link keeps frames in order.
 */
import type { Address } from './network.ts';
import type { LinkFrame, Packet } from './packets.ts';
import type { Random } from './random.ts';
import type { RunQueue } from './run-queue.ts';
import type { TimerHeap } from './timers.ts';

/** A fault of the link from one peer to this machine. */
export interface LinkFaultState {
  readonly down?: boolean;
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** 0…1. */
  readonly loss?: number;
}

/** TCP's minimum retransmission time-out on Linux: what a lost segment costs. */
const RETRANSMIT_MS = 200;
/** Frames kept while a link is down or not there yet; beyond that they are dropped, as full queues drop. */
const HELD_FRAMES = 20_000;

/** What a card needs of its machine. */
export interface CardOptions {
  readonly incarnation: number;
  readonly queue: RunQueue;
  readonly timers: TimerHeap;
  readonly random: Random;
  readonly body: { transmit(address: Address, frame: LinkFrame): boolean; requestLink(address: Address): void };
  receive(from: Address, packet: Packet): void;
}

/** The card. */
export interface NetworkCard {
  transmit(machine: Address, packet: Packet): void;
  /** A frame came in over the link from `machine`. */
  arrive(machine: Address, frame: LinkFrame): void;
  /** The link to `machine`'s life `incarnation` is there: frames kept for it go out. */
  link(machine: Address, incarnation: number): void;
  /** The machine at `machine` is gone: what was under way to it is lost, what follows waits for a new link. */
  unlink(machine: Address): void;
  setFault(from: Address, fault: LinkFaultState): void;
  /** Frames over each link since it was last asked; links without any are left out. */
  takeTraffic(): { readonly address: Address; readonly sent: number; readonly received: number }[];
  /** Frames handed to and taken from the links that are there now; a link that went or was renewed counts from nothing. */
  readonly sent: number;
  readonly received: number;
  /** Frames that a link lost or dropped, or that were for another life of this machine. */
  readonly lost: number;
}

interface LinkState {
  incarnation: number;
  waiting: Packet[];
  requested: boolean;
  fault: LinkFaultState;
  /** Frames held by a cut, in order. */
  held: Packet[];
  sent: number;
  received: number;
  /** Since somebody last took the traffic. */
  traffic: { sent: number; received: number };
  /** The last frame's delivery time, so that jitter never reorders a stream. */
  lastAtMs: number;
  delayed: number;
}

const noTraffic = (): LinkState['traffic'] => ({ sent: 0, received: 0 });

/** A card without links. */
export function createNetworkCard(options: CardOptions): NetworkCard {
  const { queue, timers, random, body } = options;
  const links = new Map<Address, LinkState>();
  let lost = 0;
  const linkOf = (machine: Address): LinkState => {
    let state = links.get(machine);
    if (!state) {
      state = {
        incarnation: 0,
        waiting: [],
        requested: false,
        fault: {},
        held: [],
        sent: 0,
        received: 0,
        traffic: noTraffic(),
        lastAtMs: 0,
        delayed: 0,
      };
      links.set(machine, state);
    }
    return state;
  };
  const sumOf = (count: 'sent' | 'received'): number => {
    let sum = 0;
    for (const state of links.values()) sum += state[count];
    return sum;
  };
  const put = (machine: Address, state: LinkState, packet: Packet): void => {
    if (body.transmit(machine, { fromIncarnation: options.incarnation, toIncarnation: state.incarnation, packet })) {
      state.sent++;
      state.traffic.sent++;
    }
  };
  const deliver = (machine: Address, packet: Packet): void => queue.enqueue(() => options.receive(machine, packet));
  const pass = (machine: Address, state: LinkState, packet: Packet): void => {
    const { latencyMs = 0, jitterMs = 0, loss = 0 } = state.fault;
    const isLost = loss > 0 && random.next() < loss;
    if (isLost) lost++;
    if (isLost && packet.t === 'datagram') return;
    const delayMs = latencyMs + (jitterMs > 0 ? random.next() * jitterMs : 0) + (isLost ? RETRANSMIT_MS : 0);
    if (delayMs === 0 && state.delayed === 0) return deliver(machine, packet);
    state.lastAtMs = Math.max(state.lastAtMs, timers.nowMs + delayMs);
    state.delayed++;
    timers.set(state.lastAtMs - timers.nowMs, () => {
      state.delayed--;
      if (state.fault.down) state.held.push(packet);
      else deliver(machine, packet);
    });
  };
  return {
    transmit(machine, packet) {
      const state = linkOf(machine);
      if (state.incarnation > 0) return put(machine, state, packet);
      if (state.waiting.length < HELD_FRAMES) state.waiting.push(packet);
      if (state.requested) return;
      state.requested = true;
      body.requestLink(machine);
    },
    arrive(machine, frame) {
      const state = linkOf(machine);
      state.received++;
      state.traffic.received++;
      if (frame.toIncarnation !== options.incarnation || (state.incarnation > 0 && frame.fromIncarnation !== state.incarnation)) lost++;
      else if (!state.fault.down) pass(machine, state, frame.packet);
      else if (frame.packet.t !== 'datagram' && state.held.length < HELD_FRAMES) state.held.push(frame.packet);
      else lost++;
    },
    link(machine, incarnation) {
      const state = linkOf(machine);
      if (state.incarnation !== incarnation) {
        state.sent = 0;
        state.received = 0;
      }
      state.incarnation = incarnation;
      state.requested = false;
      for (const packet of state.waiting.splice(0)) put(machine, state, packet);
    },
    unlink(machine) {
      const state = linkOf(machine);
      state.incarnation = 0;
      state.sent = 0;
      state.received = 0;
      state.requested = false;
      state.waiting = [];
      state.held = [];
    },
    setFault(from, fault) {
      const state = linkOf(from);
      state.fault = fault;
      if (!fault.down) for (const packet of state.held.splice(0)) pass(from, state, packet);
    },
    takeTraffic() {
      const taken: { address: Address; sent: number; received: number }[] = [];
      for (const [address, state] of links) {
        const { traffic } = state;
        if (traffic.sent + traffic.received === 0) continue;
        taken.push({ address, ...traffic });
        state.traffic = noTraffic();
      }
      return taken;
    },
    get sent() {
      return sumOf('sent');
    },
    get received() {
      return sumOf('received');
    },
    get lost() {
      return lost;
    },
  };
}
